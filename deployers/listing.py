"""Compiled text with the places of the source that its lines come from: what `skyloom explain --source` shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Place = tuple[str, int]
"""A file's name and a line of it, from 1 on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The definition of one compiled flow.

    Attributes:
        flow: the flow.
        path: the file's path in the bundle.
        lines: its lines.
        places: for each line the place of the source that it comes from; None: from none, it stands for the whole flow.
    """

    flow: str
    path: str
    lines: tuple[str, ...]
    places: tuple[Place | None, ...]

    def __post_init__(self) -> None:
        assert len(self.lines) == len(self.places), self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of source beside a line that it became; either may be missing. Numbers count from 1."""

    source: tuple[int, str] | None = None
    compiled: tuple[int, str] | None = None


def place_in(comment: str) -> Place | None:
    """`order.py:31` at the beginning of a comment, as a place."""
    file, colon, line = comment.split(maxsplit=1)[0].rpartition(":") if comment.strip() else ("", "", "")
    return (file, int(line)) if colon and file and line.isdecimal() else None


def of_no_line(listing: Listing) -> Iterator[Row]:
    """The lines that stand for the flow as a whole."""
    yield from _compiled(listing, None)


def beside(listing: Listing, file: str, source: Mapping[int, str]) -> Iterator[Row]:
    """Lines of the source file, each with the lines it became beside it, in the order of the source.

    Args:
        source: the lines to show, by their numbers; those that became nothing of their own stand alone.
    """
    for number, text in sorted(source.items()):
        found = list(_compiled(listing, (file, number)))
        yield Row(source=(number, text), compiled=found[0].compiled if found else None)
        yield from found[1:]


def _compiled(listing: Listing, place: Place | None) -> Iterator[Row]:
    for number, (line, its) in enumerate(zip(listing.lines, listing.places, strict=True), 1):
        if its == place:
            yield Row(compiled=(number, line))


def blocks_by_indentation(lines: Sequence[str], starts: Mapping[int, Place]) -> tuple[Place | None, ...]:
    """The place of every line, where a block begins at a line and ends before the next one that is not deeper.

    Args:
        starts: the places of blocks by the index of their first line; inner blocks come before outer ones.
    """
    places: list[Place | None] = []
    open_blocks: list[tuple[int, Place]] = []
    for index, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        while open_blocks and line.strip() and depth <= open_blocks[-1][0]:
            open_blocks.pop()
        if index in starts:
            open_blocks.append((depth, starts[index]))
        places.append(open_blocks[-1][1] if open_blocks else None)
    return tuple(places)
