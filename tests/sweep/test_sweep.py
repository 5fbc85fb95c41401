"""A seeded slice of the expression sweep; `make sweep` runs all of it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sweep import engines
from sweep.forms import form
from sweep.report import Report, markdown
from sweep.run import every_form, sweep
from sweep.tally import equal

from skyloom.deployers.aws.expr import JsonataEmitter
from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.nodes import Expr
from skyloom.flows.expr.types import FLOAT, INT, ListType, union

A_SLICE = 1500
"""Forms, of which a quarter is refused: half a minute."""


def disagreements(report: Report) -> list[str]:
    return [f"{name}: {found}" for name, tally in report.engines.items() for found in tally.different]


def test_a_slice_agrees_everywhere(tmp_path: Path) -> None:
    report = sweep(random.Random(6).sample(every_form(), A_SLICE), tmp_path)
    assert disagreements(report) == []
    assert report.combinations > 5_000
    for tally in report.engines.values():
        assert sum(tally.counts.values()) == report.combinations
        assert tally.counts["equal"] > 500


def test_every_builtin_is_swept() -> None:
    assert {one.group for one in every_form()} >= set(BUILTINS)


def test_a_wrong_value_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(JsonataEmitter):
        def emit(self, expr: Expr) -> str:
            return super().emit(expr).replace("+", "-")

    monkeypatch.setattr(engines, "JSONATA", Wrong())
    report = sweep([form("arithmetic", "a + 1", a="int")], tmp_path)
    wrong = [tally for name, tally in report.engines.items() if name.startswith("JSONata")]
    assert len(wrong) == 2
    for tally in wrong:
        assert tally.counts["equal"] == 0 and len(tally.different) > 10


def test_an_error_that_is_not_foreseen_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless(JsonataEmitter):
        def fails(self, expr: Expr, known: object = ()) -> None:
            return None

    monkeypatch.setattr(engines, "JSONATA", Careless())
    report = sweep([form("items", "a[0]", a="list[int]")], tmp_path)
    assert any("Python Raised(error='IndexError'" in found for found in disagreements(report))


def test_ints_and_floats_are_told_apart_where_the_type_does() -> None:
    assert equal(2, 2.0, FLOAT) and equal([2], [2.0], ListType(FLOAT))
    assert not equal(2.0, 2, INT) and not equal(True, 1, INT) and not equal(3, 2.0, FLOAT)
    assert equal(2.0, 2, union(INT, FLOAT))


def test_refusals_are_counted_by_code(tmp_path: Path) -> None:
    report = sweep([form("joining", "a + b", a="str", b="int"), form("unary", "-a", a="int")], tmp_path)
    assert report.refused == {"SKY212": 1} and report.forms == 1
    assert "1 further expressions are refused" in markdown(report) and "SKY212 1" in markdown(report)
