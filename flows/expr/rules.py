"""What may be done with values of which types: the one place to ask, for the front end and for compilers.

Pure functions over `Type`, without the knowledge of any model's fields. Where a function gives None, Python has no
meaning for the operation, or none that stays exact on JSON values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal as OneOf
from typing import assert_never

from skyloom.flows.expr.builtins import BUILTINS
from skyloom.flows.expr.comparing import compare_problem, equality, orderable
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Expr,
    Field,
    Format,
    Function,
    Item,
    Literal,
    Logic,
    Name,
    Object,
    Slice,
    Spread,
    Truth,
    Unary,
    Unpack,
    children,
)
from skyloom.flows.expr.properties import (
    Truthiness,
    assignable,
    formattable,
    is_mutable,
    is_number,
    iteration_type,
    mixes_numbers,
    truth,
    widen,
)
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    NEVER,
    STR,
    AnyType,
    BoolType,
    DateTimeType,
    DictType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    NeverType,
    StrType,
    TupleType,
    Type,
    members,
    union,
)

__all__ = [
    "Truthiness",
    "assignable",
    "binary_type",
    "compare_problem",
    "equality",
    "formattable",
    "is_mutable",
    "is_number",
    "item_type",
    "iteration_type",
    "may_raise",
    "mixes_numbers",
    "orderable",
    "slice_type",
    "truth",
    "unary_type",
    "widen",
]

# --- arithmetic -------------------------------------------------------------------------------------------------


def unary_type(operator: OneOf["-", "+", "not"], operand: Type) -> Type | None:
    """The type of `operator operand`; None where Python has no meaning for it, or none that is exact here."""
    if operator == "not":
        return None if truth(operand) == "unknown" else BOOL
    if not is_number(operand):
        return None
    return union(*(INT if isinstance(member, BoolType) else member for member in members(widen(operand))))


def binary_type(operator: str, left: Type, right: Type, exponent: int | None = None) -> Type | None:
    """The type of `left operator right`; None where it has no meaning for some pair of alternatives.

    Args:
        exponent: the right operand of `**` where it is a constant: `int ** 2` is an int, `int ** n` an int or a float.
    """
    if operator == "**" and exponent is None and isinstance(right, LiteralType):
        exponents = [value for value in right.values if isinstance(value, int)]
        exponent = min(exponents) if len(exponents) == len(right.values) else None
    results = []
    for one in members(widen(left)):
        for other in members(widen(right)):
            result = _pair_type(operator, one, other, exponent)
            if result is None:
                return None
            results.append(result)
    return union(*results)


def _pair_type(operator: str, left: Type, right: Type, exponent: int | None) -> Type | None:
    match operator, left, right:
        case (_, NeverType(), _) | (_, _, NeverType()):
            return NEVER
        case "+", StrType(), StrType():
            return STR
        case "+", ListType(item=one), ListType(item=other):
            return ListType(union(one, other))
        case "+", TupleType(items=ours), TupleType(items=theirs):
            return TupleType(ours + theirs)
        case ("*", StrType() | ListType() as repeated, IntType() | BoolType()) | (
            "*",
            IntType() | BoolType(),
            StrType() | ListType() as repeated,
        ):
            return repeated
        case _ if is_number(left) and is_number(right):
            return _number_type(operator, left, right, exponent)
        case _:
            return None


def _number_type(operator: str, left: Type, right: Type, exponent: int | None) -> Type | None:
    if operator == "/" or FLOAT in (left, right):
        return FLOAT if operator in ("+", "-", "*", "/", "//", "%", "**") else None
    if operator == "**" and (exponent is None or exponent < 0):
        return union(INT, FLOAT)
    return INT if operator in ("+", "-", "*", "//", "%", "**") else None


# --- containers -------------------------------------------------------------------------------------------------


def item_type(obj: Type, index: Type, literal_index: int | str | None = None) -> Type | None:
    """The type of `obj[index]`; None where it has no meaning for some alternative, or a constant index lies outside a
    tuple. Models have no items (a TypedDict is read by the front end, which knows its keys)."""
    results = []
    for member in members(obj):
        result = _member_item(member, index, literal_index)
        if result is None:
            return None
        results.append(result)
    return union(*results)


def _member_item(obj: Type, index: Type, literal_index: int | str | None) -> Type | None:
    by_number, by_key = assignable(index, INT), assignable(index, STR)
    match obj:
        case AnyType():
            return ANY if by_number or by_key or isinstance(index, AnyType) else None
        case ListType(item=item) if by_number:
            return item
        case TupleType(items=items) if by_number:
            if not isinstance(literal_index, int):
                return union(*items)
            return items[literal_index] if -len(items) <= literal_index < len(items) else None
        case DictType(value=value) if by_key:
            return value
        case NeverType():
            return NEVER
        case _ if by_number and isinstance(widen(obj), StrType):
            return STR
        case _:
            return None


def slice_type(obj: Type, bounds: slice | None) -> Type | None:
    """The type of `obj[start:stop:step]`. `bounds` holds them where all are constants (or left out): only then a slice
    of a tuple has a known length. None where it has no meaning."""
    results: list[Type] = []
    for member in members(obj):
        match member:
            case ListType() | NeverType():
                results.append(member)
            case TupleType(items=items) if bounds is not None and bounds.step != 0:
                results.append(TupleType(items[bounds]))
            case _ if isinstance(widen(member), StrType):
                results.append(STR)
            case _:
                return None
    return union(*results)


# --- errors -----------------------------------------------------------------------------------------------------


def may_raise(expr: Expr) -> bool:
    """Whether evaluating `expr` can raise an error. Errs on the side of yes; memory, and the text of integers of more
    than 4300 digits, apart."""
    return _raises_itself(expr) or any(may_raise(child) for child in children(expr))


def _raises_itself(expr: Expr) -> bool:
    match expr:
        case Literal() | Name() | Field() | Truth() | Logic() | Conditional() | Unary():
            return False
        case Spread() | Array() | Object() | Format() | Function():
            return False
        case Item(object=of, index=index):
            constant = _constant(index)
            total = isinstance(of.type, TupleType) and constant is not None
            return not total or item_type(of.type, index.type, constant) is None
        case Slice(step=step):
            return step is not None and not (isinstance(step, Literal) and step.value != 0)
        case Binary():
            return _arithmetic_raises(expr)
        case Compare(operator=operator, left=left):
            # Python refuses to order a datetime with an offset and one without.
            return operator in ("<", "<=", ">", ">=") and any(isinstance(m, DateTimeType) for m in members(left.type))
        case Comprehension(generators=generators):
            return any(isinstance(g.target, Unpack) and not _unpacks(g.items.type) for g in generators)
        case Call():
            return bool(BUILTINS[expr.function].raises) and not _is_total(expr)
        case _:
            assert_never(expr)


def _arithmetic_raises(expr: Binary) -> bool:
    if expr.operator in ("/", "//", "%") and not (isinstance(expr.right, Literal) and expr.right.value):
        return True
    if expr.operator == "**":
        exact = binary_type("**", expr.left.type, expr.right.type, _constant(expr.right)) == INT
        return not (_is_constant(expr.right) and exact)
    sides = [side for side in (expr.left, expr.right) if not isinstance(side, Literal) and not _is_constant(side)]
    kinds = {type(member) for side in (expr.left, expr.right) for member in members(widen(side.type))}
    varying = {type(member) for side in sides for member in members(widen(side.type))}
    if expr.operator == "*" and kinds & {StrType, ListType}:
        return IntType in varying
    # An int beyond the range of floats cannot become one: OverflowError. A constant is within.
    return IntType in varying and (FloatType in kinds or expr.operator == "/")


def _is_constant(expr: Expr) -> bool:
    return _constant(expr) is not None


def _constant(expr: Expr) -> int | None:
    """The value of a constant integer, such as `2` or `-1`."""
    match expr:
        case Literal(value=int() as value):
            return value
        case Unary(operator="-", operand=Literal(value=int() as value)):
            return -value
        case _:
            return None


def _unpacks(items: Type) -> bool:
    """Whether taking the elements apart cannot fail: they are tuples, whose length the type tells."""
    element = iteration_type(items)
    return element is not None and all(isinstance(member, TupleType | NeverType) for member in members(element))


_TOTAL: dict[str, Callable[[Call], bool]] = {
    "float": lambda call: isinstance(call.arguments[0].type, FloatType | BoolType),
    "format": lambda call: isinstance(call.arguments[0].type, FloatType | BoolType | StrType),
    "max": lambda call: len(call.arguments) > 1 or any(k.name == "default" for k in call.keywords),
    "min": lambda call: len(call.arguments) > 1 or any(k.name == "default" for k in call.keywords),
    "range": lambda call: len(call.arguments) < 3 or _constant(call.arguments[2]) not in (None, 0),
    "str.center": lambda call: len(call.arguments) < 3,
    "str.ljust": lambda call: len(call.arguments) < 3,
    "str.rjust": lambda call: len(call.arguments) < 3,
    "str.split": lambda call: len(call.arguments) + len(call.keywords) < 2 or _has_text(call),
    "str.rsplit": lambda call: len(call.arguments) + len(call.keywords) < 2 or _has_text(call),
    "str.partition": lambda call: _has_text(call),
    "str.rpartition": lambda call: _has_text(call),
    "zip": lambda call: not call.keywords,
    **{
        name: lambda call: isinstance(call.arguments[0], Literal) or isinstance(call.arguments[0].type, FloatType)
        for name in ("seconds", "minutes", "hours", "days")
    },
}
"""Calls of builtins that may raise, but not like this."""


def _is_total(call: Call) -> bool:
    return call.function in _TOTAL and _TOTAL[call.function](call)


def _has_text(call: Call) -> bool:
    """Whether the separator is a constant, and not empty."""
    return len(call.arguments) > 1 and isinstance(call.arguments[1], Literal) and bool(call.arguments[1].value)
