"""Comparisons: which make sense, and what is said about the others."""

from __future__ import annotations

import pytest

from skyloom.flows.expr.comparing import Verdict, compare_problem, equality, orderable
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    BYTES,
    DATETIME,
    ERROR,
    FLOAT,
    INT,
    NEVER,
    NULL,
    STR,
    DateTimeType,
    DictType,
    EnumType,
    ListType,
    LiteralType,
    ModelType,
    TupleType,
    Type,
    optional,
    union,
)

LOW_HIGH = LiteralType(("low", "high"))
PLAIN_ENUM = EnumType("Colour", (("RED", "red"), ("BLUE", "blue")))
NUMBERED = EnumType("Number", (("ONE", 1),))
TEXT_ENUM = EnumType("Tone", (("WARM", "warm"), ("COLD", "cold")), text=True)
TICKET, REPLY = ModelType("Ticket"), ModelType("Reply")
INTS, PAIR = ListType(INT), TupleType((INT, INT))
TIME = DateTimeType("time")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (INT, FLOAT, "possible"),
        (INT, BOOL, "possible"),
        (STR, STR, "possible"),
        (STR, INT, "never"),
        (STR, NULL, "never"),
        (optional(STR), NULL, "possible"),
        (LOW_HIGH, LiteralType(("low",)), "possible"),
        (LOW_HIGH, LiteralType(("mid",)), "never"),
        (LiteralType((1,)), LiteralType((True,)), "possible"),
        (LiteralType((1,)), FLOAT, "possible"),
        (LiteralType((1, "a")), STR, "possible"),
        (TEXT_ENUM, STR, "possible"),
        (TEXT_ENUM, LiteralType(("warm",)), "possible"),
        (TEXT_ENUM, LiteralType(("hot",)), "never"),
        (PLAIN_ENUM, PLAIN_ENUM, "possible"),
        (PLAIN_ENUM, EnumType("Colour", (("RED", "red"),)), "possible"),
        (PLAIN_ENUM, STR, "confused"),
        (PLAIN_ENUM, INT, "never"),
        (PLAIN_ENUM, TEXT_ENUM, "confused"),
        (PLAIN_ENUM, NUMBERED, "never"),
        (INTS, INTS, "possible"),
        (INTS, ListType(STR), "possible"),
        (INTS, PAIR, "confused"),
        (INTS, DictType(INT), "never"),
        (ListType(PLAIN_ENUM), ListType(STR), "confused"),
        (PAIR, PAIR, "possible"),
        (PAIR, TupleType((INT,)), "never"),
        (PAIR, TupleType((INT, STR)), "never"),
        (TupleType((PLAIN_ENUM,)), TupleType((STR,)), "confused"),
        (DictType(INT), DictType(FLOAT), "possible"),
        (DictType(INT), TICKET, "confused"),
        (TICKET, TICKET, "possible"),
        (TICKET, REPLY, "confused"),
        (union(TICKET, REPLY), TICKET, "confused"),
        (TICKET, STR, "never"),
        (DATETIME, DATETIME, "possible"),
        (DATETIME, STR, "confused"),
        (DATETIME, DateTimeType("date"), "confused"),
        (DATETIME, INT, "never"),
        (TIME, TIME, "confused"),
        (BYTES, BYTES, "possible"),
        (BYTES, STR, "confused"),
        (ERROR, ERROR, "confused"),
        (ANY, STR, "possible"),
        (ANY, ANY, "possible"),
        (ANY, PAIR, "confused"),
        (ANY, TICKET, "confused"),
        (ANY, PLAIN_ENUM, "confused"),
        (ANY, TEXT_ENUM, "possible"),
        (ListType(PAIR), ANY, "confused"),
        (NEVER, STR, "possible"),
    ],
)
def test_equality(left: Type, right: Type, expected: Verdict) -> None:
    assert equality(left, right) == expected
    assert equality(right, left) == expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (INT, FLOAT, True),
        (BOOL, INT, True),
        (STR, LOW_HIGH, True),
        (TEXT_ENUM, STR, True),
        (PLAIN_ENUM, PLAIN_ENUM, False),
        (STR, INT, False),
        (optional(INT), INT, False),
        (DATETIME, DATETIME, True),
        (DATETIME, DateTimeType("date"), False),
        (INTS, ListType(FLOAT), True),
        (INTS, PAIR, False),
        (PAIR, TupleType((INT, STR)), False),
        (TupleType((DATETIME, STR)), TupleType((DATETIME, STR)), True),
        (TIME, TIME, True),
        (ListType(TIME), ListType(TIME), False),
        (TICKET, TICKET, False),
        (ANY, ANY, False),
        (DictType(INT), DictType(INT), False),
        (ListType(NEVER), INTS, True),
    ],
)
def test_orderable(left: Type, right: Type, expected: bool) -> None:
    assert orderable(left, right) is expected


FINE: tuple[tuple[str, Type, Type], ...] = (
    ("==", STR, NULL),
    ("!=", TICKET, NULL),
    ("==", TIME, TIME),
    ("<", INT, FLOAT),
    ("in", STR, STR),
    ("in", LOW_HIGH, DictType(INT)),
    ("in", INT, ListType(FLOAT)),
    ("in", INT, ListType(NEVER)),
    ("in", optional(INT), INTS),
    ("not in", LiteralType(("low",)), ListType(LOW_HIGH)),
    ("in", PAIR, ListType(PAIR)),
    ("in", NEVER, INTS),
)


@pytest.mark.parametrize(("operator", "left", "right"), FINE)
def test_comparisons_that_make_sense(operator: str, left: Type, right: Type) -> None:
    assert compare_problem(operator, left, right) is None


ALIKE = "unlike values may look alike once they are JSON"
WRONG: tuple[tuple[str, Type, Type, str], ...] = (
    ("==", STR, INT, "str and int are never equal"),
    (
        "==",
        LOW_HIGH,
        LiteralType(("hgih",)),
        "Literal['low', 'high'] and 'hgih' are never equal; did you mean 'high'?",
    ),
    ("!=", LiteralType(("worm",)), TEXT_ENUM, "'worm' and Tone are never equal; did you mean 'warm'?"),
    ("==", PLAIN_ENUM, STR, "Colour and str cannot be compared: compare an enum with members, as Colour.RED"),
    ("==", INTS, PAIR, f"list[int] and tuple[int, int] cannot be compared: {ALIKE}"),
    ("==", TICKET, REPLY, f"Ticket and Reply cannot be compared: {ALIKE}"),
    ("<", optional(INT), INT, "int | None and int have no order: < is not defined between them"),
    (">=", STR, INT, "str and int have no order: >= is not defined between them"),
    ("in", STR, INTS, "str and int are never equal"),
    ("in", INT, STR, "the parts of a str are str, never int"),
    ("in", INT, DictType(INT), "the keys of a dict are str, never int"),
    ("in", INT, optional(INTS), "`in` needs a list, tuple, dict or str on its right, not list[int] | None"),
    ("in", INT, ANY, "`in` needs a list, tuple, dict or str on its right, not Any"),
    ("in", STR, TICKET, "`in` needs a list, tuple, dict or str on its right, not Ticket"),
    ("in", NULL, INTS, "None is never in list[int]"),
    ("in", optional(STR), STR, "the parts of a str are str, never str | None"),
)


@pytest.mark.parametrize(("operator", "left", "right", "message"), WRONG)
def test_comparisons_that_make_none(operator: str, left: Type, right: Type, message: str) -> None:
    assert compare_problem(operator, left, right) == message
