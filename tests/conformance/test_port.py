"""The port of an engine carries a cloud: what is compiled for Google's Workflows, judged by the package."""

from __future__ import annotations

from pathlib import Path

from conformance.on_gcp.gaps import GAPS
from conformance.on_gcp.port import Workflows

from skyloom.conformance import running, suite
from skyloom.conformance.engine import Engine
from skyloom.conformance.outcomes import SAME, of_gap


def test_workflows_behind_the_port(tmp_path: Path) -> None:
    engine: Engine = Workflows(tmp_path)
    wanted = {**suite.selected("approving/*"), **suite.selected("ints_and_floats/*")}
    found = dict(running.outcomes_of("gcp", engine, wanted))
    expected = {name: of_gap(GAPS[name]) if name in GAPS else SAME for name in found}
    assert {name: row["gcp"] for name, row in found.items()} == expected
    assert {row["plain"] for row in found.values()} == {SAME}
    assert any(name in GAPS for name in found)
