"""What emitted JSONata looks like, what is refused and why, templates, depth, names."""

from __future__ import annotations

from typing import Any

import pytest
from expressions.agreement import EMITTER, agree, emitted, engines
from expressions.building import SPAN, build
from expressions.samples import SOURCES, TYPES, VALUES, to_json
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.deployers.aws.expr import JsonataEmitter
from skyloom.deployers.aws.expr_depth import DEEPEST, depth
from skyloom.flows.expr import nodes
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.types import ANY, BOOL, FLOAT, INT, STR, DictType, ListType, ModelType, Type, optional

KNOWN: dict[str, Type] = {
    "ticket": ModelType("Ticket"),
    ".body": STR,
    ".tags": ListType(STR),
    ".score": INT,
    "tickets": ListType(ModelType("Ticket")),
    "count": INT,
    "name": STR,
    "rows": ListType(ListType(INT)),
    "xs": ListType(INT),
    "prices": DictType(INT),
    "x": FLOAT,
    "note": optional(STR),
    "anything": ANY,
    "yes": BOOL,
}

READABLE = {
    'f"Hello {name}, {count} open"': "'Hello ' & $name & ', ' & $formatInteger($count, '0') & ' open'",
    "ticket.tags[0]": "$ticket.tags[0]",
    "[t.body for t in tickets if t.score > 3]": "[$map($tickets, function($t) { $t.score > 3 ? $t.body })]",
    "[t for t in tickets if t.score > 3]": "[$filter($tickets, function($t) { $t.score > 3 })]",
    "[row[0] for row in rows]": "[$map($rows, function($row) { $row[0] })]",
    "[[a] for a in xs]": "[$map($xs, function($a) { [$a] })[]]",
    "len(xs) > 3 and name != ''": "$count($xs) > 3 and $name != ''",
    "not xs": "$count($xs) = 0",
    "'a' in name": "$contains($name, 'a')",
    "count in xs": "$count in $xs",
    "name in prices": "$name in $keys($prices)",
    "prices['it']": "$prices.it",
    "prices.get(name, 0)": "$name in $keys($prices) ? $lookup($prices, $name) : 0",
    "count % 2 == 0": "($count % 2 + 2) % 2 = 0",
    "count // 60": "$floor($count / 60)",
    "sorted(tickets, key=lambda t: -t.score)": "[$sort($tickets, function($a, $b) { -$a.score > -$b.score })]",
    "sorted(xs)": "$sort($xs)",
    "sum(t.score for t in tickets)": "$sum([$map($tickets, function($t) { $t.score })])",
    "any(t.score > 3 for t in tickets)": "$exists($filter($tickets, function($t) { $t.score > 3 }))",
    "name or 'nobody'": "$name != '' ? $name : 'nobody'",
    "note is not None": "$note != null",
    "name[:10]": "$substring($name, 0, 10)",
    "xs[-1]": "$xs[-1]",
    "xs[1:]": "[$filter($xs, function($value, $position) { $position >= 1 })]",
    "[*xs, count]": "[$xs, $count]",
    "{'n': count, **prices}": "$merge([{'n': $count}, $prices])",
    "','.join(ticket.tags)": "$join($ticket.tags, ',')",
    "name.upper()": "$uppercase($name)",
    "name.split(',')": "$split($name, ',')",
    "[i * 2 for i in range(count)]": "[$map([0..$count - 1], function($i) { $i * 2 })]",
}


@pytest.mark.parametrize(("source", "text"), READABLE.items())
def test_output_reads_well(source: str, text: str) -> None:
    assert EMITTER.emit(build(source, **KNOWN)) == text


FAILING = {
    "xs[0]": "$count($xs) = 0",
    "xs[count]": "$count >= $count($xs) or $count < -$count($xs)",
    "prices[name]": "$not($name in $keys($prices))",
    "1 / count": "$count = 0",
    "max(xs)": "$count($xs) = 0",
    "max(t.score for t in tickets)": "$count($tickets) = 0",
    "int(name)": r"$not($contains($name, /^-?(0|[1-9][0-9]{0,14})(?![\s\S])/))",
    "[t.tags[0] for t in tickets]": "$exists($filter($tickets, function($t) { $count($t.tags) = 0 }))",
    "yes and xs[0] > 1": "$yes and $count($xs) = 0",
    "xs[0] if yes else xs[1]": "$yes ? $count($xs) = 0 : $count($xs) <= 1",
    "1 // xs[0]": "$count($xs) = 0 or $xs[0] = 0",
    # What cannot go wrong.
    "xs[0] if xs else 0": None,
    "xs[-1] if len(xs) > 0 else 0": None,
    "xs and xs[0] > 1": None,
    "0 if not xs else xs[0]": None,
    "xs[2] if len(xs) == 3 else 0": None,
    "prices[name] if name in prices else 0": None,
    "1 / count if count else 0.0": None,
    "1 / count if count != 0 else 0.0": None,
    "0 if count == 0 else 1 // count": None,
    "[t.tags[0] for t in tickets if t.tags]": None,
    "sum([x % 9 for x in xs]) / max(len(xs), 1)": None,
    "count / 2": None,
    "xs[1:]": None,
    # What is known is about something else.
    "xs[1] if xs else 0": "$count($xs) > 0 and $count($xs) <= 1",
    "xs[0] if not xs else 0": "$count($xs) = 0 and $count($xs) = 0",
    "xs[0] if xs or yes else 0": "($count($xs) > 0 or $yes) and $count($xs) = 0",
}


