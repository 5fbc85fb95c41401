"""The lines of orchestrators, with the lines of the source that they come from."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from skyloom.deployers.azure.workflow import Workflow
from skyloom.deployers.listing import Listing, Place, place_in


def listings(workflows: Iterable[Workflow], names: Mapping[str, str]) -> Iterator[Listing]:
    """Each orchestrator as it stands in the bundle. `names`: those of their modules, by flow."""
    for workflow in workflows:
        lines = workflow.source.splitlines()
        yield Listing(
            flow=workflow.flow,
            path=f"app/flows/{names[workflow.flow]}.py",
            lines=tuple(lines),
            places=_places(workflow.source, lines),
        )


def _places(source: str, lines: Sequence[str]) -> tuple[Place | None, ...]:
    """Places stand behind a statement's first line, or in a line of their own above the statement."""
    places: list[Place | None] = [None] * len(lines)
    ends = dict(_ends(ast.parse(source)))
    for index, line in enumerate(lines):
        before, hash_sign, comment = line.rpartition("# ")
        place = place_in(comment) if hash_sign and comment.count(" ") == 0 else None
        if place is None:
            continue
        last = ends.get(index + 1, index + 1) if before.strip() else ends.get(index + 2, index + 1)
        places[index:last] = [place] * (last - index)
    return tuple(places)


def _ends(module: ast.Module) -> Iterator[tuple[int, int]]:
    """The last line of each statement by its first one; of one with a block, the last line before that."""
    for node in ast.walk(module):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            yield node.lineno, body[0].lineno - 1 if body else (node.end_lineno or node.lineno)
