"""The golden bundles of Google Cloud: what the examples compile to, as text to be reviewed.

`python tests/golden/gcp_bundles.py` writes them anew. Of each function's code stand here the files that are made for
it, the names of what it carries and the names of what it requires: versions are those of the machine that compiles.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from golden.bundles import NAMES, app_of

from skyloom.deployers.bundle import Bundle
from skyloom.deployers.gcp.artifacts import function_object
from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.functions import REQUIREMENTS, FunctionSettings

GOLDEN = Path(__file__).parent / "gcp"
_MADE = ("main.py", "skyloom_main.py", "prompts.py", "expressions.py")
"""Files that the compiler writes."""


def compiled(name: str) -> Bundle:
    """The example's bundle, for a Python that does not depend on the one that compiles."""
    return compile_app(app_of(name), "dev", FunctionSettings(python="3.13", pinned=False)).bundle


def golden(bundle: Bundle) -> dict[str, bytes]:
    """The files that are kept of a bundle, by path."""
    found = {path: data for path, data in bundle.files.items() if not path.startswith("functions/")}
    texts = {path: data.decode() for path, data in found.items() if path.endswith(".tf.json")}
    for name in bundle.folders("functions"):
        tree = bundle.below(f"functions/{name}")
        key = function_object(bundle.app, "dev", tree)
        # The digest of a function changes with every version that it requires.
        shown = f"{bundle.app}/dev/functions/<digest of {name}>.zip"
        texts = {path: text.replace(key, shown) for path, text in texts.items()}
        found |= _function(name, tree)
    return {**found, **{path: text.encode() for path, text in texts.items()}}


def _function(name: str, tree: Mapping[str, bytes]) -> dict[str, bytes]:
    made = {path: data for path, data in tree.items() if path in _MADE or path.endswith("/starts.json")}
    carried = sorted({path.partition("/")[0] for path in tree} - set(made) - {REQUIREMENTS})
    required = [re.split(r"[=<>!~\[; ]", line)[0] for line in tree[REQUIREMENTS].decode().splitlines()]
    listing = "".join([*(f"{top}\n" for top in carried), *(f"requires {one}\n" for one in required)])
    return {
        f"functions/{name}/contents.txt": listing.encode(),
        **{f"functions/{name}/{path}": data for path, data in made.items()},
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
