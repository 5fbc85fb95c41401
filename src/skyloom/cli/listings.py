"""Compiled definitions beside the source they come from: `skyloom explain --source`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.cli.output import clean, show, show_json, show_text, shown_width
from skyloom.errors import Diagnostic, UserError

if TYPE_CHECKING:
    from skyloom.cli.target import Chosen
    from skyloom.deployers.base import Compiled
    from skyloom.deployers.listing import Listing, Row
    from skyloom.flows.ir.program import FlowDefinition

_WIDEST, _NARROWEST = 72, 20
"""Columns of source beside the compiled lines, at most and at least; what is longer goes on in the next line. At most
half of the terminal."""
_NUMBERS = 8
"""Columns of a line's number, and of what stands around it, on each side."""


def show_listings(chosen: Chosen, compiled: Compiled, flows: Sequence[str], *, as_json: bool) -> None:
    """Each line of the flows' source with the lines it became: first the flow's own file, then others; last come the
    lines that stand for the whole flow.

    Raises:
        UserError: SKY771, a bundle's folder was given, which holds no source.
    """
    if chosen.app is None:
        message = "a bundle's folder holds no source of its flows"
        raise UserError(Diagnostic("SKY771", message, "command line", hint="give the app's file instead"))
    known = {name: one for flow in chosen.app.flows for name, one in flow.program.flows.items()}
    listings = [listing for listing in compiled.listings if listing.flow in flows]
    if as_json:
        show_json([_json(listing) for listing in listings])
        return
    for listing in listings:
        show(f"{listing.flow}: {listing.path}", "bold")
        for row in _rows(listing, known):
            for line in row:
                show_text(clean(line).rstrip())
        show()


def _json(listing: Listing) -> dict[str, object]:
    places = (None if place is None else f"{place[0]}:{place[1]}" for place in listing.places)
    lines = [{"text": text, "place": place} for text, place in zip(listing.lines, places, strict=True)]
    return {"flow": listing.flow, "path": listing.path, "lines": lines}


def _rows(listing: Listing, flows: Mapping[str, FlowDefinition]) -> Iterator[Iterator[str]]:
    from skyloom.deployers.listing import beside, of_no_line

    sources = _sources(listing, flows)
    width = _width(line for source in sources.values() for line in source.values())
    for file, source in sources.items():
        if len(sources) > 1:
            yield iter(("", f"--- {file}"))
        for row in beside(listing, file, source):
            yield _shown(row, width)
    rest = list(of_no_line(listing))
    if rest and sources:
        yield iter(("", "--- for the flow as a whole"))
    for row in rest:
        yield _shown(row, width)


def _width(lines: Iterable[str]) -> int:
    """The columns that the source takes: no more than it needs."""
    half = shown_width() // 2 - _NUMBERS
    return max(_NARROWEST, min(_WIDEST, half, max(map(len, lines), default=0)))


def _sources(listing: Listing, flows: Mapping[str, FlowDefinition]) -> dict[str, dict[int, str]]:
    """The lines to show, by file: those of the flow and of flows that stand in it, and whatever else became a line. The
    flow's own file comes first."""
    files = {Path(flow.file).name: Path(flow.file) for flow in flows.values()}
    texts = {name: path.read_text(encoding="utf-8").splitlines() for name, path in files.items()}
    wanted: dict[str, set[int]] = {name: set() for name in texts}
    places = {place for place in listing.places if place is not None}
    for name, flow in flows.items():
        file = Path(flow.file).name
        lines = set(range(_begin(flow, texts[file]), _end(flow) + 1))
        if name == listing.flow or any(place[0] == file and place[1] in lines for place in places):
            wanted[file] |= lines
    for file, line in places:
        wanted.setdefault(file, set()).add(line)
    own = Path(flows[listing.flow].file).name if listing.flow in flows else ""
    return {
        file: {line: _line(texts.get(file, ()), line) for line in sorted(wanted[file])}
        for file in sorted(wanted, key=lambda name: name != own)
        if wanted[file]
    }


def _begin(flow: FlowDefinition, lines: Sequence[str]) -> int:
    """The line of the first decorator."""
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef) and node.lineno == flow.span.line:
            return min((decorator.lineno for decorator in node.decorator_list), default=node.lineno)
    return flow.span.line


def _end(flow: FlowDefinition) -> int:
    from skyloom.flows.ir import nodes as ir

    return max((statement.span.end_line for statement in ir.walk(flow.body)), default=flow.span.end_line)


def _line(lines: Sequence[str], number: int) -> str:
    return lines[number - 1] if number <= len(lines) else ""


def _shown(row: Row, width: int) -> Iterator[str]:
    number, text = row.source or (0, "")
    pieces = [text[start : start + width] for start in range(0, len(text), width)] or [""]
    compiled = "" if row.compiled is None else f"{row.compiled[0]:>5}  {row.compiled[1]}"
    yield f"{number or '':>4}  {pieces[0]:<{width}} | {compiled}"
    for piece in pieces[1:]:
        yield f"{'':>4}  {piece:<{width}} |"
