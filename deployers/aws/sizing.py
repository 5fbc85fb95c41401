"""How near the values of an app's flows come to what Step Functions carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from skyloom.adapters.hosts.claims import LARGE, MOST_INLINE
from skyloom.deployers.aws.limits import PAYLOAD
from skyloom.deployers.aws.machine.prompts import may_be_asked
from skyloom.deployers.aws.machine.splitting import separate
from skyloom.deployers.aws.workflow import WorkflowSettings
from skyloom.deployers.carrying import carried
from skyloom.deployers.limits import Limit
from skyloom.deployers.measures import Measure
from skyloom.deployers.sizes.payloads import Payloads
from skyloom.deployers.sizes.rooms import Room, Rooms, refusals, sizes
from skyloom.errors import Diagnostic
from skyloom.flows.ir.program import Program
from skyloom.flows.runner.recorded import RecordedRun

GIVEN_BACK = Limit(
    "what a function gives to a run",
    MOST_INLINE,
    "bytes",
    f"Skyloom's own: a state carries {PAYLOAD.value:,}, what is said about the call included; {PAYLOAD.source}",
)
OBJECT = Limit(
    "an object that is put into the bucket at once",
    5 * 1024**3,
    "bytes",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html",
)
_STATE = Room(PAYLOAD)
ROOMS = Rooms(
    by_value={
        "input": _STATE,
        "result": _STATE,
        "given": _STATE,
        "started": _STATE,
        "told": _STATE,
        "gives": Room(GIVEN_BACK),
        "answers": _STATE,
        "brings": _STATE,
        "list": _STATE,
        "variable": _STATE,
    },
    bucket=OBJECT,
    large=LARGE,
)


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
        yield from refusals(_payloads(program, settings), ROOMS, "Step Functions")


def _payloads(program: Program, settings: WorkflowSettings) -> Payloads:
    apart, asked = separate(program), partial(may_be_asked, settings)
    return Payloads(program, carried(program, apart, asked), ROOMS.large, apart, asked)
