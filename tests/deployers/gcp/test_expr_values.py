"""Emitted expressions of Workflows on values that engines get wrong."""

from __future__ import annotations

from typing import Any

import pytest
from engines.gcp.expressions.evaluator import evaluate
from expressions.agreement_on_gcp import EMITTER, agree, emitted, value_of
from expressions.building import SPAN, build
from expressions.typed import TYPED, TYPES
from expressions.values import floats, integers, texts, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.flows.expr import nodes
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.types import ANY

FEW = settings(max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

SAID = [source for source in TYPED if emitted(build(source, **TYPES)) is not None]


@pytest.mark.parametrize("source", SAID)
def test_values(source: str) -> None:
    expr = build(source, **TYPES)
    names = sorted(nodes.free_names(expr))

    @FEW
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        agree(expr, {name: data.draw(values(TYPES[name]), label=name) for name in names})

    check()


WHOLE = st.integers(-(2**53), 2**53)


@pytest.mark.parametrize(
    "source",
    """i // j ; i % j ; i // 7 ; i % 7 ; i / j ; str(i) ; i * j ; i * j * 2 ; i + j - 3 ; i ** 2 ; i * x ; (i + j) / 2
    i * j * 1.5 ; i + j < x ; float(i + j) ; i + j == x ; abs(i * j) + 1 ; minutes(i + j) ; -(i * j) ; i * i * i * 4
    (i + j) * (i - j) ; i * j - i * i""".replace(";", "\n").split("\n"),
)
def test_every_integer(source: str) -> None:
    """Integers are exact as far as they go, and guarded where they would not be."""
    expr = build(source.strip(), **TYPES)

    @settings(FEW, max_examples=200)
    @given(i=WHOLE, j=WHOLE | st.integers(-9, 9), x=floats)
    def check(i: int, j: int, x: float) -> None:
        given_ = {"i": i, "j": j, "x": x}
        agree(expr, {name: given_[name] for name in nodes.free_names(expr)})

    check()


@settings(FEW, max_examples=300)
@given(value=texts | integers | floats | st.booleans() | st.none() | st.text(max_size=5))
def test_literals(value: Any) -> None:
    """What can be written inside an expression means itself; in a template everything does."""
    expr = nodes.Literal(span=SPAN, type=ANY, value=value)
    try:
        assert evaluate(EMITTER.emit(expr), {}) == value
    except CannotEmit:
        assert isinstance(value, str | float)
    try:
        template = EMITTER.template(expr)
    except CannotEmit:
        return
    found = value_of(template, {})
    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)
