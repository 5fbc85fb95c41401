"""The table of codes: complete, and the page written from it up to date."""

from __future__ import annotations

import re
from pathlib import Path

from skyloom.flows.frontend.codes import CODES, RANGES, markdown

ROOT = Path(__file__).parents[3]


def test_the_page_is_the_table() -> None:
    assert (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8") == markdown()


def test_every_code_in_use_is_listed_and_every_listed_code_is_used() -> None:
    table = ROOT / "flows" / "frontend" / "codes.py"
    files = [path for folder in ("flows", "adapters", "deployers", "src") for path in (ROOT / folder).rglob("*.py")]
    used = {
        code
        for path in files
        if path.resolve() != table
        for code in re.findall(r"\"(SKY\d{3})\"", path.read_text(encoding="utf-8"))
    }
    assert used - set(CODES) == set()
    assert set(CODES) - used == set()


def test_codes_are_in_order_and_of_a_known_range() -> None:
    assert list(CODES) == sorted(CODES)
    assert {code[3] for code in CODES} <= {digit for digit, _ in RANGES}
    assert all(code.meaning.endswith(".") and not code.title.endswith(".") for code in CODES.values())
