"""Expressions are written as a reader of the picture knows them from the source."""

from __future__ import annotations

import ast
from types import ModuleType

import pytest

from skyloom.errors import Span
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Entry,
    Expr,
    Function,
    Generator,
    Literal,
    Logic,
    Name,
    Named,
    Object,
    Slice,
    Spread,
    Truth,
    Unary,
    Unpack,
)
from skyloom.flows.expr.types import ANY, BOOL, INT, STR, DictType, ListType, TupleType
from skyloom.flows.graph.expressions import source, target_source, template

AT = Span(1, 1, 1, 2)


def name(text: str) -> Name:
    return Name(name=text, span=AT, type=ANY)


def number(value: int | float) -> Literal:
    return Literal(value=value, span=AT, type=INT)


def text(value: str) -> Literal:
    return Literal(value=value, span=AT, type=STR)


def binary(left: Expr, operator: str, right: Expr) -> Binary:
    return Binary(operator=operator, left=left, right=right, span=AT, type=ANY)  # type: ignore[arg-type]


def logic(operator: str, *operands: Expr) -> Logic:
    return Logic(operator=operator, operands=operands, span=AT, type=BOOL)  # type: ignore[arg-type]


def negated(operand: Expr, sign: str = "not") -> Unary:
    return Unary(operator=sign, operand=operand, span=AT, type=ANY)  # type: ignore[arg-type]


def call(function: str, *arguments: Expr, **keywords: Expr) -> Call:
    named = tuple(Named(name=key, value=value) for key, value in keywords.items())
    return Call(function=function, arguments=arguments, keywords=named, span=AT, type=ANY)


A, B, C = name("a"), name("b"), name("c")
LOOP = Generator(target=Bind(name="x"), items=A, conditions=(logic("or", B, C),))

CASES: list[tuple[Expr, str]] = [
    (Literal(value=None, span=AT, type=ANY), "None"),
    (number(True), "True"),
    (text('say "hi"\n'), r'"say \"hi\"\n"'),
    (text("größer"), '"größer"'),
    (text("\x7f\u2028"), r'"\x7f\u2028"'),
    (binary(binary(A, "-", B), "-", C), "a - b - c"),
    (binary(A, "-", binary(B, "-", C)), "a - (b - c)"),
    (binary(binary(A, "+", B), "*", C), "(a + b) * c"),
    (binary(A, "+", binary(B, "*", C)), "a + b * c"),
    (binary(A, "**", binary(B, "**", C)), "a ** b ** c"),
    (binary(binary(A, "**", B), "**", C), "(a ** b) ** c"),
    (binary(number(-2), "**", A), "(-2) ** a"),
    (negated(binary(A, "**", B), "-"), "-a ** b"),
    (binary(A, "**", negated(B, "-")), "a ** (-b)"),
    (logic("and", logic("or", A, B), C), "(a or b) and c"),
    (logic("or", logic("and", A, B), C), "a and b or c"),
    (negated(logic("and", A, B)), "not (a and b)"),
    (negated(Compare(operator="in", left=A, right=B, span=AT, type=BOOL)), "not a in b"),
    (
        Compare(
            operator="<", left=Compare(operator="==", left=A, right=B, span=AT, type=BOOL), right=C, span=AT, type=BOOL
        ),
        "(a == b) < c",
    ),
    (Compare(operator="==", left=A, right=Literal(value=None, span=AT, type=ANY), span=AT, type=BOOL), "a is None"),
    (
        Compare(operator="!=", left=A, right=Literal(value=None, span=AT, type=ANY), span=AT, type=BOOL),
        "a is not None",
    ),
    (Truth(operand=A, span=AT, type=BOOL), "a"),
    (Conditional(test=A, body=B, orelse=C, span=AT, type=ANY), "b if a else c"),
    (binary(Conditional(test=A, body=B, orelse=C, span=AT, type=ANY), "+", A), "(b if a else c) + a"),
    (Slice(object=A, start=number(1), span=AT, type=ANY), "a[1:]"),
    (Slice(object=A, stop=B, step=number(-1), span=AT, type=ANY), "a[:b:-1]"),
    (call("str.upper", A), "a.upper()"),
    (call("str.join", text(", "), binary(A, "+", B)), '", ".join(a + b)'),
    (call("dict.get", binary(A, "+", B), text("k")), '(a + b).get("k")'),
    (call("json.dumps", A, indent=number(2)), "json.dumps(a, indent=2)"),
    (
        call("sorted", A, key=Function(parameter="x", body=binary(name("x"), "+", number(1)), span=AT, type=ANY)),
        "sorted(a, key=lambda x: x + 1)",
    ),
    (Array(items=(A, Spread(value=B, span=AT, type=ANY)), span=AT, type=ListType(ANY)), "[a, *b]"),
    (Array(items=(A,), span=AT, type=TupleType((ANY,))), "(a,)"),
    (Array(items=(), span=AT, type=TupleType(())), "()"),
    (
        Object(
            entries=(Entry(key=text("k"), value=A), Entry(key=None, value=Spread(value=B, span=AT, type=ANY))),
            span=AT,
            type=DictType(ANY),
        ),
        '{"k": a, **b}',
    ),
    (Comprehension(element=name("x"), generators=(LOOP,), span=AT, type=ANY), "[x for x in a if b or c]"),
    (Comprehension(element=A, key=name("x"), generators=(LOOP,), span=AT, type=ANY), "{x: a for x in a if b or c}"),
]


@pytest.mark.parametrize(("expr", "expected"), CASES, ids=[expected for _, expected in CASES])
def test_an_expression_reads_like_its_source(expr: Expr, expected: str) -> None:
    assert source(expr) == expected
    ast.parse(expected, mode="eval")


def test_a_model_is_written_as_its_constructor(written: ModuleType) -> None:
    reply = written.build("Reply", status=text("sent"), text=written.var("best.text"))
    assert source(reply) == 'Reply(status="sent", text=best.text)'


def test_an_fstring_shows_its_holes(written: ModuleType) -> None:
    message = written.fstring("Pay ", call("format", A, text(".2f")), " to ", call("str", written.var("b.name")), "?")
    assert template(message) == "Pay {a:.2f} to {b.name}?"
    assert source(message) == 'f"Pay {a:.2f} to {b.name}?"'


@pytest.mark.parametrize(
    ("expr", "expected"),
    [(text("Go?"), "Go?"), (A, "{a}"), (text("a\x00b \ud800\u202e\n  c"), r"a\x00b \ud800\u202e c")],
)
def test_a_template_of_another_form(expr: Expr, expected: str) -> None:
    assert template(expr) == expected


def test_temporaries_are_written_as_told(written: ModuleType) -> None:
    assert source(written.var("_check.ok"), {"_check": "check(…)"}) == "check(…).ok"


def test_a_target_is_taken_apart() -> None:
    inner = Unpack(targets=(Bind(name="k"), Bind(name="v")))
    assert target_source(Unpack(targets=(Bind(name="i"), inner))) == "i, (k, v)"
