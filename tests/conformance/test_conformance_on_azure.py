"""Every case on Azure: compiled, its app's code on the tests' Durable host, each in twenty orders of what is
concurrent."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from conformance.case import Case
from conformance.comparing import check_calls, text
from conformance.engines import Observed
from conformance.on_azure.app import build
from conformance.on_azure.engine import OnAzure, Process
from conformance.on_azure.gaps import GAPS
from conformance.on_azure.observing import observed_of
from conformance.suite import ALL
from servers.azure_server import AzureServer

from skyloom.errors import CheckFailed
from skyloom.flows.frontend import load_file

pytestmark = pytest.mark.timeout(600)
SEEDS = range(20)
PACE = Path(__file__).parent / "on_azure/pace.py"
PACED: list[tuple[float, Case]] = load_file(PACE).CASES


@pytest.fixture(scope="module")
def observed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[list[Observed]]]]:
    """What the selected cases do: files of them run side by side."""
    names = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_case.__name__ and item.path == request.path
    ]
    with OnAzure(tmp_path_factory.mktemp("on-azure"), SEEDS).running(names) as futures:
        yield futures


@pytest.mark.parametrize("name", ALL)
def test_case(name: str, observed: dict[str, Future[list[Observed]]], request: pytest.FixtureRequest) -> None:
    gap = GAPS.get(name)
    if gap is not None and gap.kind == "never":
        with pytest.raises(CheckFailed) as refused:
            observed[name].result()
        assert {problem.code for problem in refused.value.diagnostics} == {gap.code}
        assert all(problem.span and problem.hint for problem in refused.value.diagnostics)
        return
    if gap is not None:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"{gap.kind}: {gap.reason}"))
    outcomes = observed[name].result()
    assert len(outcomes) == len(SEEDS)
    for one in outcomes:
        check(ALL[name], one)


def check(case: Case, observed: Observed) -> None:
    """Values are exact here, as on the user's machine: whole numbers and others stay apart."""
    assert observed.error == case.error
    assert text(observed.result) == text(case.result)
    assert [text(event) for event in observed.emitted] == [text(event) for event in case.emitted]
    if case.calls is not None:
        seen, wanted, may = ([str(call) for call in calls] for calls in (observed.calls, case.calls, case.may_call))
        check_calls(case, seen, wanted, may)


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The flows of pace.py."""
    folder = tmp_path_factory.mktemp("pace")
    assert build(PACE, [case for _, case in PACED], folder / "app").refusals == {}
    with AzureServer() as azure, Process(folder / "app", folder / "trace.jsonl", azure.variables) as process:
        yield process


@pytest.mark.parametrize(("seconds", "case"), PACED, ids=lambda value: getattr(value, "name", ""))
def test_pace(seconds: float, case: Case, paced: Process) -> None:
    """What stands side by side runs side by side: all takes as long as its longest part."""
    for seed in SEEDS:
        ended = paced.ended(case, case.flow.name, seed)
        check(case, observed_of(ended))
        assert ended["seconds"] == pytest.approx(seconds)


def test_gaps_name_cases() -> None:
    assert set(GAPS) <= set(ALL)
