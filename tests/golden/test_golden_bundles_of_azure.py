"""What the examples compile to for Azure is what was reviewed, on every machine."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from golden import azure_bundles, bundles

CODE = "from golden.azure_bundles import compiled; print(compiled('order_saga').digest)"


@pytest.mark.parametrize("name", bundles.NAMES)
def test_examples_compile_to_what_was_reviewed(name: str) -> None:
    made, kept = azure_bundles.golden(azure_bundles.compiled(name)), azure_bundles.kept(name)
    different = [path for path in sorted(made.keys() | kept.keys()) if made.get(path) != kept.get(path)]
    shown = [
        line
        for path in different[:3]
        for line in difflib.unified_diff(
            kept.get(path, b"").decode().splitlines(),
            made.get(path, b"").decode().splitlines(),
            f"{name}/{path} (kept)",
            f"{name}/{path} (made)",
            lineterm="",
        )
    ]
    how = "if this is meant, write them anew: python tests/golden/azure_bundles.py"
    assert not different, "\n".join([f"{different}; {how}", *shown[:80]])


def test_the_same_app_gives_the_same_bytes(tmp_path: Path) -> None:
    """In another process, another folder, and with another order of sets."""
    shutil.copytree(bundles.EXAMPLES / "order_saga", tmp_path / "elsewhere" / "order_saga")
    tests = Path(__file__).parents[1]
    code = f"import golden.bundles as b; from pathlib import Path; b.EXAMPLES = Path({str(tmp_path / 'elsewhere')!r})\n"
    digests = set()
    for seed, before, cwd in (("1", "", tests), ("2", code, tmp_path)):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(tests)}
        done = subprocess.run(
            [sys.executable, "-c", before + CODE], env=environment, cwd=cwd, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.split()[-1])
    assert len(digests) == 1