@pytest.mark.parametrize(("source", "text"), FAILING.items())
def test_failing(source: str, text: str | None) -> None:
    assert EMITTER.fails(build(source, **KNOWN)) == text


def test_tests_that_led_here_are_known() -> None:
    first, some = build("xs[0]", **KNOWN), build("len(xs) > 1 and yes", **KNOWN)
    assert EMITTER.fails(first, known=[(some, True)]) is None
    assert EMITTER.fails(first, known=[(some, False)]) == "$count($xs) = 0"
    assert EMITTER.fails(first, known=[(build("not xs", **KNOWN), False)]) is None


REFUSED = {
    "str(x)": "2 from 2.0",
    "f'{x:.2f}'": "decimals",
    "round(x, 2)": "decimals",
    "x ** 2": "exponent",
    "sum([x])": "sum of floats",
    "xs < xs": "lists are compared",
    "anything == anything": "True and 1",
    "name.split(maxsplit=1)": "white space",
    "name.find('a', 1)": "bounds",
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_is_not_exact_is_refused(source: str) -> None:
    with pytest.raises(CannotEmit, match=REFUSED[source]):
        EMITTER.emit(build(source, **KNOWN))


# --- names ------------------------------------------------------------------------------------------------------


def test_variables_are_written_as_asked() -> None:
    emitter = JsonataEmitter(lambda name: f"$states.input.{name}")
    assert emitter.emit(build("[a + count for a in xs]", **KNOWN)) == (
        "[$map($states.input.xs, function($a) { $a + $states.input.count })]"
    )


def test_what_an_expression_binds_hides_nothing() -> None:
    emitter = JsonataEmitter(lambda name: {"xs": "$a", "count": "$value"}.get(name, f"${name}"))
    assert emitter.emit(build("[a + count for a in xs[1:]]", **KNOWN)) == (
        "[$map([$filter($a, function($value2, $position) { $position >= 1 })], function($a2) { $a2 + $value })]"
    )
    # Functions of JSONata are variables, too.
    text = EMITTER.emit(build("[sum + len(xs) for sum in xs for sum in [sum]]", **KNOWN))
    assert "function($all, $sum2)" in text and "function($sum3)" in text


# --- templates --------------------------------------------------------------------------------------------------


def test_templates_keep_what_is_constant() -> None:
    expr = build("{'a': [1, 2.5, None, True, 'text'], 'b': {'c': name, 'd': []}, 'e': count + 1}", **KNOWN)
    assert EMITTER.template(expr) == {
        "a": [1, 2.5, None, True, "text"],
        "b": {"c": "{% $name %}", "d": []},
        "e": "{% $count + 1 %}",
    }


@pytest.mark.parametrize("text", ["{% 1 %}", "%}", "{%", "a {% b"])
def test_texts_that_look_like_expressions_are_computed(text: str) -> None:
    template = EMITTER.template(nodes.Literal(span=SPAN, type=STR, value=text))
    assert template.startswith("{% ") and template.endswith(" %}") and "%}" not in template[:-2]
    for engine in engines():
        assert engine.evaluate(template[2:-2], {}) == text


@pytest.mark.parametrize("source", ["{name: 1}", "{**prices}", "[*xs, 1]", "{'a': 1, 'a': 2}"])
def test_other_displays_are_computed_as_a_whole(source: str) -> None:
    assert EMITTER.template(build(source, **KNOWN)) == f"{{% {EMITTER.emit(build(source, **KNOWN))} %}}"


# --- depth ------------------------------------------------------------------------------------------------------


def test_long_texts_and_tests_do_not_nest_deep() -> None:
    text = "-".join(["{name}"] * 300)
    test = " or ".join(f"count == {number}" for number in range(200))
    for source in (f'f"{text}"', test, test.replace("or", "and").replace("==", "!=")):
        expr = build(source, **KNOWN)
        assert depth(EMITTER.emit(expr)) < DEEPEST
        assert agree(expr, {name: {"name": "ann", "count": 500}[name] for name in nodes.free_names(expr)})


def test_what_nests_too_deep_is_refused() -> None:
    with pytest.raises(CannotEmit, match="deeper"):
        EMITTER.emit(build(" + ".join(["count"] * 120), **KNOWN))


def test_the_bound_of_the_depth_holds() -> None:
    """What `depth` says is never less than how deep jsonata-js goes."""
    js: Any = engines()[0]
    for source in SOURCES:
        said = emitted(build(source, **TYPES))
        if said is None:
            continue

        @settings(max_examples=2, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(data=st.data())
        def check(data: st.DataObject) -> None:
            names = nodes.free_names(build(source, **TYPES))  # noqa: B023
            js.evaluate(said[0], {name: to_json(data.draw(VALUES[name])) for name in names})  # noqa: B023
            assert js.deepest <= depth(said[0]), (js.deepest, said[0])  # noqa: B023

        check()
