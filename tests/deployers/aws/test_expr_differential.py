"""Emitted JSONata against the reference emitter: the same value on every engine, or an error that was foreseen."""

from __future__ import annotations

import json

import pytest
from expressions.agreement import EMITTER, agree, emitted
from expressions.building import build
from expressions.comparing import has_index
from expressions.composed import VARIABLES, sources
from expressions.samples import SOURCES, TYPES, VALUES, to_json
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from skyloom.flows.expr import nodes
from skyloom.flows.expr.builtins import NoSignature
from skyloom.flows.expr.emitter import gaps

SAID = [source for source in SOURCES if emitted(build(source, **TYPES)) is not None]

FEW = settings(max_examples=12, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("source", SAID)
def test_samples(source: str) -> None:
    expr = build(source, **TYPES)
    names = sorted(nodes.free_names(expr))
    counted = []

    def check(data: st.DataObject) -> None:
        values = {name: json.loads(json.dumps(to_json(data.draw(VALUES[name], label=name)))) for name in names}
        counted.append(agree(expr, values))

    for examples in (12, 60, 300, 1500):  # Of few random keys and indices, none may exist.
        settings(FEW, max_examples=examples)(given(data=st.data())(check))()
        if any(counted):
            return
    pytest.fail("every value is said to fail")


@settings(FEW, max_examples=200)
@given(data=st.data())
def test_composed(data: st.DataObject) -> None:
    """Random expressions. No key of a dict looks like the index of an array, and no list gets endless."""
    source = data.draw(sources(data.draw(st.sampled_from(sorted(VARIABLES)))), label="source")
    try:
        expr = build(source, **TYPES)
    except (AssertionError, SyntaxError, NoSignature):
        assume(False)  # Python, or the types of the test's front end, do not have this one.
    assume(emitted(expr) is not None)
    drawn = {**VALUES, "i": st.integers(-4, 12), "di": VALUES["di"].filter(lambda entries: not has_index(entries))}
    names = sorted(nodes.free_names(expr))
    agree(expr, {name: json.loads(json.dumps(to_json(data.draw(drawn[name], label=name)))) for name in names})


def test_every_builtin_is_declared() -> None:
    assert gaps(EMITTER) == []
