"""What emitted expressions of Workflows look like, what is guarded, what is refused and why, templates."""

from __future__ import annotations

from typing import Any

import pytest
from engines.gcp.expressions.evaluator import evaluate
from expressions.agreement_on_gcp import emitted
from expressions.building import SPAN, build
from expressions.samples import SOURCES
from expressions.samples import TYPES as SAMPLE_TYPES

from skyloom.deployers.gcp.expr import LONGEST, WorkflowsEmitter
from skyloom.deployers.gcp.expr_calls import EMITTED
from skyloom.flows.expr import nodes
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    DATETIME,
    FLOAT,
    INT,
    STR,
    DictType,
    ListType,
    ModelType,
    Type,
    optional,
)

EMITTER = WorkflowsEmitter()

KNOWN: dict[str, Type] = {
    "ticket": ModelType("Ticket"),
    ".body": STR,
    ".tags": ListType(STR),
    ".score": INT,
    ".and": INT,
    "count": INT,
    "name": STR,
    "rows": ListType(ListType(INT)),
    "xs": ListType(INT),
    "prices": DictType(INT),
    "x": FLOAT,
    "y": FLOAT,
    "note": optional(STR),
    "amount": optional(INT),
    "amount_there": INT,
    "anything": ANY,
    "yes": BOOL,
    "when": DATETIME,
}

READABLE = {
    "count": "count",
    "ticket.score": "ticket.score",
    'f"Hello {name}, {count} open"': '"Hello " + name + ", " + string(count) + " open"',
    "ticket.tags[0]": "ticket.tags[0]",
    "xs[-1]": "xs[len(xs) - 1]",
    "xs[count]": "xs[if(count < 0, len(xs) + count, count)]",
    "prices['it']": "prices.it",
    "prices['two words']": 'prices["two words"]',
    "prices['and']": 'prices["and"]',
    "prices[name]": "prices[name]",
    "prices.get(name)": "map.get(prices, name)",
    "prices.get(name, 0)": "default(map.get(prices, name), 0)",
    "len(xs) > 3 and name != ''": '(len(xs) > 3) and (name != "")',
    "not xs": "len(xs) == 0",
    "not (yes and name == 'a')": 'not (yes and (name == "a"))',
    "not yes": "not (yes)",
    "'a' in name": 'text.replace_all(name, "a", "") != name',
    "count in xs": "count in xs",
    "count not in xs": "not (count in xs)",
    "name in prices": "name in prices",
    "'; '.join([name, 'x', name])": 'name + "; " + "x" + "; " + name',
    "anything['a']['b']": 'map.get(map.get(anything, "a"), "b")',
    "name in ('a', 'b')": '(name == "a") or (name == "b")',
    "(count + 1) * 2 - count * 3": "(count + 1) * 2 - count * 3",
    "count - (count - 1)": "count - (count - 1)",
    "count - -1": "count - (-1)",
    "-(count + 1)": "-(count + 1)",
    "count * 60 // 7": "count * 60 // 7",
    "1 if yes else count": "if(yes, 1, count)",
    "name or 'nobody'": 'if(name != "", name, "nobody")',
    "note is not None": "note != null",
    "note or 'none'": 'if(default(note, "") != "", note, "none")',
    "x + y": "x * 1.0 + y",
    "x * 1.5": "x * 1.5",
    "x / y + 1": "x / y + 1",
    "float(count)": "count * 1.0",
    "math.ceil(x)": "-math.floor(-x)",
    "minutes(count)": "count * 60.0",
    "xs + [count]": "list.concat(xs, count)",
    "[count, *xs]": "list.prepend(xs, count)",
    "xs == []": "len(xs) == 0",
    "name.upper()": "text.to_upper(name)",
    "name.split(',')[0]": 'text.split(name, ",")[0]',
    "name[:10]": "text.substring(name, 0, math.min(10, len(name)))",
    "name.startswith('ab')": 'text.substring(name, 0, math.min(2, len(name))) == "ab"',
    "max(count, 1)": "math.max(count, 1)",
    "yes or count / 2 > 1": "not ((not (yes)) and (count / 2 <= 1))",
    "'say \"hi\"\\n' + name": '"say \\"hi\\"\\n" + name',
}


