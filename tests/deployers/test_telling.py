"""What compiling an app tells its author is told once, however many flows it concerns."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyloom.deployers.base import Compiled
from skyloom.deployers.registry import deployer
from skyloom.flows.frontend import load_file

SOURCE = """
from skyloom.flows import *

@task(fuse=True, timeout=20)
def one(n: int) -> int:
    return n + 1

@flow
def shared(n: int) -> int:
    a = 0
    try:
        a = one(n)
        n = one(a)
    except ValueError:
        n = a
    return n

@flow
def first(n: int) -> int:
    return shared(n)

@flow
def second(n: int) -> int:
    return shared(n) + shared(n + 1)

app = App("telling", flows=[first, second])
"""


@pytest.mark.parametrize("target", ["aws", "azure", "gcp"])
def test_a_note_on_a_flow_that_two_others_run_stands_there_once(tmp_path: Path, target: str) -> None:
    path = tmp_path / "telling_of_test.py"
    path.write_text(SOURCE, encoding="utf-8")
    app = load_file(path).app
    compiled = deployer(target, app.name, "dev", app.environment("dev")).compile(app)
    assert isinstance(compiled, Compiled)
    places = [one.span.line for one in compiled.diagnostics if one.code == "SKY780" and one.span is not None]
    assert places == [12]
