"""How near the values of an app's flows come to what Workflows carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from skyloom.adapters.hosts.claims import LARGE_ON_GOOGLE, MOST_INLINE
from skyloom.deployers.carrying import carried
from skyloom.deployers.gcp.flow.prompts import asked_by_workflow
from skyloom.deployers.gcp.limits import ARGUMENT, MEMORY
from skyloom.deployers.gcp.workflow import WorkflowSettings
from skyloom.deployers.limits import Limit
from skyloom.deployers.measures import Measure
from skyloom.deployers.sizes.payloads import Payloads
from skyloom.deployers.sizes.rooms import Room, Rooms, refusals, sizes
from skyloom.errors import Diagnostic
from skyloom.flows.ir.program import Program, PromptDefinition
from skyloom.flows.runner.recorded import RecordedRun

TEXT = Limit("a text", 256 * 1024, "bytes", MEMORY.source)
_GIVEN_BACK = Limit(
    "what a function gives to a run",
    MOST_INLINE,
    "bytes",
    f"Skyloom's own: a text in Workflows has {TEXT.value:,} at most, all variables {MEMORY.value:,}; {MEMORY.source}",
)
_OBJECT = Limit("an object in the bucket", 5 * 1024**4, "bytes", "https://cloud.google.com/storage/quotas#objects")
_MEMORY = Room(MEMORY)
ROOMS = Rooms(
    by_value={
        "input": Room(ARGUMENT),
        "result": _MEMORY,
        "given": _MEMORY,
        "started": Room(ARGUMENT),
        "told": _MEMORY,
        "gives": Room(_GIVEN_BACK),
        "answers": _MEMORY,
        "brings": _MEMORY,
        "list": _MEMORY,
        "variable": _MEMORY,
    },
    bucket=_OBJECT,
    large=LARGE_ON_GOOGLE,
    of_texts=Room(TEXT),
)
"""The memory is that of all variables together: a value that is near it leaves little for the others."""


def sizes_of(
    compiled: Mapping[str, Program], settings: WorkflowSettings, runs: Iterable[RecordedRun]
) -> Iterator[Measure]:
    """Of every flow. `compiled`: the programs after the passes; `runs`: recorded runs of the flows."""
    every = tuple(runs)
    for name, program in compiled.items():
        yield from sizes(name, _payloads(program, settings), ROOMS, every)


def values_too_large(compiled: Mapping[str, Program], settings: WorkflowSettings) -> Iterator[Diagnostic]:
    """Values that no run can carry."""
    for program in compiled.values():
        yield from refusals(_payloads(program, settings), ROOMS, "Workflows")


def _payloads(program: Program, settings: WorkflowSettings) -> Payloads:
    asked = asked_by_workflow(program, settings)
    apart = frozenset(flow.name for flow in program.flows.values() if flow.timeout is not None) - {program.main}

    def is_asked(prompt: PromptDefinition) -> bool:
        return prompt.name in asked

    places = carried(program, frozenset(), is_asked)
    return Payloads(program, places, ROOMS.large, apart, is_asked, races_apart=True)
