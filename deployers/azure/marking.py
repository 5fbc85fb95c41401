"""Marks the code of the main app as it is published, so that its host can tell which code it runs."""

from __future__ import annotations

import hashlib

from skyloom.deployers.azure.kept_flows import unzipped
from skyloom.deployers.packaging import zipped

_TELLS = "skyloom/deployers/azure/services/code.py"
MARK = "skyloom/deployers/azure/services/code.txt"


def marked(code: bytes) -> tuple[bytes, str]:
    """The code with its digest in it, and the digest; empty where the code cannot tell it: an app with no services, or
    one that was compiled before they told it.

    Args:
        code: the app's folder as a zip.
    """
    files = {path: data for path, data in unzipped(code).items() if path != MARK}
    if _TELLS not in files:
        return code, ""
    lines = (f"{hashlib.sha256(data).hexdigest()} {path}\n" for path, data in sorted(files.items()))
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    return zipped({**files, MARK: digest.encode()}), digest
