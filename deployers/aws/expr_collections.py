"""Builtins on lists, dicts and what can be iterated over."""

from __future__ import annotations

from skyloom.deployers.aws.expr_arithmetic import numeric_code
from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    SUM,
    Code,
    array,
    block,
    both,
    call,
    choice,
    function,
    infix,
    negation,
    number,
)
from skyloom.deployers.aws.expr_comparing import equal_codes
from skyloom.deployers.aws.expr_loops import as_list, elements, loop
from skyloom.deployers.aws.expr_truth import test, truth_of_value
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import keyword
from skyloom.deployers.expressions.kinds import NUMBER, STRING, element_type, holds_arrays, is_int, kinds
from skyloom.flows.expr.nodes import Call, Comprehension, Expr
from skyloom.flows.expr.types import DictType, TupleType, Type, members

_FLOAT_SUM = "how a sum of floats is rounded differs between versions of Python, and from JSONata"


# --- size, truth, sum -------------------------------------------------------------------------------------------


def length(writer: Writer, expr: Call) -> Code:
    """`len`."""
    (value,) = expr.arguments
    match value:
        case Call(function="dict.items" | "dict.keys" | "dict.values", arguments=(entries,)):
            return call("count", call("keys", writer.code(entries)))
        case _ if kinds(value.type) == STRING:
            return call("length", writer.code(value))
        case _ if isinstance(value.type, TupleType):
            return number(len(value.type.items))
        case _ if _is_dict(value.type):
            return call("count", call("keys", writer.code(value)))
        case _:
            return call("count", elements(writer, value))


def every(writer: Writer, expr: Call) -> Code:
    """`all`."""
    return negation(_found(writer, expr.arguments[0], wanted=False))


def some(writer: Writer, expr: Call) -> Code:
    """`any`."""
    return _found(writer, expr.arguments[0], wanted=True)


def _found(writer: Writer, values: Expr, *, wanted: bool) -> Code:
    """Whether some element is true (or, some is not)."""
    match values:
        case Comprehension(key=None, generators=(single,), element=result):
            found = loop(writer, single.target, single.items)
            true = test(found.inside, result)
            decides = true if wanted else negation(true)
            for condition in reversed(single.conditions):
                decides = both(found.inside.code(condition), decides)
            picked = call("filter", found.array, function(found.parameters, decides))
            return block(found.bindings, call("exists", picked))
        case _:
            _, item = writer.fresh("item")
            true = truth_of_value(Code(item, simple=True), element_type(values.type), values)
            decides = true if wanted else negation(true)
            return call("exists", call("filter", elements(writer, values), function([item], decides)))


def total(writer: Writer, expr: Call) -> Code:
    """`sum` of integers."""
    values = expr.arguments[0]
    of = element_type(values.type)
    start = keyword(expr, "start", 1)
    if not is_int(of) or (start is not None and not is_int(start.type)):
        raise cannot(expr, _FLOAT_SUM, "add amounts as ints of the smallest unit")
    numbers = elements(writer, values)
    if not kinds(of) <= NUMBER:
        _, item = writer.fresh("item")
        numbers = as_list(call("map", numbers, function([item], call("number", item))), nested=False)
    result = call("sum", numbers)
    return result if start is None else infix("+", numeric_code(writer, start), result, SUM)


# --- new lists and dicts ----------------------------------------------------------------------------------------


def as_list_call(writer: Writer, expr: Call) -> Code:
    """`list`."""
    return elements(writer, expr.arguments[0]) if expr.arguments else array()


def as_dict(writer: Writer, expr: Call) -> Code:
    """`dict`."""
    if not expr.arguments:
        return Code("{}")
    (values,) = expr.arguments
    if _is_dict(values.type):
        return writer.code(values)
    _, pair = writer.fresh("pair")
    entry = Code(f"{{{pair}[0]: {pair}[1]}}")
    return call("merge", as_list(call("map", elements(writer, values), function([pair], entry)), nested=False))


def as_tuple(writer: Writer, expr: Call) -> Code:
    """`tuple`."""
    return writer.code(expr.arguments[0]) if expr.arguments else array()


def same(writer: Writer, expr: Call) -> Code:
    """`copy`: values are never shared."""
    return writer.code(expr.arguments[0])


def iterated(writer: Writer, expr: Call) -> Code:
    """`range`, `zip`, `dict.items` and the like, where they are kept."""
    return elements(writer, expr)


def _is_dict(of: Type) -> bool:
    return all(isinstance(member, DictType) for member in members(of))


# --- looking up -------------------------------------------------------------------------------------------------


def looked_up(writer: Writer, expr: Call) -> Code:
    """`dict.get`."""
    entries, key, *default = expr.arguments

    def body(inner: Writer, held: Code, name: Code) -> Code:
        found = infix("in", name, call("keys", held), COMPARISON)
        other = inner.code(default[0]) if default else Code("null")
        return choice(found, call("lookup", held, name), other)

    return writer.let([("entries", entries), ("key", key)], body)


def counted(writer: Writer, expr: Call) -> Code:
    """`list.count`."""
    values, wanted = expr.arguments
    held = element_type(values.type)

    def body(inner: Writer, value: Code) -> Code:
        inner, item = inner.fresh("item")
        same_ = equal_codes(inner, expr, (Code(item, simple=True), held), (value, wanted.type))
        matching = call("filter", inner.code(values), function([item], same_))
        # One null that was found alone is no list, and what `$count` then gives no engine documents.
        alone = holds_arrays(held) or "null" in kinds(held)
        return call("count", as_list(matching, nested=holds_arrays(held)) if alone else matching)

    return writer.let([("wanted", wanted)], body)


def position(writer: Writer, expr: Call) -> Code:
    """`list.index`."""
    values, wanted, *bounds = expr.arguments
    if bounds:
        raise cannot(expr, "index with bounds is known to Python only")

    def body(inner: Writer, value: Code) -> Code:
        inner, item = inner.fresh("item")
        inner, index = inner.fresh("index")
        held = element_type(values.type)
        same_ = equal_codes(inner, expr, (Code(item, simple=True), held), (value, wanted.type))
        # A function that gives nothing leaves the element out.
        found = call("map", inner.code(values), function([item, index], Code(f"{same_.text} ? {index}")))
        return Code(f"{found.text}[0]")

    return writer.let([("wanted", wanted)], body)
