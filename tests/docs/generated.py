"""The pages that are written from the code. `make docs` (`python tests/docs/generated.py`) writes them anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from docs.conformance_page import with_outcomes

from skyloom.flows.expr import builtins
from skyloom.flows.frontend import codes
from skyloom.flows.ir import codec

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- builtins: generated -->\n", "<!-- end of builtins -->\n"


def with_builtins(page: str) -> str:
    """The language page with the builtin table of the catalog. Raises ValueError where it has no place for it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{begin}\n{builtins.markdown()}\n{end}{after}"


GENERATED: dict[str, Callable[[str], str]] = {
    "conformance.md": with_outcomes,
    "diagnostics.md": lambda page: codes.markdown(),
    "ir.schema.json": lambda page: json.dumps(codec.schema(), indent=2) + "\n",
    "language.md": with_builtins,
}
"""For each page what it should be, given what it is."""


def main() -> None:
    """Writes the pages that are not current, and says which."""
    for name, made in GENERATED.items():
        path = DOCS / name
        page = path.read_text(encoding="utf-8") if path.exists() else ""
        if made(page) != page:
            path.write_text(made(page), encoding="utf-8")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
