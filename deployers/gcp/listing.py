"""The lines of workflows, with the lines of the source that they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from skyloom.deployers.gcp.resources.workflows import source_file
from skyloom.deployers.gcp.workflow import Workflow
from skyloom.deployers.listing import Listing, Place, blocks_by_indentation, place_in


def listings(workflows: Iterable[Workflow]) -> Iterator[Listing]:
    """Each workflow as it stands in the bundle."""
    for workflow in workflows:
        lines = workflow.definition.splitlines()
        yield Listing(
            flow=workflow.flow,
            path=source_file(workflow.flow),
            lines=tuple(lines),
            places=blocks_by_indentation(lines, dict(_starts(lines))),
        )


def _starts(lines: Sequence[str]) -> Iterator[tuple[int, Place]]:
    """Where steps begin that have a place: a comment behind their name."""
    for index, line in enumerate(lines):
        name, hash_sign, comment = line.partition(":  # ")
        place = place_in(comment) if hash_sign and name.lstrip().startswith("- ") else None
        if place is not None:
            yield index, place
