"""Calls that share an invocation, beside the same calls one by one: paths, attempts and arguments are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from clouds.attempts import RUNS, noted
from conformance.suite import ALL

from skyloom.deployers.fused import PASSES

CASES = sorted(
    name
    for name, case in ALL.items()
    # What stands behind a failing item may have been called, or not; keys differ from run to run; and what is too large
    # to travel from step to step is not when it does not travel. What a handler reads stays apart.
    if name.startswith("fusing/")
    and not case.may_call
    and name != "fusing/fused_keys"
    and not any(word in name for word in ("times_out", "map_caught", "large", "read_in_the_handler"))
)


@pytest.mark.parametrize("cloud", RUNS)
@pytest.mark.parametrize("name", CASES)
def test_attempts_are_those_of_calls_one_by_one(
    name: str, cloud: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    apart, together = tmp_path / "apart", tmp_path / "together"
    apart.mkdir()
    together.mkdir()
    seen = noted(monkeypatch)
    assert not RUNS[cloud](ALL[name], PASSES, apart)
    one_by_one = sorted(seen)
    seen.clear()
    assert RUNS[cloud](ALL[name], frozenset(), together)
    assert sorted(seen) == one_by_one
