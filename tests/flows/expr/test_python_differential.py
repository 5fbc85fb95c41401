"""Plain Python against the emitted Python on JSON values: the same value, or the same error with the same message."""

from __future__ import annotations

import json

import pytest
from expressions.building import Build
from expressions.exact import is_exactly
from expressions.samples import PLAIN, SOURCES, TYPES, VALUES, outcome, to_json
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.errors import Span
from skyloom.flows.expr import nodes
from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.nodes import Call, walk
from skyloom.flows.expr.python import compile_expr
from skyloom.flows.expr.rules import may_raise
from skyloom.flows.expr.types import ERROR, STR

SPAN = Span(1, 1, 1, 1)


@pytest.mark.parametrize("source", SOURCES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_emitted_python_means_what_python_means(build: Build, source: str, data: st.DataObject) -> None:
    expr = build(source, **TYPES)
    names = sorted(nodes.free_names(expr))
    values = {name: data.draw(VALUES[name], label=name) for name in names}
    expected = outcome(lambda: eval(source, {**PLAIN, **values}))
    carried = {name: to_json(value) for name, value in values.items()}
    assert outcome(lambda: compile_expr(expr)(carried)) == expected
    if expected[0] == "value":
        # What is said to be a float is one, and what is said to be an int is none.
        assert is_exactly(json.loads(expected[1]), expr.type, {})
    if expected[0] == "error":
        assert may_raise(expr), "an expression that raised was said to be total"
        raised = {error for node in walk(expr) if isinstance(node, Call) for error in BUILTINS[node.function].raises}
        assert expected[1] in raised | {"IndexError", "KeyError", "ZeroDivisionError", "OverflowError", "ValueError"}


def test_every_builtin_is_compared(build: Build) -> None:
    used = {n.function for source in SOURCES for n in walk(build(source, **TYPES)) if isinstance(n, Call)}
    assert set(BUILTINS) - used == {"error.type"}


def test_the_class_name_of_an_error() -> None:
    error = nodes.Name(span=SPAN, type=ERROR, name="e")
    call = nodes.Call(span=SPAN, type=STR, function="error.type", arguments=(error,))
    assert compile_expr(call)({"e": {"type": "Boom", "bases": ["Exception"], "message": "no"}}) == "Boom"
