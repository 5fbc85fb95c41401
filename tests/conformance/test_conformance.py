"""Every case on every engine: result, error, calls and published events must be the ones the case states."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from conformance.case import Case
from conformance.engines import ENGINES

CASES_FOLDER = Path(__file__).parent / "cases"


def _load(path: Path) -> list[Case]:
    from skyloom.flows.frontend import load_file

    cases: list[Case] = load_file(path).CASES
    return cases


ALL = [
    pytest.param(case, id=f"{path.stem}/{case.name}")
    for path in sorted(CASES_FOLDER.glob("*.py"))
    for case in _load(path)
]


def test_there_are_enough_cases_and_every_name_is_its_own() -> None:
    ids = [param.id for param in ALL]
    assert len(ids) >= 150
    assert [name for name, count in Counter(ids).items() if count > 1] == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", ALL)
def test_case(case: Case, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if engine == "prefect":
        request.getfixturevalue("prefect_server")
    observed = ENGINES[engine](case, tmp_path)
    assert observed.error == case.error
    assert observed.result == case.result
    assert type(observed.result) is type(case.result)
    assert Counter(map(str, observed.emitted)) == Counter(map(str, case.emitted))
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
