"""The rules: what fits what, what operators and items give, what is true, mutable, printable, total."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from skyloom.flows.expr import nodes
from skyloom.flows.expr.rules import (
    assignable,
    binary_type,
    formattable,
    is_mutable,
    item_type,
    iteration_type,
    may_raise,
    mixes_numbers,
    slice_type,
    truth,
    unary_type,
    widen,
)
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

Build = Callable[..., nodes.Expr]
INTS = ListType(INT)
LOW, LOW_HIGH = LiteralType(("low",)), LiteralType(("low", "high"))
ONE = LiteralType((1,))
PLAIN_ENUM = EnumType("Colour", (("RED", "red"), ("BLUE", "blue")))
BLANK_ENUM = EnumType("Blank", (("NONE", ""), ("SOME", "x")))
TEXT_ENUM = EnumType("Tone", (("WARM", "warm"), ("COLD", "cold")), text=True)
NUMBER_ENUM = EnumType("Level", (("ONE", 1), ("TWO", 2)), text=True)
TICKET, REPLY = ModelType("Ticket"), ModelType("Reply")
PAIR = TupleType((STR, INT))


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [
        (INT, INT, True),
        (INT, FLOAT, True),
        (BOOL, INT, True),
        (BOOL, FLOAT, True),
        (FLOAT, INT, False),
        (INT, BOOL, False),
        (INT, STR, False),
        (INT, ANY, True),
        (ANY, INT, False),
        (ANY, ANY, True),
        (NEVER, INT, True),
        (INT, optional(INT), True),
        (optional(INT), INT, False),
        (optional(INT), optional(FLOAT), True),
        (NULL, optional(INT), True),
        (LOW, STR, True),
        (LOW, LOW_HIGH, True),
        (LOW_HIGH, LOW, False),
        (STR, LOW_HIGH, False),
        (ONE, FLOAT, True),
        (LiteralType(("a", 1)), union(STR, INT), True),
        (LiteralType((True,)), LiteralType((1,)), False),
        (TEXT_ENUM, STR, True),
        (NUMBER_ENUM, FLOAT, True),
        (PLAIN_ENUM, STR, False),
        (STR, TEXT_ENUM, False),
        (PLAIN_ENUM, TEXT_ENUM, False),
        (EnumType("Colour", (("RED", "red"),)), PLAIN_ENUM, True),
        (PLAIN_ENUM, EnumType("Colour", (("RED", "red"),)), False),
        (INTS, ListType(FLOAT), True),
        (ListType(NEVER), INTS, True),
        (INTS, ListType(STR), False),
        (PAIR, TupleType((STR, FLOAT)), True),
        (PAIR, TupleType((STR,)), False),
        (PAIR, ListType(union(STR, INT)), False),
        (INTS, PAIR, False),
        (DictType(INT), DictType(FLOAT), True),
        (DictType(INT), TICKET, False),
        (TICKET, TICKET, True),
        (TICKET, REPLY, False),
        (DATETIME, STR, False),
        (DATETIME, DateTimeType("date"), False),
        (BYTES, STR, False),
        (ERROR, ERROR, True),
    ],
)
def test_assignable(value: Type, target: Type, expected: bool) -> None:
    assert assignable(value, target) is expected


@pytest.mark.parametrize(
    ("operator", "left", "right", "expected"),
    [
        ("+", INT, INT, INT),
        ("+", BOOL, BOOL, INT),
        ("+", INT, FLOAT, FLOAT),
        ("/", INT, INT, FLOAT),
        ("//", INT, INT, INT),
        ("//", FLOAT, INT, FLOAT),
        ("%", INT, FLOAT, FLOAT),
        ("+", union(INT, FLOAT), INT, union(INT, FLOAT)),
        ("**", INT, INT, union(INT, FLOAT)),
        ("**", INT, LiteralType((2,)), INT),
        ("**", INT, LiteralType((-1,)), union(INT, FLOAT)),
        ("**", FLOAT, LiteralType((2,)), FLOAT),
        ("+", STR, STR, STR),
        ("+", LOW, TEXT_ENUM, STR),
        ("+", NUMBER_ENUM, ONE, INT),
        ("+", STR, INT, None),
        ("%", STR, INT, None),
        ("*", STR, INT, STR),
        ("*", BOOL, STR, STR),
        ("*", STR, FLOAT, None),
        ("+", INTS, ListType(STR), ListType(union(INT, STR))),
        ("*", INTS, INT, INTS),
        ("+", INTS, PAIR, None),
        ("+", PAIR, TupleType((BOOL,)), TupleType((STR, INT, BOOL))),
        ("*", PAIR, INT, None),
        ("-", INTS, INTS, None),
        ("+", optional(INT), INT, None),
        ("+", ANY, INT, None),
        ("+", PLAIN_ENUM, STR, None),
        ("+", TICKET, TICKET, None),
        ("+", NEVER, INT, NEVER),
        ("@", INT, INT, None),
    ],
)
def test_binary_type(operator: str, left: Type, right: Type, expected: Type | None) -> None:
    assert binary_type(operator, left, right) == expected


def test_a_constant_exponent_may_be_told_apart_from_its_type() -> None:
    assert binary_type("**", INT, INT, exponent=3) == INT
    assert binary_type("**", INT, INT, exponent=-3) == union(INT, FLOAT)


@pytest.mark.parametrize(
    ("operator", "operand", "expected"),
    [("-", BOOL, INT), ("+", FLOAT, FLOAT), ("-", STR, None), ("not", STR, BOOL), ("not", ANY, None), ("-", ONE, INT)],
)
def test_unary_type(operator: str, operand: Type, expected: Type | None) -> None:
    assert unary_type(operator, operand) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("obj", "index", "constant", "expected"),
    [
        (INTS, INT, None, INT),
        (INTS, BOOL, None, INT),
        (INTS, STR, None, None),
        (PAIR, INT, None, union(STR, INT)),
        (PAIR, ONE, 1, INT),
        (PAIR, INT, -2, STR),
        (PAIR, INT, 2, None),
        (STR, INT, None, STR),
        (LOW, INT, None, STR),
        (DictType(FLOAT), STR, None, FLOAT),
        (DictType(FLOAT), INT, None, None),
        (DictType(FLOAT), TEXT_ENUM, None, FLOAT),
        (ANY, STR, None, ANY),
        (ANY, FLOAT, None, None),
        (TICKET, STR, None, None),
        (optional(INTS), INT, None, None),
        (union(INTS, STR), INT, None, union(INT, STR)),
        (NEVER, INT, None, NEVER),
    ],
)
def test_item_type(obj: Type, index: Type, constant: int | str | None, expected: Type | None) -> None:
    assert item_type(obj, index, constant) == expected


@pytest.mark.parametrize(
    ("obj", "bounds", "expected"),
    [
        (INTS, None, INTS),
        (TEXT_ENUM, None, STR),
        (PAIR, slice(1, None, None), TupleType((INT,))),
        (PAIR, slice(None, None, -1), TupleType((INT, STR))),
        (PAIR, None, None),
        (PAIR, slice(None, None, 0), None),
        (DictType(INT), None, None),
        (optional(STR), None, None),
    ],
)
def test_slice_type(obj: Type, bounds: slice | None, expected: Type | None) -> None:
    assert slice_type(obj, bounds) == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (INTS, INT),
        (PAIR, union(STR, INT)),
        (STR, STR),
        (LOW, STR),
        (DictType(INT), STR),
        (ListType(NEVER), NEVER),
        (union(INTS, DictType(INT)), union(INT, STR)),
        (optional(INTS), None),
        (INT, None),
        (ANY, None),
        (TICKET, None),
        (PLAIN_ENUM, None),
    ],
)
def test_iteration_type(of: Type, expected: Type | None) -> None:
    assert iteration_type(of) == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (BOOL, "bool"),
        (LiteralType((True, False)), "bool"),
        (STR, "value"),
        (INTS, "value"),
        (PAIR, "value"),
        (BYTES, "value"),
        (optional(STR), "value"),
        (optional(BOOL), "value"),
        (NUMBER_ENUM, "value"),
        (NULL, "always_false"),
        (TICKET, "always_true"),
        (ERROR, "always_true"),
        (DATETIME, "always_true"),
        (PLAIN_ENUM, "always_true"),
        (optional(TICKET), "value"),
        (union(TICKET, STR), "value"),
        (union(TICKET, REPLY), "always_true"),
        (union(TICKET, DictType(INT)), "unknown"),
        (union(BLANK_ENUM, STR), "unknown"),
        (optional(BLANK_ENUM), "value"),
        (union(PLAIN_ENUM, STR), "value"),
        (ANY, "unknown"),
    ],
)
def test_truth(of: Type, expected: str) -> None:
    assert truth(of) == expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (optional(STR), True),
        (LOW_HIGH, True),
        (NUMBER_ENUM, True),
        (ERROR, True),
        (union(INT, FLOAT, BOOL, NULL), True),
        (PLAIN_ENUM, False),
        (INTS, False),
        (TICKET, False),
        (DATETIME, False),
        (BYTES, False),
        (ANY, False),
        (optional(INTS), False),
    ],
)
def test_formattable(of: Type, expected: bool) -> None:
    assert formattable(of) is expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (INTS, True),
        (DictType(INT), True),
        (TICKET, True),
        (ANY, True),
        (PAIR, False),
        (TupleType((INTS,)), True),
        (optional(TICKET), True),
        (optional(STR), False),
        (PLAIN_ENUM, False),
        (ERROR, False),
        (DATETIME, False),
    ],
)
def test_is_mutable(of: Type, expected: bool) -> None:
    assert is_mutable(of) is expected


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (LiteralType(("a", 1, True)), union(STR, INT, BOOL)),
        (optional(LOW), optional(STR)),
        (TEXT_ENUM, STR),
        (PLAIN_ENUM, PLAIN_ENUM),
        (ListType(LOW), ListType(LOW)),
    ],
)
def test_widen(of: Type, expected: Type) -> None:
    assert widen(of) == expected


TOTAL = (
    "a",
    "a + b",
    "x * y",
    "x + 1",
    "-a",
    "s + t",
    "s * 3",
    "a == b",
    "s < t",
    "p and q",
    "a if p else b",
    "[a, *xs]",
    "{s: a, **d}",
    'f"{a} {x:.2f} {s}"',
    "x / 2",
    "7 / 2",
    "a % 10",
    "a // 3",
    "a ** 2",
    "pair[0]",
    "pair[-1]",
    "xs[1:a]",
    "xs[::2]",
    "len(xs)",
    "d.get(s)",
    "s.upper()",
    "s.split()",
    's.split(",")',
    "range(a)",
    "range(0, a, 2)",
    "max(a, b)",
    "max(xs, default=0)",
    "float(p)",
    "sorted(xs)",
    "[v + 1 for v in xs if v > a]",
    "[k for k, v in d.items()]",
    "zip(xs, ss)",
    "minutes(5)",
    "format(x, '.2f')",
    "format(s, '>8')",
)
PARTIAL = (
    "a / b",
    "a / 2",
    "a % 2.5",
    "a // 0",
    "x % y",
    "a + x",
    "a + 1.5",
    "s * a",
    "a ** b",
    "x ** 2",
    "a ** -1",
    "xs[0]",
    "d[s]",
    "s[0]",
    "pair[a]",
    "xs[::a]",
    "int(s)",
    "float(s)",
    "float(a)",
    "max(xs)",
    "s.index(t)",
    "s.split(t)",
    "s.ljust(3, t)",
    "range(0, a, b)",
    "zip(xs, ss, strict=True)",
    "json.loads(s)",
    "minutes(a)",
    "format(a, '.2f')",
    "[v / a for v in xs]",
    "[v for v in xs if v / a > 1]",
    "[b for a, b in nested]",
    "a if xs[0] > 1 else b",
    "p and xs[0] > 1",
    "sorted(xs, key=lambda v: 1 / v)",
    "when < when",
    "[a, int(s)]",
    "{s: int(s)}",
    'f"{int(s)}"',
)
TYPES: dict[str, Type] = {
    **dict.fromkeys("ab", INT),
    **dict.fromkeys("xy", FLOAT),
    **dict.fromkeys("st", STR),
    **dict.fromkeys("pq", BOOL),
    "xs": INTS,
    "ss": ListType(STR),
    "nested": ListType(INTS),
    "d": DictType(INT),
    "pair": PAIR,
    "when": DATETIME,
}


@pytest.mark.parametrize("source", TOTAL)
def test_total_expressions(build: Build, source: str) -> None:
    assert not may_raise(build(source, **TYPES))


@pytest.mark.parametrize("source", PARTIAL)
def test_expressions_that_may_raise(build: Build, source: str) -> None:
    assert may_raise(build(source, **TYPES))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (INT, False),
        (FLOAT, False),
        (optional(FLOAT), False),
        (union(BOOL, FLOAT), False),
        (union(INT, FLOAT), True),
        (union(ONE, FLOAT, STR), True),
        (union(NUMBER_ENUM, FLOAT), True),
        (ListType(union(INT, FLOAT)), True),
        (DictType(TupleType((INT, FLOAT))), False),
        (TupleType((STR, union(INT, FLOAT))), True),
        (union(ListType(INT), ListType(FLOAT)), False),
        (ANY, True),
        (TICKET, False),
    ],
)
def test_types_that_mix_ints_and_floats(of: Type, expected: bool) -> None:
    assert mixes_numbers(of) is expected
