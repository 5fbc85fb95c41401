"""Python's truth of values, and `and` / `or`, which give the deciding operand."""

from __future__ import annotations

from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, kinds
from skyloom.deployers.gcp.expr_code import (
    COMPARISON,
    EMPTY,
    FALSE,
    NULL,
    TRUE,
    Code,
    both,
    call,
    choice,
    either,
    infix,
    number,
    unless,
)
from skyloom.deployers.gcp.expr_narrowing import narrowed
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Compare, Conditional, Expr, Field, Literal, Logic, Name, Truth, Unary, walk
from skyloom.flows.expr.properties import truth as truth_of
from skyloom.flows.expr.types import EnumType, ModelType, TupleType, Type, members, without_null

_UNSURE = "the truth of this value cannot be told from its JSON"


def truth(writer: Writer, operand: Expr) -> Code:
    """The truth of `operand`, as a boolean."""
    if isinstance(operand, Logic):
        return _joined(writer, operand)
    return truth_of_value(writer.code(operand), operand.type, operand)


def test(writer: Writer, expr: Expr) -> Code:
    """`expr` where only its truth counts."""
    return writer.code(expr) if kinds(expr.type) <= BOOLEAN else truth(writer, expr)


def truth_of_value(value: Code, of: Type, place: Expr) -> Code:
    """The truth of a value of type `of`."""
    match truth_of(of):
        case "bool":
            return value
        case "always_true":
            return TRUE
        case "always_false":
            return FALSE
        case "unknown":
            raise cannot(place, _UNSURE)
        case "value":
            pass
    if any(isinstance(m, EnumType) and not m.text and not all(v for _, v in m.members) for m in members(of)):
        raise cannot(place, _UNSURE)
    if "null" in kinds(of):
        return _truth_where_there(value, without_null(of), place)
    return _plain_truth(value, of, place)


def _plain_truth(value: Code, of: Type, place: Expr) -> Code:
    found = kinds(of)
    if found == NUMBER:
        return infix("!=", value, number(0), COMPARISON)
    if found == STRING:
        return infix("!=", value, EMPTY, COMPARISON)
    if found == {"array"} and all(isinstance(m, TupleType) for m in members(of)):
        lengths = {bool(m.items) for m in members(of) if isinstance(m, TupleType)}
        if len(lengths) == 1:
            return TRUE if lengths.pop() else FALSE
    if found <= {"array", "object"} and not any(isinstance(m, ModelType) for m in members(of)):
        return infix(">", call("len", value), number(0), COMPARISON)
    raise cannot(place, "the truth of values of so different kinds is known to Python only")


_INSTEAD_OF_NULL = {NUMBER: number(0), STRING: EMPTY, BOOLEAN: FALSE, frozenset({"array"}): EMPTY}
_INSTEAD_OF_NULL[frozenset({"object"})] = EMPTY


def _truth_where_there(value: Code, of: Type, place: Expr) -> Code:
    """The truth of a value that may be null: it counts as a false value of the same kind (of a list, the empty text: it
    has no elements either)."""
    there = infix("!=", value, NULL, COMPARISON)
    match truth_of(of):
        case "always_true":
            return there
        case "bool":
            return call("default", value, FALSE)
        case _:
            found = frozenset(kinds(of))
            if found not in _INSTEAD_OF_NULL or any(isinstance(m, TupleType) for m in members(of)):
                raise cannot(place, "the truth of values of so different kinds is known to Python only")
            return _plain_truth(call("default", value, _INSTEAD_OF_NULL[found]), of, place)


def logic(writer: Writer, expr: Logic) -> Code:
    """`and`, `or`. Of operands that are no booleans all are evaluated."""
    if all(kinds(operand.type) <= BOOLEAN for operand in expr.operands):
        return _joined(writer, expr)
    refuse_eager(expr)
    *earlier, last = expr.operands
    result = writer.code(last)
    for operand in reversed(earlier):
        value = writer.code(operand)
        decides = truth_of_value(value, operand.type, operand)
        result = choice(decides, result, value) if expr.operator == "and" else choice(decides, value, result)
    return result


def refuse_eager(expr: Expr) -> None:
    """Refuses a choice of values that must not all be evaluated: a part relies on how the test went.

    Raises:
        CannotEmit: it is one.
    """
    match expr:
        case Conditional(test=test_, body=body, orelse=orelse):
            pairs = [(test_, body), (test_, orelse)]
        case Logic(operands=operands) if not all(kinds(operand.type) <= BOOLEAN for operand in operands):
            pairs = [(earlier, later) for place, later in enumerate(operands) for earlier in operands[:place]]
        case _:
            return
    if any(narrowed(test_, part) for test_, part in pairs):
        raise cannot(expr, "everything inside of if() is evaluated, also what the test has ruled out")


def _joined(writer: Writer, expr: Logic) -> Code:
    """Plain logic: what Python leaves out is left out."""
    tests = [test(writer, operand) for operand in expr.operands]
    if expr.operator == "and":
        return both(*tests)
    first, *later = expr.operands
    careless = all(map(_is_harmless, later)) and not any(narrowed(first, operand) for operand in later)
    return either(*tests) if careless and len(later) == 1 else unless(*tests)


def _is_harmless(expr: Expr) -> bool:
    """Whether evaluating it can certainly do no harm."""
    return all(isinstance(inner, Literal | Name | Field | Truth | Compare | Unary) for inner in walk(expr))
