"""Values of Workflows that take several steps: the same as in Python, for no more than the helper would cost."""

from __future__ import annotations

import json

import pytest
from expressions.agreement_on_gcp import EMITTER, agree_unfolded, emitted, unfolded
from expressions.building import build
from expressions.composed import VARIABLES, sources
from expressions.samples import SOURCES, TYPES, VALUES, to_json
from expressions.typed import TYPED
from expressions.typed import TYPES as TYPED_TYPES
from expressions.values import values
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from skyloom.flows.expr import nodes
from skyloom.flows.expr.builtins import NoSignature

FEW = settings(max_examples=25, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

LONG = "x" * 300

MORE = [
    '{"a": i, **di}',
    '{**di, "a": i, s: j}',
    "{s: t, t: s}",
    '{s: {t: i}, "odd key": [s, {t: [i]}]}',
    "[i, *si, j]",
    "[i, *si, *si]",
    "[[i], *sl, si]",
    "[i, j][p]",
    '{"a": i, "b": j}["a"]',
    '{"a": i}[s]',
    f"'{LONG}' + s + '{LONG}'",
    f'f"{LONG}{{s}}{LONG}{{t}}{LONG}"',
    "'\\t' + s",
    "'${' + s",
    "s in ['\\t', t]",
    "[{'text': '\\t' + s, 'more': {**ds, s: '\"'}}]",
    "si[0] if si else 0",
    "0 if not si else si[0]",
    "si[i] if p else 0",
    "si[i] if p else si[j]",
    "si[0] if si and p else i",
    "si[0] if si or p else i",
    "si[i] if si and len(si) > i and i >= 0 else j",
    "si and si[0]",
    f"p and s == '{LONG}' + str(si[0]) + '{LONG}'",
    f"p and '{LONG}' + str(si[0]) + '{LONG}' == s",
    "p and s + str(si[0]) in ['\\t', t]",
    "p and {s: t} == {}",
    "'\\t' + (s if p else str(si[0]))",
    "['\\t' + str(si[0] if p else 1)]",
    "si and si[0] > 1",
    "not si or si[0] > 1",
    "p and i / j > 1",
    "p or i / j > 1",
    "p and s in di and di[s] > i",
    "not (p and i // j)",
    "di[s] if s in di else di[t] if t in di else 0",
    "'low' if i < 3 else 'mid' if i < 6 else 'high'",
    "{'kind': 'a', 'n': si[0]} if si else {'kind': 'b', 'n': 0}",
    "[si[0], si[-1]] if len(si) > 1 else []",
    "n if n is not None else 0",
    "n or i / j",
    "{'first': si[0] if si else 0, 'all': si}",
    "1 if si and si[0] / j > 1 else 2",
    "i / j if j else 0.0",
    "i if p else j if s else len(si) if t else 3",
    "p and p or si[0] > 1 and p",
    "s.split(t)[0] if t in s else s",
    "s.split(t)[0] if s and t and t in s else s",
    "' ' + s.strip() + '-' + t.strip() + '-' + s.lower() + '-' + t.lower() + '-' + s.upper() + s[1:3] + t[2:]",
]

ALL = [*SOURCES, *MORE]


def takes_steps(expr: nodes.Expr) -> bool:
    """Whether more than one expression is needed: the others are tried in `test_expr_differential.py`."""
    ways = unfolded(expr)
    return ways is not None and (len(ways) > 1 or bool(ways[0].pairs))


SAID = [source for source in ALL if takes_steps(build(source, **TYPES))]


@pytest.mark.parametrize("source", SAID)
def test_samples(source: str) -> None:
    expr = build(source, **TYPES)
    names = sorted(nodes.free_names(expr))
    counted = []

    def check(data: st.DataObject) -> None:
        given_ = {name: json.loads(json.dumps(to_json(data.draw(VALUES[name], label=name)))) for name in names}
        counted.append(agree_unfolded(expr, given_))

    for examples in (25, 300, 1500):
        settings(FEW, max_examples=examples)(given(data=st.data())(check))()
        if any(counted):
            return
    pytest.fail("every value is left to Python")


TYPED_SAID = [source for source in TYPED if takes_steps(build(source, **TYPED_TYPES))]


@pytest.mark.parametrize("source", TYPED_SAID)
def test_values(source: str) -> None:
    expr = build(source, **TYPED_TYPES)
    names = sorted(nodes.free_names(expr))

    @FEW
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        agree_unfolded(expr, {name: data.draw(values(TYPED_TYPES[name]), label=name) for name in names})

    check()


@settings(FEW, max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_composed(data: st.DataObject) -> None:
    source = data.draw(sources(data.draw(st.sampled_from(sorted(VARIABLES))), depth=2), label="source")
    try:
        expr = build(source, **TYPES)
    except (AssertionError, SyntaxError, NoSignature):
        assume(False)  # Python, or the types of the test's front end, do not have this one.
    assume(unfolded(expr) is not None)
    names = sorted(nodes.free_names(expr))
    agree_unfolded(expr, {name: json.loads(json.dumps(to_json(data.draw(VALUES[name], label=name)))) for name in names})


@pytest.mark.parametrize("source", [source for source in ALL if emitted(build(source, **TYPES)) is not None])
def test_what_an_expression_says_takes_no_step(source: str) -> None:
    expr = build(source, **TYPES)
    ways = unfolded(expr)
    assert ways is not None
    if not EMITTER.guards(expr):
        assert [(way.condition, way.pairs, way.value) for way in ways] == [(None, (), EMITTER.template(expr))]
