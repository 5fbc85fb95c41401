"""Iteration: what a value gives when Python iterates over it, and comprehensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from skyloom.deployers.aws.expr_arithmetic import numeric_code
from skyloom.deployers.aws.expr_code import (
    CHOICE,
    COMPARISON,
    PRODUCT,
    SUM,
    Code,
    array,
    block,
    both,
    call,
    choice,
    element,
    function,
    infix,
    number,
)
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant
from skyloom.deployers.expressions.kinds import STRING, element_type, entry_type, holds_arrays, kinds
from skyloom.flows.expr.nodes import Bind, Call, Comprehension, Expr, Generator, Target, Unpack
from skyloom.flows.expr.types import DictType, members


def as_list(sequence: Code, *, nested: bool) -> Code:
    """The list of what `$map`, `$filter` and the like found: they give nothing for none and the element itself for one.
    `nested` elements may be lists themselves."""
    return array(f"{sequence.text}[]" if nested else sequence)


def elements(writer: Writer, expr: Expr) -> Code:
    """What iterating over `expr` gives, as an array."""
    match expr:
        case Call(function=name) if name in _ITERATORS:
            return _ITERATORS[name](writer, expr)
        case _ if kinds(expr.type) == {"array"}:
            return writer.code(expr)
        case _ if all(isinstance(member, DictType) for member in members(expr.type)):
            return array(call("keys", writer.code(expr)))
        case _ if kinds(expr.type) == STRING:
            return writer.let([("text", expr)], _characters)
        case _:
            raise cannot(expr, "whether this is a list, a dict or a text shows only at run time")


def _characters(writer: Writer, text: Code) -> Code:
    _, index = writer.fresh("index")
    span = array(f"0..{infix('-', call('length', text), number(1), SUM).text}")
    return as_list(call("map", span, function([index], call("substring", text, index, "1"))), nested=False)


# --- what only iterates -----------------------------------------------------------------------------------------


def _range(writer: Writer, expr: Call) -> Code:
    arguments = expr.arguments
    step = constant(arguments[2]) if len(arguments) == 3 else 1
    start, stop = (arguments[0], arguments[1]) if len(arguments) > 1 else (None, arguments[0])
    first = numeric_code(writer, start) if start is not None else number(0)
    last = numeric_code(writer, stop)
    if step == 1:
        known = constant(stop)
        end = number(known - 1) if known is not None else infix("-", last, number(1), SUM)
        return array(f"{first.at(SUM)}..{end.at(SUM)}")
    stride = numeric_code(writer, arguments[2])

    def body(inner: Writer, begin: Code, by: Code) -> Code:
        _, index = inner.fresh("index")
        count = call("ceil", infix("/", infix("-", last, begin, SUM), by, PRODUCT))
        value = infix("+", begin, infix("*", Code(index), by, PRODUCT), SUM)
        span = array(f"0..{infix('-', count, number(1), SUM).text}")
        return as_list(call("map", span, function([index], value)), nested=False)

    return writer.let([("start", first), ("step", stride)], body)


def _reversed(writer: Writer, expr: Call) -> Code:
    return call("reverse", elements(writer, expr.arguments[0]))


def _zip(writer: Writer, expr: Call) -> Code:
    return call("zip", *(elements(writer, argument) for argument in expr.arguments))


def _enumerate(writer: Writer, expr: Call) -> Code:
    def body(inner: Writer, start: Code) -> Code:
        inner, value = inner.fresh("value")
        _, index = inner.fresh("index")
        # An element that is a list has to stay one.
        held = element_type(expr.arguments[0].type)
        kept = _kept(Code(value), nested=holds_arrays(held), always=kinds(held) == {"array"})
        pair = array(_shifted(Code(index), start), kept)
        return as_list(call("map", elements(inner, expr.arguments[0]), function([value, index], pair)), nested=True)

    return writer.let([("first", _start(writer, expr))], body)


def _kept(value: Code, *, nested: bool, always: bool) -> Code:
    if not nested:
        return value
    if always:
        return array(value)
    return choice(infix("=", call("type", value), Code("'array'"), COMPARISON), array(array(value)), value)


def _start(writer: Writer, expr: Call) -> Code:
    """What `enumerate` counts from."""
    given = [*expr.arguments[1:], *(k.value for k in expr.keywords)]
    return numeric_code(writer, given[0]) if given else number(0)


def _shifted(index: Code, start: Code) -> Code:
    return index if start.text == "0" else infix("+", index, start, SUM)


def _items(writer: Writer, expr: Call) -> Code:
    def body(inner: Writer, entries: Code) -> Code:
        _, key = inner.fresh("key")
        held = entry_type(expr.arguments[0].type)
        kept = _kept(call("lookup", entries, key), nested=holds_arrays(held), always=kinds(held) == {"array"})
        return as_list(call("map", call("keys", entries), function([key], array(key, kept))), nested=True)

    return writer.let([("entries", expr.arguments[0])], body)


def _keys(writer: Writer, expr: Call) -> Code:
    return array(call("keys", writer.code(expr.arguments[0])))


def _values(writer: Writer, expr: Call) -> Code:
    def body(inner: Writer, entries: Code) -> Code:
        _, key = inner.fresh("key")
        nested = holds_arrays(element_type(expr.type))
        return as_list(call("map", call("keys", entries), function([key], call("lookup", entries, key))), nested=nested)

    return writer.let([("entries", expr.arguments[0])], body)


_ITERATORS: Mapping[str, Callable[[Writer, Call], Code]] = {
    "range": _range,
    "reversed": _reversed,
    "zip": _zip,
    "enumerate": _enumerate,
    "dict.items": _items,
    "dict.keys": _keys,
    "dict.values": _values,
}

ITERATORS = frozenset(_ITERATORS)
"""Builtins that are written where they are iterated over."""


# --- loops ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Loop:
    """One `for target in items`: the array, the parameters of the function that is called for each element, the scope
    of its body, and variables that have to be bound in front."""

    array: Code
    parameters: tuple[str, ...]
    inside: Writer
    bindings: tuple[str, ...] = ()


def loop(writer: Writer, target: Target, items: Expr) -> Loop:
    """How to go through `items`."""
    match target, items:
        case Unpack(targets=(counter, inner)), Call(function="enumerate"):
            start = _start(writer, items)
            outer, bindings, start = _bound(writer, "first", start)
            found = loop(outer, inner, items.arguments[0])
            inside, index = found.inside.fresh(counter.name if isinstance(counter, Bind) else "index")
            shifted = _shifted(Code(index, simple=True), start)
            inside = inside.binding(_names(counter, Code(shifted.text, shifted.level, simple=True)))
            if len(found.parameters) == 1:
                return Loop(found.array, (*found.parameters, index), inside, (*bindings, *found.bindings))
        case Unpack(targets=(Bind(name=key), value)), Call(function="dict.items"):
            outer, bindings, entries = _bound(writer, "entries", writer.code(items.arguments[0]))
            inside, parameter = outer.fresh(key)
            held = Code(f"$lookup({entries.text}, {parameter})", simple=True)
            inside = inside.binding({key: Code(parameter, simple=True), **_names(value, held)})
            return Loop(call("keys", entries), (parameter,), inside, bindings)
        case _:
            pass
    inside, parameter = writer.fresh(target.name if isinstance(target, Bind) else "item")
    inside = inside.binding(_names(target, Code(parameter, simple=True)))
    return Loop(elements(writer, items), (parameter,), inside)


def _bound(writer: Writer, wanted: str, code: Code) -> tuple[Writer, tuple[str, ...], Code]:
    if code.simple:
        return writer, (), code
    writer, name = writer.fresh(wanted)
    return writer, (f"{name} := {code.text}",), Code(name, simple=True)


def _names(target: Target, value: Code) -> dict[str, Code]:
    """What the names of a target are written as, when the element is `value`."""
    if isinstance(target, Bind):
        return {target.name: value}
    parts = {}
    for index, inner in enumerate(target.targets):
        parts.update(_names(inner, element(value, str(index))))
    return parts


# --- comprehensions ---------------------------------------------------------------------------------------------


def comprehension(writer: Writer, expr: Comprehension) -> Code:
    """`[element for ...]`, `{key: element for ...}`."""
    if expr.key is None:
        nested = holds_arrays(expr.element.type)
        return _collected(writer, expr.generators, lambda inside: inside.code(expr.element), nested=nested)
    key = expr.key

    def entry(inside: Writer) -> Code:
        return Code(f"{{{inside.code(key).at(SUM)}: {inside.code(expr.element).text}}}")

    return call("merge", _collected(writer, expr.generators, entry, nested=False))


def _collected(
    writer: Writer, generators: tuple[Generator, ...], result: Callable[[Writer], Code], *, nested: bool
) -> Code:
    """The list of `result` for each round of the generators."""
    first, *rest = generators
    if rest:
        return _flat(writer, generators, result, nested=nested)
    found = loop(writer, first.target, first.items)
    conditions = [found.inside.code(condition) for condition in first.conditions]
    value = result(found.inside)
    if not conditions:
        if value.text == found.parameters[0]:
            return block(found.bindings, _plain(found.array, nested=nested))
        sequence = call("map", found.array, function(found.parameters, value))
    elif value.text == found.parameters[0]:
        parameters = found.parameters
        sequence = call("filter", found.array, function(parameters, _all(conditions)))
    else:
        # A function that gives nothing leaves the element out.
        chosen = Code(f"{_all(conditions).text} ? {value.at(CHOICE + 1)}", CHOICE)
        sequence = call("map", found.array, function(found.parameters, chosen))
    return block(found.bindings, as_list(sequence, nested=nested))


def _plain(values: Code, *, nested: bool) -> Code:
    """The array of a loop itself: `$keys` alone gives no array."""
    return as_list(values, nested=nested) if values.text.startswith("$keys(") else values


def _all(conditions: list[Code]) -> Code:
    joined = conditions[0]
    for condition in conditions[1:]:
        joined = both(joined, condition)
    return joined


def _flat(writer: Writer, generators: tuple[Generator, ...], result: Callable[[Writer], Code], *, nested: bool) -> Code:
    """Nested loops: the lists of the inner ones, one behind the other."""
    first, *rest = generators
    writer, all_ = writer.fresh("all")
    found = loop(writer, first.target, first.items)
    inner = _collected(found.inside, tuple(rest), result, nested=nested)
    longer = call("append", all_, inner)
    if first.conditions:
        longer = choice(_all([found.inside.code(c) for c in first.conditions]), longer, Code(all_))
    step = function([all_, *found.parameters], longer)
    return block(found.bindings, call("reduce", _plain(found.array, nested=False), step, "[]"))
