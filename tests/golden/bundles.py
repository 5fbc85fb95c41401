"""The golden bundles: what the examples compile to, as text to be reviewed.

`python tests/golden/bundles.py` writes them anew. Of each function's code stand here the files that are made for it and
the names of all others: Skyloom's own modules and wheels have their own tests, and change for reasons of their own.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from skyloom.deployers.aws.artifacts import function_key
from skyloom.deployers.aws.compiling import compile_app
from skyloom.deployers.aws.functions import FunctionSettings
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app
from skyloom.flows.app import App, Environment

GOLDEN = Path(__file__).parent / "aws"
EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("document_pipeline", "order_saga", "ticket_triage")

_ENVIRONMENT = Environment(python="3.13")
"""The same functions, whatever Python the tests run on."""
_MADE = ("handler.py", "skyloom_handler.py", "prompts.py", "expressions.py")
"""Files that the compiler writes."""


def app_of(name: str) -> App:
    """The example's app, for a Python that does not depend on the one that compiles."""
    return replace(load_app(EXAMPLES / name / f"{name}.py"), environments={"dev": _ENVIRONMENT})


def compiled(name: str) -> Bundle:
    """The example's bundle."""
    settings = replace(FunctionSettings.of(_ENVIRONMENT), bytecode=False)
    return compile_app(app_of(name), "dev", settings).bundle


def golden(bundle: Bundle) -> dict[str, bytes]:
    """The files that are kept of a bundle, by path."""
    keys = {name: function_key(bundle.app, "dev", bundle.below(f"functions/{name}")) for name in functions(bundle)}
    found = {path: data for path, data in bundle.files.items() if path.startswith("workflows/")}
    text = bundle.files["template.json"].decode()
    for name, key in keys.items():
        # The digest of a function changes with every wheel that it carries.
        text = text.replace(key, f"{bundle.app}/dev/functions/<digest of {name}>.zip")
        found |= _function(name, bundle.below(f"functions/{name}"))
    return {**found, "template.json": text.encode()}


def functions(bundle: Bundle) -> list[str]:
    """The names of the bundle's functions."""
    return bundle.folders("functions")


def _function(name: str, tree: Mapping[str, bytes]) -> dict[str, bytes]:
    made = {path: data for path, data in tree.items() if path in _MADE or path.endswith("/starts.json")}
    wheels = sorted({found[1].lower() for path in tree if (found := re.match(r"([\w.]+)-[^/]+\.dist-info/", path))})
    tops = sorted({path.partition("/")[0] for path in tree} - set(made))
    carried = [top for top in tops if not re.match(r"[\w.]+-[^/]+\.dist-info$", top) and _is_own(top, wheels)]
    listing = "".join([*(f"{top}\n" for top in carried), *(f"wheel {wheel}\n" for wheel in wheels)])
    return {
        f"functions/{name}/contents.txt": listing.encode(),
        **{f"functions/{name}/{path}": data for path, data in made.items()},
    }


def _is_own(top: str, wheels: list[str]) -> bool:
    return top.removesuffix(".py").lower() not in wheels


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
