"""The golden bundles of Azure: what the examples compile to, as text to be reviewed.

`python tests/golden/azure_bundles.py` writes them anew. Of each function app stand here the files that are made for it,
the names of what it carries and the names of what it requires: versions are those of the machine that compiles.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from golden.bundles import NAMES, app_of

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.earlier import version_of
from skyloom.deployers.azure.functions import REQUIREMENTS, FunctionSettings
from skyloom.deployers.bundle import Bundle

GOLDEN = Path(__file__).parent / "azure"
_MADE = re.compile(r"function_app\.py|host\.json|prompts\.py|flows/\w+\.py|skyloom/deployers/.*\.json")
"""Files that the compiler writes."""


def compiled(name: str) -> Bundle:
    """The example's bundle, for a Python that does not depend on the one that compiles."""
    settings = FunctionSettings(python="3.13", pinned=False, bytecode=False)
    return compile_app(app_of(name), "dev", settings).bundle


def golden(bundle: Bundle) -> dict[str, bytes]:
    """The files that are kept of a bundle, by path."""
    found = {"template.json": bundle.files["template.json"], **_app("app", bundle.below("app"))}
    for key in bundle.folders("apps"):
        found |= _app(f"apps/{key}", bundle.below(f"apps/{key}"))
    return found


def _app(folder: str, tree: Mapping[str, bytes]) -> dict[str, bytes]:
    # The version of the flows changes with every version of the run-time that they are written with.
    version = version_of(tree).encode()
    made = {path: data.replace(version, b"<version>") for path, data in tree.items() if _MADE.fullmatch(path)}
    carried = sorted({path.partition("/")[0] for path in tree} - set(made) - {REQUIREMENTS})
    required = [re.split(r"[=<>!~\[; ]", line)[0] for line in tree[REQUIREMENTS].decode().splitlines()]
    listing = "".join([*(f"{top}\n" for top in carried), *(f"requires {one}\n" for one in sorted(required))])
    return {
        f"{folder}/contents.txt": listing.encode(),
        **{f"{folder}/{path}": data for path, data in made.items()},
    }


def kept(name: str) -> dict[str, bytes]:
    """What is committed for an example."""
    folder = GOLDEN / name
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def main() -> None:
    """Writes the golden bundles anew, and says which have changed."""
    for name in NAMES:
        files = golden(compiled(name))
        if files != kept(name):
            shutil.rmtree(GOLDEN / name, ignore_errors=True)
            for path, data in files.items():
                place = GOLDEN / name / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
            sys.stdout.write(f"wrote {GOLDEN / name}\n")


if __name__ == "__main__":
    main()
