"""Which code an app's host runs: the digest that was written beside it when it was published.

It is read once, when the host loads the module: a host that is still there when other code has come tells of its own.
"""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_name("code.txt")
"""The digest. An app that was not published has none."""


def _read() -> str:
    return FILE.read_text(encoding="utf-8") if FILE.is_file() else ""


CODE = _read()
"""The digest of the code that runs; empty where there is none."""
