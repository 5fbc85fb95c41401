"""What can go wrong in one node by itself, once its parts have values: Python's errors, and arguments that JSONata
does not take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from skyloom.deployers.aws.expr_arithmetic import numeric_code
from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    TRUE,
    Code,
    both,
    call,
    either,
    infix,
    negation,
    number,
    string,
)
from skyloom.deployers.aws.expr_comparing import contained
from skyloom.deployers.aws.expr_letters import beyond_ascii
from skyloom.deployers.aws.expr_loops import elements
from skyloom.deployers.aws.expr_moments import not_canonical, not_countable
from skyloom.deployers.aws.expr_strings import END
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant, keyword, text_of
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, kinds
from skyloom.flows.expr.nodes import Binary, Call, Compare, Comprehension, Expr, Item, Literal, Slice
from skyloom.flows.expr.rules import may_raise
from skyloom.flows.expr.types import BOOL, NULL, AnyType, DateTimeType, DictType, ModelType, TupleType, members

_MOST_REPEATS = 1_000_000
"""JSONata makes no longer ranges; a list of so many elements would be no value of Step Functions either."""

_INTEGER = "-?(0|[1-9][0-9]{0,14})"
_FLOAT = "-?(0|[1-9][0-9]{0,99})([.][0-9]{1,99})?([eE][-+]?[0-9]{1,2})?"
"""The spellings of numbers that Python and JSONata both read, and read alike."""


def own_failure(writer: Writer, expr: Expr) -> Code | None:
    """Whether the node fails by itself."""
    match expr:
        case Item():
            return _item(writer, expr)
        case Slice(step=step):
            known = None if step is None else constant(step)
            if step is None or known:
                return None
            return TRUE if known == 0 else infix("=", numeric_code(writer, step), number(0), COMPARISON)
        case Binary():
            return _binary(writer, expr)
        case Compare(operator="<" | "<=" | ">" | ">="):
            return _moments(writer, expr)
        case Call(function=name):
            return FAILURES[name](writer, expr) if name in FAILURES else None
        case _:
            return None


def _item(writer: Writer, expr: Item) -> Code | None:
    of, index = expr.object, expr.index
    position = constant(index)
    if isinstance(of.type, TupleType) and position is not None:
        return None
    if kinds(index.type) == STRING and all(isinstance(m, DictType | ModelType | AnyType) for m in members(of.type)):
        return writer.let([("entries", of), ("key", index)], lambda _, o, k: _missing_key(o, k, of))
    if kinds(of.type) not in (STRING, {"array"}) and not isinstance(of.type, AnyType):
        raise cannot(expr, "whether this is a list, a dict or a text shows only at run time")
    if not kinds(index.type) <= NUMBER | BOOLEAN:
        raise cannot(expr, "whether this is an index or a key shows only at run time")
    size = "length" if kinds(of.type) == STRING else "count"
    if position is not None:
        return writer.let([("values", of)], lambda _, o: either(*_no_array(o, of), _beyond(call(size, o), position)))

    def outside(inner: Writer, values: Code, place: Code) -> Code:
        length = call(size, values)
        above = infix(">=", place, length, COMPARISON)
        below = infix("<", place, Code(f"-{length.text}"), COMPARISON)
        return either(*_no_array(values, of), above, below)

    return writer.let([("values", of), ("index", numeric_code(writer, index))], outside)


def _beyond(length: Code, position: int) -> Code:
    """Whether there are too few elements for this position."""
    most = position if position >= 0 else -position - 1
    return infix("<=" if most else "=", length, number(most), COMPARISON)


def _no_array(values: Code, of: Expr) -> list[Code]:
    return [infix("!=", call("type", values), string("array"), COMPARISON)] if isinstance(of.type, AnyType) else []


def _missing_key(entries: Code, key: Code, of: Expr) -> Code:
    missing = negation(infix("in", key, call("keys", entries), COMPARISON))
    if any(isinstance(member, AnyType) for member in members(of.type)):
        return either(infix("!=", call("type", entries), string("object"), COMPARISON), missing)
    return missing


def _binary(writer: Writer, expr: Binary) -> Code | None:
    if expr.operator in ("/", "//", "%"):
        return _zero(writer, expr.right)
    if expr.operator == "**" and may_raise(expr):
        raise cannot(expr, "only a small constant exponent of an int is exact on AWS")
    times = [side for side in (expr.left, expr.right) if kinds(side.type) <= NUMBER | BOOLEAN]
    if expr.operator == "*" and len(times) == 1 and kinds(times[0].type) <= NUMBER and constant(times[0]) is None:
        return infix(">", writer.code(times[0]), number(_MOST_REPEATS), COMPARISON)
    return None


def _zero(writer: Writer, divisor: Expr) -> Code | None:
    match divisor:
        case Literal(value=value):
            return None if value else TRUE
        case Call(function="max", arguments=arguments) if _is_above_zero(arguments):
            return None
    return infix("=", numeric_code(writer, divisor), number(0), COMPARISON)


def _is_above_zero(values: Sequence[Expr]) -> bool:
    """Whether the largest of the values cannot be 0: one is a number above it, as in `max(len(xs), 1)`."""
    return any(isinstance(v, Literal) and isinstance(v.value, int | float) and v.value > 0 for v in values)


def _moments(writer: Writer, expr: Compare) -> Code | None:
    """Moments that are not in their canonical form, or have no offset."""
    found = {m.what for side in (expr.left, expr.right) for m in members(side.type) if isinstance(m, DateTimeType)}
    if not found:
        return None
    if "time" in found:
        raise cannot(expr, "times of day may carry offsets, which only Python's datetime knows to compare")
    (what,) = found
    return either(*(not_canonical(writer.code(side), what) for side in (expr.left, expr.right)))


# --- builtins ---------------------------------------------------------------------------------------------------


def _division(writer: Writer, expr: Call) -> Code | None:
    return _zero(writer, expr.arguments[1])


def _root(writer: Writer, expr: Call) -> Code | None:
    return _below_zero(writer, expr.arguments[0])


def _below_zero(writer: Writer, value: Expr) -> Code | None:
    if isinstance(value, Literal):
        return None if not isinstance(value.value, str | None) and value.value >= 0 else TRUE
    if value.type == BOOL:
        return None
    return infix("<", numeric_code(writer, value), number(0), COMPARISON)


def _tolerances(writer: Writer, expr: Call) -> Code | None:
    tests = [_below_zero(writer, keyword_.value) for keyword_ in expr.keywords if keyword_.name.endswith("_tol")]
    found = [test for test in tests if test is not None]
    return either(*found) if found else None


def _spelling(pattern: str) -> Callable[[Writer, Call], Code | None]:
    def write(writer: Writer, expr: Call) -> Code | None:
        (value,) = expr.arguments
        if "string" not in kinds(value.type):
            return None
        if kinds(value.type) != STRING:
            raise cannot(expr, "whether this is a number or a text shows only at run time")
        return negation(call("contains", writer.code(value), f"/^{pattern}{END}/"))

    return write


def _empty(writer: Writer, expr: Call) -> Code | None:
    if len(expr.arguments) > 1 or keyword(expr, "default") is not None:
        return None
    return _no_elements(writer, expr.arguments[0])


def _no_elements(writer: Writer, values: Expr) -> Code:
    """Whether there is nothing to iterate over."""
    match values:
        case Comprehension(generators=(only,), key=None) if not only.conditions:
            return _no_elements(writer, only.items)
        case Call(function="dict.keys" | "dict.values" | "dict.items" | "enumerate" | "reversed"):
            return _no_elements(writer, values.arguments[0])
        case Call(function="zip"):
            return either(*(_no_elements(writer, argument) for argument in values.arguments))
        case _ if kinds(values.type) == STRING:
            return infix("=", writer.code(values), string(""), COMPARISON)
        case _ if kinds(values.type) == {"object"}:
            return infix("=", call("count", call("keys", writer.code(values))), number(0), COMPARISON)
        case _:
            return infix("=", call("count", elements(writer, values)), number(0), COMPARISON)


def _no_step(writer: Writer, expr: Call) -> Code | None:
    if len(expr.arguments) < 3:
        return None
    known = constant(expr.arguments[2])
    if known is not None:
        return None if known else TRUE
    return infix("=", numeric_code(writer, expr.arguments[2]), number(0), COMPARISON)


def _not_found(writer: Writer, expr: Call) -> Code | None:
    values, wanted, *_ = expr.arguments
    test = Compare(span=expr.span, type=BOOL, operator="in", left=wanted, right=values)
    return negation(contained(writer, test))


def _no_part(writer: Writer, expr: Call) -> Code | None:
    text, wanted, *_ = expr.arguments
    return negation(call("contains", writer.code(text), writer.code(wanted)))


def _fill(writer: Writer, expr: Call) -> Code | None:
    if len(expr.arguments) < 3:
        return None
    known = text_of(expr.arguments[2])
    if known is not None:
        return None if len(known) == 1 else TRUE
    return infix("!=", call("length", writer.code(expr.arguments[2])), number(1), COMPARISON)


def _empty_text(position: int, name: str = "") -> Callable[[Writer, Call], Code | None]:
    def write(writer: Writer, expr: Call) -> Code | None:
        given = keyword(expr, name, position)
        if given is None or given.type == NULL:
            return None
        known = text_of(given)
        if known is not None:
            return None if known else TRUE
        return infix("=", writer.code(given), string(""), COMPARISON)

    return write


def _counted(writer: Writer, expr: Call) -> Code | None:
    # The empty text is found everywhere; as a constant it is counted in another way.
    return None if text_of(expr.arguments[1]) == "" else _empty_text(1)(writer, expr)


def _uneven(writer: Writer, expr: Call) -> Code | None:
    strict = keyword(expr, "strict")
    if strict is None or (isinstance(strict, Literal) and strict.value is False) or len(expr.arguments) < 2:
        return None
    first, *others = (call("count", elements(writer, argument)) for argument in expr.arguments)
    different = either(*(infix("!=", first, other, COMPARISON) for other in others))
    if isinstance(strict, Literal):
        return different
    return both(writer.code(strict), different)


def _surrogates(writer: Writer, expr: Call) -> Code | None:
    given = [*expr.arguments, *(k.value for k in expr.keywords)][0]
    known = text_of(given)
    if known is not None and known.isascii():
        return None
    # Halves of characters; engines that count in UTF-16 find the whole ones too.
    return call("contains", writer.code(given), r"/[\ud800-\udfff]/")


FAILURES: Mapping[str, Callable[[Writer, Call], Code | None]] = {
    "datetime.timestamp": not_countable,
    "divmod": _division,
    "float": _spelling(_FLOAT),
    "int": _spelling(_INTEGER),
    "list.index": _not_found,
    "math.isclose": _tolerances,
    "math.sqrt": _root,
    "max": _empty,
    "min": _empty,
    "range": _no_step,
    "sha256": _surrogates,
    "str.capitalize": beyond_ascii,
    "str.casefold": beyond_ascii,
    "str.center": _fill,
    "str.count": _counted,
    "str.index": _no_part,
    "str.isalnum": beyond_ascii,
    "str.isalpha": beyond_ascii,
    "str.isdigit": beyond_ascii,
    "str.islower": beyond_ascii,
    "str.isupper": beyond_ascii,
    "str.ljust": _fill,
    "str.partition": _empty_text(1),
    "str.replace": _empty_text(1),
    "str.rjust": _fill,
    "str.rpartition": _empty_text(1),
    "str.rsplit": _empty_text(1, "sep"),
    "str.split": _empty_text(1, "sep"),
    "str.swapcase": beyond_ascii,
    "str.title": beyond_ascii,
    "zip": _uneven,
}
"""Builtins that can fail. Those that are not named here raise only for numbers beyond every JSON number."""
