"""Python's truth of values, and `and` / `or`, which give the deciding operand."""

from __future__ import annotations

from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    FALSE,
    TRUE,
    Code,
    both,
    call,
    choice,
    either,
    infix,
)
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, kinds
from skyloom.flows.expr.nodes import Expr, Logic
from skyloom.flows.expr.properties import truth as truth_of
from skyloom.flows.expr.types import EnumType, ModelType, TupleType, Type, members


def truth(writer: Writer, operand: Expr) -> Code:
    """The truth of `operand`, as a boolean."""
    if isinstance(operand, Logic):
        join = both if operand.operator == "and" else either
        return join(*(test(writer, inner) for inner in operand.operands))
    if kinds(operand.type) == {"array"} and not _has_tuple(operand.type):
        return infix(">", call("count", writer.code(operand)), Code("0"), COMPARISON)
    return writer.let([("value", operand)], lambda _, value: truth_of_value(value, operand.type, operand))


def test(writer: Writer, expr: Expr) -> Code:
    """`expr` where only its truth counts."""
    return writer.code(expr) if kinds(expr.type) <= BOOLEAN else truth(writer, expr)


def truth_of_value(value: Code, of: Type, place: Expr) -> Code:
    """The truth of a simple value of type `of`."""
    found = kinds(of)
    match truth_of(of):
        case "bool":
            return value
        case "always_true":
            return TRUE
        case "always_false":
            return FALSE
        case "unknown":
            raise cannot(place, "the truth of this value cannot be told from its JSON")
        case "value":
            pass
    if found == NUMBER:
        return infix("!=", value, Code("0"), COMPARISON)
    if found == STRING and not _opaque(of):
        return infix("!=", value, Code("''"), COMPARISON)
    if found == {"array"}:
        return _array_truth(value, of)
    if found == {"null", "array"}:
        return both(infix("!=", value, Code("null"), COMPARISON), _array_truth(value, of))
    if "null" in found and _always_true(of):
        return infix("!=", value, Code("null"), COMPARISON)
    if _opaque(of):
        raise cannot(place, "the truth of this value cannot be told from its JSON")
    plain = call("boolean", value)
    if any(isinstance(member, ModelType) for member in members(of)):
        plain = either(_is("object", value), plain)
    return choice(_is("array", value), _array_truth(value, of), plain) if "array" in found else plain


def _array_truth(value: Code, of: Type) -> Code:
    arrays = [member for member in members(of) if kinds(member) == {"array"}]
    tuples = [bool(member.items) for member in arrays if isinstance(member, TupleType)]
    if len(tuples) == len(arrays) and len(set(tuples)) == 1:
        return TRUE if tuples[0] else FALSE
    return infix(">", call("count", value), Code("0"), COMPARISON)


def _is(kind: str, value: Code) -> Code:
    return infix("=", call("type", value), Code(f"'{kind}'"), COMPARISON)


def _has_tuple(of: Type) -> bool:
    return any(isinstance(member, TupleType) for member in members(of))


def _always_true(of: Type) -> bool:
    """Whether all but null is true."""
    return all(truth_of(member) in ("always_true", "always_false") for member in members(of))


def _opaque(of: Type) -> bool:
    """Whether there are true values whose JSON looks false."""
    return any(
        isinstance(member, EnumType) and not member.text and not all(value for _, value in member.members)
        for member in members(of)
    )


def logic(writer: Writer, expr: Logic) -> Code:
    """`and`, `or`."""
    if all(kinds(operand.type) <= BOOLEAN for operand in expr.operands):
        join = both if expr.operator == "and" else either
        return join(*map(writer.code, expr.operands))
    return _deciding(writer, expr, 0)


def _deciding(writer: Writer, expr: Logic, index: int) -> Code:
    """The operand that decides, from the one at `index` on."""
    operand = expr.operands[index]
    if index == len(expr.operands) - 1:
        return writer.code(operand)
    if kinds(operand.type) <= BOOLEAN:
        rest = _deciding(writer, expr, index + 1)
        true = writer.code(operand)
        return choice(true, rest, FALSE) if expr.operator == "and" else choice(true, TRUE, rest)

    def body(inner: Writer, value: Code) -> Code:
        later = _deciding(inner, expr, index + 1)
        decides = truth_of_value(value, operand.type, operand)
        return choice(decides, later, value) if expr.operator == "and" else choice(decides, value, later)

    return writer.let([("value", operand)], body)
