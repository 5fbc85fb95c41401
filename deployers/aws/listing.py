"""The lines of state machines, with the lines of the source that they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from skyloom.deployers.aws.workflow import Workflow
from skyloom.deployers.bundle import json_bytes
from skyloom.deployers.listing import Listing, Place, blocks_by_indentation, place_in

_COMMENT = '"Comment": '


def listings(workflows: Iterable[Workflow]) -> Iterator[Listing]:
    """Each machine as it stands in the bundle."""
    for workflow in workflows:
        lines = json_bytes(workflow.definition).decode().splitlines()
        yield Listing(
            flow=workflow.flow,
            path=f"workflows/{workflow.flow}.asl.json",
            lines=tuple(lines),
            places=_with_ends(lines, blocks_by_indentation(lines, dict(_starts(lines)))),
        )


def _starts(lines: Sequence[str]) -> Iterator[tuple[int, Place]]:
    """Where states begin that have a place: in the line that opens the block of their comment."""
    opened: dict[int, int] = {}
    for index, line in enumerate(lines):
        text = line.lstrip()
        depth = len(line) - len(text)
        if text.endswith("{"):
            opened[depth] = index
        if text.startswith(_COMMENT):
            place = place_in(json.loads(text.removeprefix(_COMMENT).rstrip(",")))
            if place is not None:
                yield opened[depth - 2], place


def _with_ends(lines: Sequence[str], places: Sequence[Place | None]) -> tuple[Place | None, ...]:
    """The places, where the bracket that closes a state belongs to it as the one that opens it does."""
    found: list[Place | None] = []
    opened: list[Place | None] = []
    for line, place in zip(lines, places, strict=True):
        text = line.strip()
        if text.startswith(("}", "]")) and opened:
            place = opened.pop()
        if text.endswith(("{", "[")):
            opened.append(place)
        found.append(place)
    return tuple(found)
