"""The flows of earlier versions, where an app's releases lie: what is published carries them (`earlier.py`).

flows/<version>.zip    the modules of a version's flows, and of the run-time that they were generated for
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from skyloom.deployers.azure.earlier import declared, flows_in, with_earlier
from skyloom.deployers.packaging import zipped
from skyloom.deployers.releases import Objects

FOLDER = "flows/"
KEPT = 50
"""How many versions are kept, the newest. A version is new where flows or Skyloom's run-time modules have changed."""


def code_with_earlier(objects: Objects, code: bytes) -> bytes:
    """The code of a main app as it is published: with the flows of all other versions that are kept. Its own are kept
    from now on.

    Args:
        code: the app's folder as a zip.
    """
    files = unzipped(code)
    version = declared(files)
    if version is None:
        return code
    written = {key: when for key, when in objects.listed(FOLDER) if key.endswith(".zip")}
    own = f"{FOLDER}{version}.zip"
    # Written anew each time: what was gone back to is as young as the runs that begin with it now.
    objects.put(own, zipped(flows_in(files)))
    others = sorted(written.keys() - {own}, key=lambda key: (-written[key], key))
    for key in others[KEPT - 1 :]:
        objects.delete(key)
    return zipped(with_earlier(files, [unzipped(objects.get(key)) for key in others[: KEPT - 1]]))


def unzipped(data: bytes) -> Mapping[str, bytes]:
    """The files in a zip, by path."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}
