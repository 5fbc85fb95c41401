"""Every case on every engine: result, error, calls and published events must be the ones the case states."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import pytest
from conformance.case import Case
from conformance.comparing import check_calls, text
from conformance.engines import ENGINES
from conformance.suite import ALL, FILES, cases_of, has_steps

from skyloom.flows.ir.nodes import Statement, walk
from skyloom.flows.ir.program import FlowDefinition

RUNS = [
    pytest.param(case, engine, id=f"{name}-{engine}")
    for name, case in ALL.items()
    for engine in ENGINES
    if engine != "prefect" or has_steps(case) or "SKYLOOM_EVERY_CASE" in os.environ
]


def test_every_name_is_its_own() -> None:
    assert len(ALL) == sum(len(cases_of(path)) for path in FILES.values())


@pytest.mark.parametrize("kind", [*get_args(get_args(Statement)[0])])
def test_every_kind_of_statement_runs_on_every_engine(kind: type[Statement]) -> None:
    flows = [flow for param in RUNS if param.values[1] == "prefect" for flow in _flows(param.values[0])]
    assert any(isinstance(statement, kind) for flow in flows for statement in walk(flow.body))


def _flows(case: object) -> list[FlowDefinition]:
    assert isinstance(case, Case)
    return list(case.flow.program.flows.values())


@pytest.mark.parametrize(("case", "engine"), RUNS)
def test_case(case: Case, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if engine == "prefect":
        request.getfixturevalue("prefect_server")
    observed = ENGINES[engine](case, tmp_path)
    assert observed.error == case.error
    assert text(observed.result) == text(case.result)
    assert [text(event) for event in observed.emitted] == [text(event) for event in case.emitted]
    if case.calls is None:
        return
    seen, wanted = [str(call) for call in observed.calls], [str(call) for call in case.calls]
    if engine == "plain":
        assert [s for s in seen if s in wanted or s not in map(str, case.may_call)] == wanted
    else:
        check_calls(case, seen, wanted, [str(call) for call in case.may_call])
