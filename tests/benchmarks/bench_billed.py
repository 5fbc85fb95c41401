"""What passes save of a run: the billed units of the examples' runs with them and without, on the tests' engines.

Counted are transitions of Step Functions, steps of Workflows, and activities and replays of Durable Functions; retries
are charged too. `without any` leaves out the passes and the rewrites of each cloud's own; `without passes` leaves out
only what all clouds share. Every run must give the same result as the one beside it. Prompts are answered by the
offline model, questions at once.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.bench_aws import ROOT, RUNS, shape
from benchmarks.measuring import Ratio, Say
from conformance.case import Case

from skyloom.flows.frontend import load_file
from skyloom.flows.passes import PASSES
from skyloom.flows.testing import approve, no_answer

Json = Any
Taken = tuple[Mapping[str, int], Json]
"""Units of a run by name, and its result."""

LETTER = (
    "Supplier: Miller and Sons\nInvoice number: INV-2043\n"
    "Net amount: 100.00 EUR\nTax amount: 19.00 EUR\nTotal amount: 119.00 EUR"
)
CLAIM = {"employee": "Ada", "manager": "Grace", "cents": 42050, "reason": "Train to the customer and a hotel."}
FACTS = ["It boils a litre in two minutes.", "It is friendly and quiet.", "It is fine for four cups."]
BRIEF = {"product": "Tea Kettle", "facts": FACTS, "languages": ["en", "de", "fr"]}
PATTERNS: dict[str, tuple[str, dict[str, Json]]] = {
    "invoice_intake": ("take_in", {"text": LETTER}),
    "ask_the_books": ("ask", {"question": "What makes bodies emit light?"}),
    "product_launch": ("launch", {"brief": BRIEF}),
    "expense_approval": ("reimburse", {"claim": CLAIM, "patience": 1.0}),
    "research_desk": ("research", {"question": "Why did steam engines need less coal after the separate condenser?"}),
}
UNLIMITED = 1 << 30
"""Bytes of a value on AWS."""
SHARED = frozenset(one.name for one in PASSES)


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Every run on every cloud."""
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKYLOOM_HOME", home)
        # What questions are answered from.
        load_file(ROOT / "examples" / "five_patterns" / "ask_the_books.py").ingest()
        for case in [*_cases()][: 3 if quick else None]:
            for cloud, (taken, own) in CLOUDS.items():
                say(f"billed units: {case.name} on {cloud}")
                yield from _compared(case, cloud, taken, own)


def _cases() -> Iterator[Case]:
    answers = (no_answer(), approve(answer={"cost_centre": "R1", "at_most_cents": 40000}))
    for run in RUNS:
        flow: Any = getattr(load_file(ROOT / "examples" / run.example / f"{run.example}.py"), run.flow)
        yield Case(flow=flow, name=run.name, input=run.given, approvals=(approve(),))
    for name, (main, given) in PATTERNS.items():
        flow = getattr(load_file(ROOT / "examples" / "five_patterns" / f"{name}.py"), main)
        yield Case(flow=flow, name=name, input=given, approvals=answers)
    ranking: Any = load_file(Path(__file__).parent / "short_calls.py").ranking
    texts = [f"Text {number} about steam and coal" for number in range(100)]
    yield Case(flow=ranking, name="short_calls, 100 texts", input={"question": "What is steam?", "texts": texts})
    known = {case.name: case for case in load_file(ROOT / "tests" / "conformance" / "cases" / "fusing.py").CASES}
    for name in ("fused_in_a_row", "fused_map"):
        yield next(case for key, case in known.items() if key.startswith(name))


def _compared(
    case: Case, cloud: str, taken: Callable[[Case, frozenset[str]], Taken], own: frozenset[str]
) -> Iterator[Ratio]:
    units, result = taken(case, frozenset())
    besides = {"without any": SHARED | own, "without passes": SHARED} if own else {"without passes": SHARED}
    for beside, without in besides.items():
        others, same = taken(case, without)
        assert shape(result) == shape(same), f"they do not agree: {result}, {same}"
        for unit, number in units.items():
            yield Ratio(
                group=f"{cloud}, {unit} of a run, with passes",
                what=case.name,
                ours=number,
                beside=beside,
                theirs=others[unit],
                unit="",
            )


# --- clouds -------------------------------------------------------------------------------------------------------


def _on_aws(case: Case, without: frozenset[str]) -> Taken:
    from engines.aws.in_process import run_case, settings_for
    from engines.aws.machine import scope

    from skyloom.deployers.aws.workflow import compile_workflows

    program = case.flow.program
    machines = compile_workflows(program, replace(settings_for(program), without=without))
    with pytest.MonkeyPatch.context() as patch:
        # Large values wait in no bucket here.
        patch.setattr(scope, "PAYLOAD_BYTES", UNLIMITED)
        seen = run_case(case, pace=0.01, machines={one.flow: one for one in machines})
    assert seen.ending.status == "SUCCEEDED", seen.ending
    return {"transitions": seen.transitions}, seen.ending.output


def _on_gcp(case: Case, without: frozenset[str]) -> Taken:
    from conformance.on_gcp import in_process
    from conformance.on_gcp.case_run import CaseRun

    from skyloom.deployers.gcp.workflow import compile_workflow

    program = case.flow.program
    workflow = compile_workflow(program, replace(in_process.settings_for(program), without=without))
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-") as folder, in_process.bucket():
        run = CaseRun(case, workflow, in_process.handlers(program, workflow, Path(folder)))
        try:
            # The functions run in this process, and write their logs.
            with contextlib.redirect_stdout(io.StringIO()):
                ended = run.ended()
        finally:
            run.close()
    assert ended.state == "SUCCEEDED", ended.error
    return {"billed steps": sum(ended.history.billed().values())}, ended.result


def _on_azure(case: Case, without: frozenset[str]) -> Taken:
    from conformance.on_azure.in_process import InProcess

    ended, _ = InProcess(case.flow.program, without).run(case, 0)
    assert ended.status == "Completed", ended
    return {"activities": len(ended.activities), "replays": ended.replays}, ended.output


def _own_of_aws() -> frozenset[str]:
    from skyloom.deployers.aws.machine.building import REWRITES

    return frozenset(one.name for one in REWRITES)


def _own_of_gcp() -> frozenset[str]:
    from skyloom.deployers.gcp.workflow import REWRITES

    return frozenset(one.name for one in REWRITES)


CLOUDS: dict[str, tuple[Callable[[Case, frozenset[str]], Taken], frozenset[str]]] = {
    "AWS": (_on_aws, _own_of_aws()),
    "Google Cloud": (_on_gcp, _own_of_gcp()),
    "Azure": (_on_azure, frozenset()),
}
"""How a run is taken on each cloud, and the names of the cloud's own rewrites."""