@pytest.mark.parametrize(("source", "text"), READABLE.items())
def test_output_reads_well(source: str, text: str) -> None:
    assert EMITTER.emit(build(source, **KNOWN)) == text


ODD = 'text.match_regex(name, "[^\\\\t\\\\n\\\\r -~]")'

GUARDS = {
    "xs[0]": ["len(xs) == 0"],
    "xs[2]": ["len(xs) <= 2"],
    "xs[-2]": ["len(xs) <= 1"],
    "xs[count]": ["(count >= len(xs)) or (count + len(xs) < 0)"],
    "rows[0][1]": ["not ((len(rows) != 0) and (len(rows[0]) > 1))"],
    "prices[name]": ["not (name in prices)"],
    "anything['a']['b']": ['not ((map.get(anything, "a") != null) and (map.get(map.get(anything, "a"), "b") != null))'],
    "1 / count": ["count == 0"],
    "count % 7": ["count < 0"],
    "len(xs) % 7": [],
    "len(xs) // max(count, 1)": [],
    "count * count": ["math.abs(count * 1.0 * count) >= 9007199254740992.0"],
    "count * 100": ["math.abs(count * 1.0 * 100) >= 9007199254740992.0"],
    "count + 1": ["count + 1 > 9007199254740992"],
    "count - 1": ["count - 1 < (-9007199254740992)"],
    "(count - ticket.score) / 2": ["math.abs(count - ticket.score) > 9007199254740992"],
    "len(xs) * 100 + 1": [],
    "count % 10 + 1": ["count < 0"],
    "name.strip()": [ODD],
    "'a' in name": [],
    "name == 'a'": [],
    "math.floor(x)": ["math.abs(x) >= 9007199254740992.0"],
    "name.split(',')": ['name == ""'],
    # Between booleans, what Python leaves out is left out.
    "xs and xs[0] > 1": ["len(xs) == 0"],
    "len(xs) > 0 and xs[0] > 1": [],
    "yes and xs[0] > 1": ["yes and (len(xs) == 0)"],
    "yes or xs[0] > 1": ["(not (yes)) and (len(xs) == 0)"],
    "not xs or xs[0] > 1": [],
    "name in prices and prices[name] > 1": [],
    "count != 0 and 10 / count > 1": [],
    # Inside of if() everything is evaluated.
    "xs[0] if xs else 0": ["len(xs) == 0"],
    "name or prices['a']": ['not ("a" in prices)'],
}


@pytest.mark.parametrize(("source", "texts"), GUARDS.items())
def test_guards(source: str, texts: list[str]) -> None:
    expr = build(source, **KNOWN)
    assert list(EMITTER.guards(expr)) == texts
    assert EMITTER.fails(expr) == (texts[0] if texts else None)


def test_tests_that_led_here_are_known() -> None:
    first, some = build("xs[0]", **KNOWN), build("len(xs) > 1 and yes", **KNOWN)
    assert EMITTER.guards(first, known=[(some, True)]) == ()
    assert EMITTER.guards(first, known=[(some, False)]) == ("len(xs) == 0",)
    assert EMITTER.guards(first, known=[(build("not xs", **KNOWN), False)]) == ()
    assert EMITTER.guards(first, known=[(build("len(xs) == 0", **KNOWN), False)]) == ()
    second = build("xs[1]", **KNOWN)
    assert EMITTER.guards(second, known=[(build("xs", **KNOWN), True)]) == ("len(xs) <= 1",)
    assert EMITTER.guards(second, known=[(build("len(xs) == 2", **KNOWN), True)]) == ()
    item = build("prices[name]", **KNOWN)
    assert EMITTER.guards(item, known=[(build("name in prices", **KNOWN), True)]) == ()
    assert EMITTER.guards(item, known=[(build("name not in prices", **KNOWN), False)]) == ()
    counted = build("count + 1", **KNOWN)
    assert EMITTER.guards(counted, known=[(build("count < 10", **KNOWN), True)]) == ()
    assert EMITTER.guards(counted, known=[(build("count < len(xs)", **KNOWN), True)]) == ()
    assert EMITTER.guards(counted, known=[(build("count >= len(xs)", **KNOWN), False)]) == ()
    assert EMITTER.guards(counted, known=[(build("count > 10", **KNOWN), True)]) == ("count + 1 > 9007199254740992",)
    assert EMITTER.guards(build("count % 7", **KNOWN), known=[(build("count >= 0", **KNOWN), True)]) == ()
    assert EMITTER.guards(build("xs[count]", **KNOWN), known=[(build("count > -1", **KNOWN), True)]) == (
        "count >= len(xs)",
    )
    divided = build("1 // count", **KNOWN)
    assert EMITTER.guards(divided, known=[(build("count > 0", **KNOWN), True)]) == ()


