"""Every case on every engine: result, error, calls and published events must be the ones the case states."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from conformance.case import Case
from conformance.engines import ENGINES

from skyloom.flows.ir.nodes import Statement, Step, walk
from skyloom.flows.ir.program import FlowDefinition

CASES_FOLDER = Path(__file__).parent / "cases"


def _load(path: Path) -> list[Case]:
    from skyloom.flows.frontend import load_file

    cases: list[Case] = load_file(path).CASES
    return cases


ALL = {f"{path.stem}/{case.name}": case for path in sorted(CASES_FOLDER.glob("*.py")) for case in _load(path)}


def _has_steps(case: Case) -> bool:
    """Whether an engine has anything to carry out: the rest is the interpreter's alone, which runs without Prefect."""
    return any(isinstance(statement, Step) for statement in walk(case.flow.program.flow.body))


RUNS = [
    pytest.param(case, engine, id=f"{name}-{engine}")
    for name, case in ALL.items()
    for engine in ENGINES
    if engine != "prefect" or _has_steps(case)
]


def test_every_name_is_its_own() -> None:
    assert len(ALL) == sum(len(_load(path)) for path in CASES_FOLDER.glob("*.py"))


@pytest.mark.parametrize("kind", [*get_args(get_args(Statement)[0])])
def test_every_kind_of_statement_runs_on_every_engine(kind: type[Statement]) -> None:
    flows = [flow for param in RUNS if param.values[1] == "prefect" for flow in _flows(param.values[0])]
    assert any(isinstance(statement, kind) for flow in flows for statement in walk(flow.body))


def _flows(case: object) -> list[FlowDefinition]:
    assert isinstance(case, Case)
    return list(case.flow.program.flows.values())


def _text(value: object) -> str:
    """JSON text, which tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(("case", "engine"), RUNS)
def test_case(case: Case, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if engine == "prefect":
        request.getfixturevalue("prefect_server")
    observed = ENGINES[engine](case, tmp_path)
    assert observed.error == case.error
    assert _text(observed.result) == _text(case.result)
    assert [_text(event) for event in observed.emitted] == [_text(event) for event in case.emitted]
    if case.calls is None:
        return
    seen, wanted = [str(call) for call in observed.calls], [str(call) for call in case.calls]
    if engine == "plain":
        assert [s for s in seen if s in wanted or s not in map(str, case.may_call)] == wanted
    elif not case.concurrent:
        assert seen == wanted
    else:
        extra = Counter(seen) - Counter(wanted)
        assert Counter(wanted) - Counter(seen) == Counter()
        assert extra - Counter(map(str, case.may_call)) == Counter()
