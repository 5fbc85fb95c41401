"""Flows that are wrong: each must give exactly its diagnostics, at exactly the marked places, with a hint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from skyloom.flows.frontend import check_file

FOLDER = Path(__file__).parent / "malformed"


@dataclass(frozen=True)
class Expected:
    """A diagnostic: its code, a part of its message, and a part of its hint."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True)
class Malformed:
    """A flow that is wrong, with `«` and `»` around each place that a diagnostic must point at."""

    name: str
    expected: tuple[Expected, ...]
    source: str


def read(path: Path) -> Iterator[Malformed]:
    """The flows of a file: behind `=== name` come pairs of lines `SKYnnn: message`, `hint: hint`, then the flow."""
    for part in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, _, rest = part.partition("\n")
        expected = []
        while found := re.match(r"(SKY\d{3}): (.*)\nhint: (.*)\n", rest):
            expected.append(Expected(*found.groups()))
            rest = rest[found.end() :]
        yield Malformed(name, tuple(expected), rest.rstrip() + "\n")


def places(marked: str) -> tuple[str, list[tuple[int, int, int, int]]]:
    """The source without marks, and the marked places: line, column, end line, end column."""
    found: list[tuple[int, int, int, int]] = []
    line, column, start, plain = 1, 1, (0, 0), ""
    for character in marked:
        if character == "«":
            start = (line, column)
        elif character == "»":
            found.append((*start, line, column))
        else:
            plain += character
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return plain, found


ALL = [
    pytest.param(flow, id=f"{path.stem}/{flow.name}") for path in sorted(FOLDER.glob("*.txt")) for flow in read(path)
]


def test_the_table_is_complete() -> None:
    flows = [param.values[0] for param in ALL]
    assert len(flows) >= 150
    assert all(isinstance(flow, Malformed) and flow.expected for flow in flows)


@pytest.mark.parametrize("flow", ALL)
def test_malformed_flow(flow: Malformed, folder: Path) -> None:
    head = "from prelude import *\n\n"
    text, marked = places(head + ("@flow\n" if flow.source.startswith("def ") else "") + flow.source)
    path = folder / "review.py"
    path.write_text(text, encoding="utf-8")
    found = check_file(path).diagnostics
    shown = "\n\n".join(diagnostic.render() for diagnostic in found)
    assert [d.code for d in found] == [e.code for e in flow.expected], shown
    spans = [(d.span.line, d.span.column, d.span.end_line, d.span.end_column) for d in found if d.span]
    assert spans == marked, shown
    for diagnostic, expected in zip(found, flow.expected, strict=True):
        assert expected.message in diagnostic.message, shown
        assert diagnostic.hint is not None and expected.hint in diagnostic.hint, shown