REFUSED = {
    "name < 'm'": "order",
    "rows == [[1]]": "not documented",
    "anything == 1": "not documented",
    "when == when": "several ways",
    "str(x)": "float",
    'f"{x}"': "float",
    "x % y": "not documented",
    "[v for v in xs]": "step for every round",
    "sum(xs)": "step for every round",
    "sorted(xs)": "step for every round",
    "xs[1:]": "parts of lists",
    "xs + xs": "joins no lists",
    "'\\t' + name": "not documented",
    "round(x, 2)": "round",
    "json.dumps(xs)": "JSON",
    "list(prices.keys())": "step for every round",
    "name[::-1]": "without a step",
    "name.split()": "white space",
    # The value does not count, but Python evaluates it.
    "min(xs) in []": "step for every round",
    "len((min(xs), 2))": "outside of expressions",
    "min(xs) ** 0": "step for every round",
    "str(sum(xs)).startswith('')": "step for every round",
    "'' in str(sum(xs))": "iterates",
    "'" + "y" * LONGEST + "'": "400 characters",
}


@pytest.mark.parametrize(("source", "reason"), REFUSED.items())
def test_what_cannot_be_said_is_refused_with_its_reason(source: str, reason: str) -> None:
    with pytest.raises(CannotEmit) as refused:
        EMITTER.emit(build(source, **KNOWN))
    assert reason in refused.value.reason


def test_every_emitted_builtin_is_tried() -> None:
    tried = set()
    for source in SOURCES:
        expr = build(source, **SAMPLE_TYPES)
        if emitted(expr) is not None:
            tried |= {node.function for node in nodes.walk(expr) if isinstance(node, nodes.Call)}
    # Of caught errors the samples have none.
    assert set(EMITTED) - tried == {"error.type"}


# --- templates --------------------------------------------------------------------------------------------------


TEMPLATES: dict[str, Any] = {
    "{'a': 1, 'b': [count, {'c': name}], 'd': None}": {"a": 1, "b": ["${count}", {"c": "${name}"}], "d": None},
    "'plain'": "plain",
    "'tab\\tand \"quotes\"'": 'tab\tand "quotes"',
    "'${name}'": '${"$" + "{name}"}',
    "'a ${name} b'": '${"a $" + "{name} b"}',
    "1.5": 1.5,
    "True": True,
    "[]": [],
}


@pytest.mark.parametrize(("source", "template"), TEMPLATES.items())
def test_templates(source: str, template: Any) -> None:
    assert EMITTER.template(build(source, **KNOWN)) == template


@pytest.mark.parametrize("value", ["${x}", "a ${x}", "$", "${", "}", "$${a}}", 'say "${x}"'])
def test_texts_that_look_like_expressions_mean_themselves(value: str) -> None:
    literal = nodes.Literal(span=SPAN, type=STR, value=value)
    template = EMITTER.template(literal)
    assert (evaluate(template, {}) if template.startswith("${") else template) == value


def test_variables_may_be_places() -> None:
    emitter = WorkflowsEmitter({"xs": "answer.body", "count": 'args["a b"]', "name": "a + b"}.__getitem__)
    assert emitter.emit(build("xs[0]", **KNOWN)) == "answer.body[0]"
    assert emitter.emit(build("-count", **KNOWN)) == '-args["a b"]'
    assert emitter.emit(build("name == ''", **KNOWN)) == '(a + b) == ""'
