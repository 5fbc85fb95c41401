"""The table of the page on conformance, from the last complete run of `make conformance`."""

from __future__ import annotations

from pathlib import Path

from skyloom.conformance import tables
from skyloom.conformance.outcomes import from_json

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "conformance.md"
DATA = DOCS / "conformance.json"
BEGIN, END = "<!-- conformance: generated -->\n", "<!-- end of conformance -->\n"


def with_outcomes(page: str) -> str:
    """The page with the tables of conformance.json. Raises ValueError where it has no place for them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN.strip()} and {END.strip()}")
    tables_of_it = "No complete run yet: `make conformance`."
    if DATA.exists():
        made = tables.markdown(from_json(DATA.read_text(encoding="utf-8")), _link)
        tables_of_it = f"For programs: [{DATA.name}]({DATA.name}). {made}"
    return f"{before}{begin}\n{tables_of_it}\n\n{end}{after}"


def _link(reference: str) -> str:
    if not reference:
        return ""
    name = Path(reference).stem
    if reference.startswith("docs/"):
        return f"[{name}]({reference.removeprefix('docs/')})"
    return f"<{reference}>"
