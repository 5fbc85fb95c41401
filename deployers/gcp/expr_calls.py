"""Which builtins are emitted and how, and which are not and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from skyloom.deployers.expressions.constants import constant
from skyloom.deployers.expressions.kinds import BOOLEAN, NUMBER, STRING, is_int, kinds
from skyloom.deployers.gcp import expr_strings as strings
from skyloom.deployers.gcp.expr_code import COMPARISON, FALSE, PRODUCT, SIGN, Code, call, choice, infix, member, number
from skyloom.deployers.gcp.expr_numbers import is_double, is_float, numeric, smallest
from skyloom.deployers.gcp.expr_text import as_text, formatted
from skyloom.deployers.gcp.expr_truth import truth
from skyloom.deployers.gcp.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Call, Expr, Literal
from skyloom.flows.expr.types import DictType, ListType, TupleType, members

Emits = Callable[[Writer, Call], Code]

_LOOP = "a loop in Workflows costs a step for every round, a call of the helper function one step"


def _absolute(writer: Writer, expr: Call) -> Code:
    return call("math.abs", numeric(writer, expr.arguments[0]))


def _floor(writer: Writer, expr: Call) -> Code:
    value = numeric(writer, expr.arguments[0])
    return value if is_int(expr.arguments[0].type) else call("math.floor", value)


def _ceiling(writer: Writer, expr: Call) -> Code:
    value = numeric(writer, expr.arguments[0])
    if is_int(expr.arguments[0].type):
        return value
    return Code(f"-{call('math.floor', Code(f'-{value.at(SIGN + 1)}')).text}", SIGN)


def _truncated(writer: Writer, expr: Call) -> Code:
    """`math.trunc`, and `int` of a number."""
    value = numeric(writer, expr.arguments[0])
    if is_int(expr.arguments[0].type):
        return value
    return choice(infix("<", value, number(0), COMPARISON), _ceiling(writer, expr), _floor(writer, expr))


def _rounded(writer: Writer, expr: Call) -> Code:
    digits = [*expr.arguments[1:], *(k.value for k in expr.keywords)]
    decimals = constant(digits[0]) if digits else 0
    if not is_int(expr.arguments[0].type) or decimals is None or decimals < 0:
        raise cannot(expr, "Workflows does not round floats")
    return numeric(writer, expr.arguments[0])


def _duration(seconds: float) -> Emits:
    def write(writer: Writer, expr: Call) -> Code:
        count = next(iter((*expr.arguments, *(k.value for k in expr.keywords))))
        if isinstance(count, Literal) and isinstance(count.value, int | float):
            return number(float(count.value * seconds))
        return infix("*", numeric(writer, count), number(seconds), PRODUCT)

    return write


def _as_bool(writer: Writer, expr: Call) -> Code:
    return truth(writer, expr.arguments[0]) if expr.arguments else FALSE


def _as_float(writer: Writer, expr: Call) -> Code:
    (value,) = expr.arguments
    if is_double(value) or is_float(value):
        return writer.code(value)
    if kinds(value.type) == STRING:
        return call("double", writer.code(value))
    # `double` is documented for integers and texts, a product with a double for every number.
    return infix("*", numeric(writer, value), number(1.0), PRODUCT)


def _as_int(writer: Writer, expr: Call) -> Code:
    (value,) = expr.arguments
    if kinds(value.type) <= NUMBER | BOOLEAN:
        return _truncated(writer, expr)
    if kinds(value.type) == STRING:
        return call("int", writer.code(value))
    raise cannot(expr, "whether this is a number or a text shows only at run time")


def _length(writer: Writer, expr: Call) -> Code:
    (value,) = expr.arguments
    match value:
        case Call(function="dict.items" | "dict.keys" | "dict.values", arguments=(entries,)):
            return call("len", writer.code(entries))
        case Call(function="str.split" | "list" | "dict" | "list.copy" | "dict.copy"):
            return call("len", writer.code(value))
    if isinstance(value.type, TupleType):
        writer.code(value)  # It may raise, or not be sayable, although its value does not count.
        return number(len(value.type.items))
    if kinds(value.type) in (STRING, {"array"}, {"object"}):
        return call("len", writer.code(value))
    raise cannot(expr, "the length of values of so different kinds is known to Python only")


def _extreme(function: str) -> Emits:
    """`max`, `min` of numbers that are arguments."""

    def write(writer: Writer, expr: Call) -> Code:
        if len(expr.arguments) < 2 or expr.keywords:
            raise cannot(expr, _LOOP)
        if not (
            all(is_int(a.type) and kinds(a.type) <= NUMBER for a in expr.arguments)
            or all(map(is_float, expr.arguments))
        ):
            raise cannot(expr, "the larger of values that are not all ints, or all floats, is known to Python only")
        return smallest(function, [writer.code(argument) for argument in expr.arguments])

    return write


def _looked_up(writer: Writer, expr: Call) -> Code:
    entries, key, *default = expr.arguments
    found = call("map.get", writer.code(entries), writer.code(key))
    if not default or (isinstance(default[0], Literal) and default[0].value is None):
        return found
    if any("null" in kinds(m.value) for m in members(entries.type) if isinstance(m, DictType)):
        there = infix("in", writer.code(key), writer.code(entries), COMPARISON)
        return choice(there, found, writer.code(default[0]))
    return call("default", found, writer.code(default[0]))


def _same(writer: Writer, expr: Call) -> Code:
    """A copy: values are never shared."""
    (value,) = expr.arguments
    return writer.code(value)


def _as_list(writer: Writer, expr: Call) -> Code:
    (value,) = expr.arguments or (None,)
    if value is None or isinstance(value, Call) or not _all(value, ListType, TupleType):
        raise cannot(expr, _LOOP)
    return writer.code(value)


def _as_dict(writer: Writer, expr: Call) -> Code:
    (value,) = expr.arguments or (None,)
    if value is None or not _all(value, DictType):
        raise cannot(expr, _LOOP)
    return writer.code(value)


def _as_tuple(writer: Writer, expr: Call) -> Code:
    if not expr.arguments:
        raise cannot(expr, "lists are written outside of expressions")
    return _same(writer, expr)


def _all(value: Expr, *classes: type) -> bool:
    return all(isinstance(member_, classes) for member_ in members(value.type))


EMITTED: Mapping[str, Emits] = {
    "abs": _absolute,
    "bool": _as_bool,
    "days": _duration(86400.0),
    "dict": _as_dict,
    "dict.copy": _same,
    "dict.get": _looked_up,
    "error.type": lambda writer, expr: member(writer.code(expr.arguments[0]), "type"),
    "float": _as_float,
    "format": formatted,
    "hours": _duration(3600.0),
    "int": _as_int,
    "len": _length,
    "list": _as_list,
    "list.copy": _same,
    "math.ceil": _ceiling,
    "math.fabs": _absolute,
    "math.floor": _floor,
    "math.trunc": _truncated,
    "max": _extreme("math.max"),
    "min": _extreme("math.min"),
    "minutes": _duration(60.0),
    "round": _rounded,
    "seconds": _duration(1.0),
    "str": as_text,
    "str.capitalize": strings.capitalized,
    "str.count": strings.count,
    "str.endswith": strings.affix(front=False),
    "str.find": strings.find,
    "str.index": strings.find,
    "str.isalnum": strings.consists_of("0-9A-Za-z"),
    "str.isalpha": strings.consists_of("A-Za-z"),
    "str.isdigit": strings.consists_of("0-9"),
    "str.islower": strings.cased("a-z", "A-Z"),
    "str.isspace": strings.consists_of(r"\t\n\r "),
    "str.isupper": strings.cased("A-Z", "a-z"),
    "str.join": strings.join,
    "str.ljust": strings.pad(front=False),
    "str.lower": strings.same_case("text.to_lower"),
    "str.lstrip": strings.strip(f"^{strings.SPACES}"),
    "str.removeprefix": strings.remove_affix(front=True),
    "str.removesuffix": strings.remove_affix(front=False),
    "str.replace": strings.replace,
    "str.rjust": strings.pad(front=True),
    "str.rstrip": strings.strip(f"{strings.SPACES}$"),
    "str.split": strings.split,
    "str.startswith": strings.affix(front=True),
    "str.strip": strings.strip(f"^{strings.SPACES}|{strings.SPACES}$"),
    "str.upper": strings.same_case("text.to_upper"),
    "tuple": _as_tuple,
}

_LIKE_PYTHON = "Workflows has no function for it"

UNSUPPORTED: Mapping[str, str] = {
    **dict.fromkeys(("all", "any", "enumerate", "range", "reversed", "sorted", "sum", "zip"), _LOOP),
    **dict.fromkeys(("list.count", "list.index"), _LOOP),
    **dict.fromkeys(("dict.items", "dict.keys", "dict.values"), "the order of the keys of a map is not documented"),
    **dict.fromkeys(("divmod", "math.isclose", "math.sqrt"), _LIKE_PYTHON),
    **dict.fromkeys(("str.casefold", "str.center", "str.partition", "str.rfind", "str.rpartition"), _LIKE_PYTHON),
    **dict.fromkeys(("str.rsplit", "str.splitlines", "str.swapcase", "str.title", "str.zfill"), _LIKE_PYTHON),
    "datetime.timestamp": "what precision the seconds of a moment have is not documented",
    "json.dumps": "Python's spaces, escapes and floats in JSON are its own",
    "json.loads": "Python tells 2 from 2.0, and knows more spellings than JSON",
    "sha256": "Workflows gives a checksum as bytes, and writes none in hexadecimal digits",
}


def builtin_call(writer: Writer, expr: Call) -> Code:
    """The call of a builtin."""
    if expr.function in UNSUPPORTED:
        raise cannot(expr, f"{expr.function}: {UNSUPPORTED[expr.function]}")
    return EMITTED[expr.function](writer, expr)
