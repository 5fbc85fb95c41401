"""Every case on Google Cloud: compiled, with the host's code, on the tests' Workflows."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from conformance.comparing import check_by_type
from conformance.engines import Observed
from conformance.on_gcp.engine import OnGcp
from conformance.on_gcp.gaps import GAPS
from conformance.suite import ALL

from skyloom.flows.invoke import TRACE_VARIABLE

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
    folder = tmp_path_factory.mktemp("on-gcp")
    trace = folder / "trace.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TRACE_VARIABLE, str(trace))
        with OnGcp(folder, trace).running(names) as futures:
            yield futures


@pytest.mark.parametrize("name", ALL)
def test_case(name: str, observed: dict[str, Future[Observed]], request: pytest.FixtureRequest) -> None:
    if name in GAPS:
        reason = f"{GAPS[name].kind}: {GAPS[name].reason}"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    check_by_type(ALL[name], observed[name].result())


def test_gaps_name_cases() -> None:
    assert set(GAPS) <= set(ALL)
