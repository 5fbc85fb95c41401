"""Node for tests: the machine's own, or the one that `make test` put beside Python where the machine has none."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parent.parent / "node" / "node_modules"
"""What `tests/node/package.json` names, installed by `make test`."""


def node() -> str:
    """The command `node`, with the packages of the tests in place.

    Without them a test is skipped; under CI (the variable `CI`, as everywhere) it fails, so that nothing is left out.
    """
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if found is not None and PACKAGES.is_dir():
        return found
    missing = "no `node`" if found is None else "no packages in tests/node"
    message = f"{missing}: run `make .make/node`"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
