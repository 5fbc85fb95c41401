"""What the front end makes of every conformance case: sound, the same after a round trip, sound after the passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyloom.flows.frontend import check_file
from skyloom.flows.ir.codec import dumps, loads
from skyloom.flows.ir.structure import problems
from skyloom.flows.passes import run

CASES = sorted((Path(__file__).parents[2] / "conformance" / "cases").glob("*.py"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_compiled_programs_are_sound(path: Path) -> None:
    flows = check_file(path).flows
    assert flows
    for name, flow in flows.items():
        program = flow.program
        assert problems(program) == [], name
        assert problems(run(program)) == [], name
        assert loads(dumps(program)) == program, name
