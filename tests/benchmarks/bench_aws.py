"""State machines: states, billed transitions and size beside machines written by hand.

Both are run on the test account's Step Functions, in this process, with the same tasks and the offline model; they must
give the same result. Retries are charged too, and are the same on both sides, so states entered are what is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import Ratio, Say
from conformance.case import Case
from engines.aws.in_process import Seen, compiled, run_case

from skyloom.deployers.aws.workflow import Workflow
from skyloom.flows.frontend import load_file
from skyloom.flows.testing import approve

Json = Any

ROOT = Path(__file__).parents[2]
BY_HAND = Path(__file__).parent / "aws_by_hand"

TICKET = {"id": "T-1", "customer": "Ada", "subject": "late", "body": "The tracking number of my parcel has not moved."}
LINES = [{"sku": "lamp", "quantity": 2, "price": 20.0}, {"sku": "desk", "quantity": 1, "price": 99.5}]
ORDER = {"id": "o1", "customer": "Ada", "card": "4000-0001", "lines": LINES}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of an example: what it is called, the flow, its input."""

    name: str
    example: str
    flow: str
    given: dict[str, Json]


RUNS = (
    Run("ticket_triage", "ticket_triage", "answer", {"ticket": TICKET}),
    Run("order_saga, shipped", "order_saga", "place_order", {"order": ORDER}),
    Run("order_saga, declined", "order_saga", "place_order", {"order": {**ORDER, "card": "4000-0002"}}),
    Run("document_pipeline", "document_pipeline", "summarise_folder", {}),
)


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """The examples beside machines written by hand."""
    for run in RUNS[:3] if quick else RUNS:
        say(f"state machines: {run.name}")
        yield from _compared(run)


# --- beside machines written by hand ------------------------------------------------------------------------------


def _compared(run: Run) -> Iterator[Ratio]:
    flow: Any = getattr(load_file(ROOT / "examples" / run.example / f"{run.example}.py"), run.flow)
    ours = {workflow.flow: workflow for workflow in compiled(flow.program)}
    definition = json.loads((BY_HAND / f"{run.example}.asl.json").read_text(encoding="utf-8"))
    theirs = {flow.program.main: Workflow(flow=flow.program.main, definition=definition)}
    case = Case(flow=flow, name=run.name, input=run.given, approvals=(approve(),))
    mine, beside = (_ended(run_case(case, pace=0.01, machines=machines)) for machines in (ours, theirs))
    assert shape(mine.ending.output) == shape(beside.ending.output), "they do not agree"
    yield Ratio(
        group="AWS state machines, transitions of a run",
        what=run.name,
        ours=mine.transitions,
        beside="by hand",
        theirs=beside.transitions,
        unit="",
        aim="at most 1.1",
    )
    if run.given is RUNS[2].given:
        return
    for what, measure in (("states", _states), ("size", _size)):
        yield Ratio(
            group="AWS state machines, definitions",
            what=f"{run.example}, {what}",
            ours=sum(measure(machine.definition) for machine in ours.values()),
            beside="by hand",
            theirs=measure(definition),
            unit="bytes" if what == "size" else "",
        )


def _ended(seen: Seen) -> Seen:
    assert seen.ending.status == "SUCCEEDED", seen.ending
    return seen


def shape(value: Json) -> Json:
    """The value without what differs from run to run: keys of messages and payments hang on the names of steps."""
    match value:
        case dict():
            return {key: shape(inner) for key, inner in value.items()}
        case list():
            return [shape(inner) for inner in value]
        case str() if value.startswith(("mail-", "pay-")):
            return value.partition("-")[0]
        case float():
            return round(value, 9)
        case _:
            return value


def _states(scope: Mapping[str, Json]) -> int:
    """The states of a scope and of all inside."""
    count = 0
    for state in scope["States"].values():
        inner = [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]
        count += 1 + sum(map(_states, inner))
    return count


def _size(definition: Mapping[str, Json]) -> int:
    return len(json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode())
