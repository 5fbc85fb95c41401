"""Values that JSONata treats unlike Python: nulls, lists of one, lists in lists, keys with odd characters, numbers at
the edge, astral characters, values of type Any."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from expressions.agreement import EMITTER, agree, engines
from expressions.building import SPAN, build
from expressions.comparing import same
from expressions.typed import TYPED, TYPES
from expressions.values import TEXTS, floats, integers, texts, values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.flows.expr import nodes
from skyloom.flows.expr.types import (
    ANY,
    STR,
)

FEW = settings(max_examples=15, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("source", TYPED)
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
    "source", ["i // j", "i % j", "divmod(i, j)", "i // 7", "i % 7", "i / j", "str(i)", "f'{i:,}'"]
)
def test_every_integer(source: str) -> None:
    """Division is exact as far as integers are."""
    expr = build(source, **TYPES)

    @settings(FEW, max_examples=100)
    @given(i=WHOLE, j=WHOLE | st.integers(-9, 9), k=WHOLE)
    def check(i: int, j: int, k: int) -> None:
        multiple = j * (k // j) if j else k
        # Also where the quotient is an integer, or next to one.
        for numerator in (i, multiple, multiple - 1, multiple + 1):
            if abs(numerator) <= 2**53:
                agree(expr, {name: {"i": numerator, "j": j}[name] for name in nodes.free_names(expr)})

    check()


# --- literals ---------------------------------------------------------------------------------------------------


@settings(FEW, max_examples=100)
@given(value=texts | integers | floats | st.booleans() | st.none() | st.text(max_size=5))
def test_literals(value: Any) -> None:
    expr = nodes.Literal(span=SPAN, type=ANY, value=value)
    for engine in engines():
        assert same(engine.evaluate(EMITTER.emit(expr), {}), value), engine.name


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_ends_an_expression_early(text: str) -> None:
    assert "%}" not in EMITTER.emit(nodes.Literal(span=SPAN, type=STR, value=text))


# --- the whole of Unicode ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "method"), [("lowercase", str.lower), ("uppercase", str.upper)])
def test_cases_of_every_character(name: str, method: Callable[[str], str]) -> None:
    """Engines may know a newer Unicode than Python: what is a letter there only does not count."""
    characters = [
        chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000 and method(chr(code)) != chr(code)
    ]
    text = f"$map($c, function($x) {{ ${name}($x) }})"
    for engine in engines():
        for before, after in zip(characters, engine.evaluate(text, {"c": characters}), strict=True):
            known = all(unicodedata.category(c) != "Cn" for c in after)
            assert method(before) == after or not known, (engine.name, hex(ord(before)))


def test_the_final_sigma() -> None:
    words = ["".join(word) for n in range(1, 5) for word in itertools.product("ΣΑσ.'1\u0301 -", repeat=n)]
    for engine in engines():
        assert engine.evaluate("$map($w, function($x) { $lowercase($x) })", {"w": words}) == [w.lower() for w in words]
