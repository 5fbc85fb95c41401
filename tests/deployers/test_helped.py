"""What is said of expressions in the helper function: with which errors they may end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from skyloom.deployers.helped import TOO_LARGE, errors_of, helped, places_of
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.flows.frontend import load_file
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program

HEAD = """
from datetime import datetime
from skyloom.flows import *
from pydantic import BaseModel

class Order(BaseModel):
    total: int

@task
def put(a: int, b: int) -> int: ...

"""
PARAMETERS = (
    "n: int, x: float, ns: list[int], pairs: list[list[int]], by: dict[str, int], "
    "two: tuple[int, int], order: Order, at: datetime"
)


def program_of(tmp_path: Path, body: str) -> Program:
    path = tmp_path / "helped_of_test.py"
    path.write_text(f"{HEAD}@flow\ndef f({PARAMETERS}) -> None:\n    {body}\n", encoding="utf-8")
    program: Program = load_file(path).f.program
    return program


@pytest.mark.parametrize(
    ("source", "errors"),
    [
        ("ns[3]", ("IndexError",)),
        ("ns[n] // n", ("ZeroDivisionError", "IndexError")),
        ("by['a']", ("KeyError",)),
        ("two[1]", ()),
        ("order.total", ()),
        ("n + 1", (TOO_LARGE,)),
        ("n % 2", ()),
        ("x + 1.5", ()),
        ("x / 2", ()),
        ("x / n", ("ZeroDivisionError",)),
        ("int(str(n))", ("ValueError", "OverflowError", TOO_LARGE)),
        ("at < at", ("TypeError",)),
        ("n < 3", ()),
        ("[a for a, b in pairs]", ("ValueError",)),
        ("ns[::n]", ("ValueError",)),
        ("ns[::2]", ()),
    ],
)
def test_errors(tmp_path: Path, source: str, errors: tuple[str, ...]) -> None:
    (statement, *_) = program_of(tmp_path, f"value = {source}").flow.body
    assert isinstance(statement, ir.Assign)
    assert errors_of(statement.value) == errors


def test_what_is_said_of_an_expression_that_may_fail(tmp_path: Path) -> None:
    program = program_of(tmp_path, "put(n, ns[0])")
    (call, *_) = program.flow.body
    hoisted = HoistedExpression(
        id="f_1",
        source="ns[0]",
        names=("ns",),
        file=program.flow.file,
        span=call.span,
        reason="of what it raises",
        always=False,
        only_errors=True,
    )
    told = helped("f", hoisted, places_of([program]), "1 step")
    assert (told.expression, told.why, told.only_errors) == ("ns[0]", "only where it fails: IndexError", True)
    blanks = replace(hoisted, only_errors=False, reason="Python knows more blanks than Workflows")
    told = helped("f", blanks, places_of([program]), "1 step")
    assert (told.why, told.only_errors) == ("only for some values: Python knows more blanks than Workflows", False)
    unknown = helped("f", hoisted, {}, "1 step")
    assert (unknown.expression, unknown.why) == ("ns[0]", "only where it fails: of what it raises")
