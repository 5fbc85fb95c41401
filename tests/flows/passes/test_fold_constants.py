"""Folding: constants are computed, and nothing that could raise, grow or depend on a variable."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr.types import BOOL, FLOAT, INT, NULL, STR, ListType, Type
from skyloom.flows.ir.nodes import Return
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, RetryPolicy
from skyloom.flows.passes.fold_constants import fold_constants

AT = Span(3, 5, 3, 20)
VARIABLE = x.Name(span=AT, type=INT, name="n")
FLAG = x.Name(span=AT, type=BOOL, name="p")


def lit(value: Any) -> x.Expr:
    of: dict[type, Type] = {bool: BOOL, int: INT, float: FLOAT, str: STR, type(None): NULL}
    return x.Literal(span=AT, type=of[type(value)], value=value)


def binary(operator: Any, left: Any, right: Any, of: Type = INT) -> x.Expr:
    sides = [side if isinstance(side, x.Node) else lit(side) for side in (left, right)]
    return x.Binary(span=AT, type=of, operator=operator, left=sides[0], right=sides[1])  # type: ignore[arg-type]


def call(function: str, *arguments: Any, of: Type = FLOAT) -> x.Expr:
    return x.Call(span=AT, type=of, function=function, arguments=tuple(map(lit, arguments)))


def logic(operator: Any, *operands: x.Expr) -> x.Expr:
    return x.Logic(span=AT, type=BOOL, operator=operator, operands=operands)


def choice(test: x.Expr, body: x.Expr, orelse: x.Expr) -> x.Expr:
    return x.Conditional(span=AT, type=INT, test=test, body=body, orelse=orelse)


def text(*parts: x.Expr) -> x.Expr:
    return x.Format(span=AT, type=STR, parts=parts)


def flow_with(value: x.Expr) -> Program:
    flow = FlowDefinition(
        name="main",
        module="m",
        qualname="main",
        file="m.py",
        span=AT,
        parameters=(),
        returns=INT,
        body=(Return(span=AT, value=value),),
        input_schema={},
        output_schema={},
    )
    return Program(main="main", flows={"main": flow})


def folded(value: x.Expr) -> x.Expr:
    statement = fold_constants(flow_with(value)).flow.body[0]
    assert isinstance(statement, Return)
    return statement.value


COMPUTED: tuple[tuple[x.Expr, Any], ...] = (
    (binary("+", 1, 2), 3),
    (binary("*", binary("+", 1, 2), 4), 12),
    (binary("/", 1, 4, FLOAT), 0.25),
    (binary("//", -7, 2), -4),
    (binary("**", 2, 10), 1024),
    (binary("+", "a", "b", STR), "ab"),
    (binary("*", "ab", 3, STR), "ababab"),
    (x.Unary(span=AT, type=INT, operator="-", operand=lit(5)), -5),
    (x.Unary(span=AT, type=BOOL, operator="not", operand=lit(True)), False),
    (x.Compare(span=AT, type=BOOL, operator="<", left=lit(1), right=lit(2)), True),
    (x.Compare(span=AT, type=BOOL, operator="==", left=lit(None), right=lit("a")), False),
    (x.Truth(span=AT, type=BOOL, operand=lit("")), False),
    (x.Item(span=AT, type=STR, object=lit("abc"), index=lit(-1)), "c"),
    (x.Slice(span=AT, type=STR, object=lit("abcd"), start=lit(1), stop=lit(3)), "bc"),
    (call("minutes", 2), 120.0),
    (call("str", 1.5, of=STR), "1.5"),
    (call("len", "four", of=INT), 4),
    (choice(lit(True), lit(1), lit(2)), 1),
    (choice(binary("+", False, False, BOOL), lit(1), lit(2)), 2),
    (logic("and", lit(True), lit(True)), True),
    (logic("or", lit(False), lit(True), FLAG), True),
    (logic("and", lit(False), FLAG), False),
    (text(lit("a"), lit("b")), "ab"),
    (text(lit("it is "), call("format", 0.5, ".1f", of=STR)), "it is 0.5"),
)


@pytest.mark.parametrize(("expr", "value"), COMPUTED)
def test_constants_are_computed(expr: x.Expr, value: Any) -> None:
    result = folded(expr)
    assert isinstance(result, x.Literal)
    assert (result.value, type(result.value)) == (value, type(value))
    assert result.span == AT


KEPT: tuple[x.Expr, ...] = (
    lit(1),
    VARIABLE,
    binary("+", VARIABLE, 1),
    binary("/", 1, 0),
    binary("+", 2**53, 1),
    binary("*", 1e308, 10.0, FLOAT),
    binary("*", "ab", 100_000, STR),
    binary("*", "ab", 5_000, STR),
    binary("**", 10, 1_000_000),
    binary("**", 9_999, 9_999),
    binary("**", -8.0, 0.5, FLOAT),
    x.Item(span=AT, type=STR, object=lit("abc"), index=lit(3)),
    call("int", "x", of=INT),
    call("str.zfill", "a", 10**9, of=STR),
    call("range", 3, of=ListType(INT)),
    call("json.loads", "[1]"),
    call("float", "nan"),
    choice(FLAG, lit(1), lit(2)),
    logic("and", FLAG, lit(True)),
    logic("or", FLAG, FLAG),
    text(lit("a"), VARIABLE),
    text(),
    x.Array(span=AT, type=ListType(INT), items=(lit(1),)),
)


@pytest.mark.parametrize("expr", KEPT)
def test_everything_else_stays_the_same_object(expr: x.Expr) -> None:
    program = flow_with(expr)
    statement = fold_constants(program).flow.body[0]
    assert statement is program.flow.body[0]


def test_operands_that_decide_nothing_go() -> None:
    assert folded(logic("and", lit(True), FLAG)) == FLAG
    assert folded(logic("or", lit(False), FLAG, lit(False))) == logic("or", FLAG, lit(False))
    assert folded(logic("or", FLAG, lit(True), FLAG)) == logic("or", FLAG, lit(True))


def test_neighbouring_texts_are_joined() -> None:
    joined = text(lit("a"), lit("b"), VARIABLE, lit("c"), binary("+", "d", "e", STR))
    assert folded(joined) == text(lit("ab"), VARIABLE, lit("cde"))


def test_prompts_are_folded_too() -> None:
    program = flow_with(lit(1))
    prompt = PromptDefinition(
        name="ask",
        module="m",
        qualname="ask",
        file="m.py",
        span=AT,
        parameters=(),
        returns=STR,
        template=text(lit("a"), lit("b")),
        system=None,
        model="fast",
        output_schema={},
        timeout=60.0,
        retry=RetryPolicy(),
    )
    after = fold_constants(dataclasses.replace(program, prompts={"ask": prompt}))
    assert after.prompts["ask"] == dataclasses.replace(prompt, template=lit("ab"))
