"""Every case on Google Cloud: compiled, on the tests' Workflows, with functions in processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from conformance.comparing import check_by_type
from conformance.engines import Observed
from conformance.on_gcp.engine import OnGcp
from conformance.on_gcp.gaps import GAPS
from conformance.suite import ALL

from skyloom.errors import CheckFailed

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def observed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[Observed]]]:
    """What the selected cases do: they run side by side."""
    names = [
        str(item.callspec.params["name"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_case.__name__ and item.path == request.path
    ]
    with OnGcp(tmp_path_factory.mktemp("on-gcp")).running(names) as futures:
        yield futures


@pytest.mark.parametrize("name", ALL)
def test_case(name: str, observed: dict[str, Future[Observed]], request: pytest.FixtureRequest) -> None:
    gap = GAPS.get(name)
    if gap is not None and gap.kind == "never":
        with pytest.raises(CheckFailed) as refused:
            observed[name].result()
        assert {problem.code for problem in refused.value.diagnostics} == {gap.code}
        assert all(problem.span and problem.hint for problem in refused.value.diagnostics)
        return
    if gap is not None:
        request.applymarker(pytest.mark.xfail(strict=True, reason=f"{gap.kind}: {gap.reason}"))
    check_by_type(ALL[name], observed[name].result())


def test_gaps_name_cases() -> None:
    assert set(GAPS) <= set(ALL)
