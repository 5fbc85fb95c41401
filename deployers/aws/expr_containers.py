"""Items, slices and displays of lists, tuples, dicts and texts."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.aws.expr_arithmetic import numeric_code
from skyloom.deployers.aws.expr_code import (
    COMPARISON,
    PRIMARY,
    PRODUCT,
    SUM,
    Code,
    array,
    both,
    call,
    choice,
    element,
    function,
    infix,
    member,
    number,
)
from skyloom.deployers.aws.expr_loops import as_list, elements
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant
from skyloom.deployers.expressions.kinds import STRING, element_type, holds_arrays, kinds
from skyloom.flows.expr.nodes import Array, Entry, Expr, Item, Literal, Object, Slice, Spread
from skyloom.flows.expr.types import AnyType, DictType, ModelType, members

_UNSURE = "whether this is a list, a dict or a text shows only at run time"


def item(writer: Writer, expr: Item) -> Code:
    """`object[index]`, where it is there."""
    of, index = expr.object, expr.index
    if kinds(index.type) == STRING and all(isinstance(m, DictType | ModelType | AnyType) for m in members(of.type)):
        if isinstance(index, Literal):
            return member(writer.code(of), str(index.value))
        return call("lookup", writer.code(of), writer.code(index))
    if kinds(of.type) == STRING:
        return call("substring", writer.code(of), numeric_code(writer, index), "1")
    if kinds(of.type) != {"array"} and not isinstance(of.type, AnyType):
        raise cannot(expr, _UNSURE)
    position = constant(index)
    if position is not None:
        return _element_of(writer, writer.code(of), str(position))
    # Inside the brackets another value is the context: only a variable may stand there.
    values = writer.code(of)
    return writer.let([("index", numeric_code(writer, index))], lambda w, i: _element_of(w, values, i.text))


def _element_of(writer: Writer, values: Code, index: str) -> Code:
    if values.level == PRIMARY and not values.text.startswith("("):
        return element(values, index)
    # At the end of a function, JSONata puts off the last call of a block or of a choice, and takes the element of what
    # is not there yet.
    return writer.let([("values", values)], lambda _, known: element(known, index))


# --- slices -----------------------------------------------------------------------------------------------------


def part(writer: Writer, expr: Slice) -> Code:
    """`object[start:stop:step]`."""
    of = expr.object
    step = 1 if expr.step is None else constant(expr.step)
    if kinds(of.type) not in (STRING, {"array"}):
        raise cannot(expr, _UNSURE)
    if step == -1 and expr.start is None and expr.stop is None:
        reversed_ = call("reverse", elements(writer, of))
        return call("join", reversed_) if kinds(of.type) == STRING else reversed_
    if step is None or step < 1:
        raise cannot(expr, "only slices with a constant step of 1 or more, and [::-1], are exact on AWS")
    if kinds(of.type) == STRING:
        if step == 1:
            return _part_of_text(writer, expr)
        return call("join", _filtered(writer, expr, elements(writer, of), step, nested=False))
    return _filtered(writer, expr, writer.code(of), step, nested=holds_arrays(element_type(of.type)))


def _part_of_text(writer: Writer, expr: Slice) -> Code:
    start = None if expr.start is None else constant(expr.start)
    stop = None if expr.stop is None else constant(expr.stop)
    if expr.stop is None:
        first = number(0) if expr.start is None else numeric_code(writer, expr.start)
        return call("substring", writer.code(expr.object), first)
    if (start is not None or expr.start is None) and stop is not None and (start or 0) >= 0 and stop >= 0:
        return call("substring", writer.code(expr.object), number(start or 0), number(max(stop - (start or 0), 0)))

    def body(inner: Writer, text: Code, *bounds: Code) -> Code:
        length = call("length", text)
        codes = iter(bounds)
        first = _bound(next(codes), start, length) if expr.start is not None else number(0)
        last = _bound(next(codes), stop, length)

        def cut(_: Writer, begin: Code) -> Code:
            size = last if begin.text == "0" else infix("-", last, begin, SUM)
            return call("substring", text, begin, size)

        return inner.let([("start", first)], cut)

    bounds = [("from", expr.start), ("to", expr.stop)]
    values = [(name, numeric_code(writer, bound)) for name, bound in bounds if bound is not None]
    return writer.let([("text", writer.code(expr.object)), *values], body)


def _bound(code: Code, known: int | None, length: Code) -> Code:
    """A bound of a slice, counted from the front and not below it."""
    if known is not None and known >= 0:
        return code
    from_end = infix("-", length, number(-known), SUM) if known is not None else infix("+", length, code, SUM)
    clamped = call("max", array("0", from_end))
    if known is not None:
        return clamped
    return choice(infix("<", code, Code("0"), COMPARISON), clamped, code)


def _filtered(writer: Writer, expr: Slice, values: Code, step: int, *, nested: bool) -> Code:
    """A part of a list: the elements whose position lies within the bounds."""
    start = None if expr.start is None else constant(expr.start)
    if (expr.start is None or start == 0) and expr.stop is None and step == 1:
        return values
    stop = None if expr.stop is None else constant(expr.stop)
    begins = expr.start is not None and start != 0

    def body(inner: Writer, all_: Code, *bounds: Code) -> Code:
        codes = iter(bounds)
        length = call("count", all_)
        first = _bound(next(codes), start, length) if begins else number(0)
        last = _bound(next(codes), stop, length) if expr.stop is not None else None
        named = [("start", first)] if begins else []
        if last is not None:
            named.append(("stop", last))

        def cut(within: Writer, *known: Code) -> Code:
            within, value = within.fresh("value")
            within, position = within.fresh("position")
            index = Code(position)
            left = iter(known)
            begin = next(left) if begins else number(0)
            tests = [infix(">=", index, begin, COMPARISON)] if begins else []
            if last is not None:
                tests.append(infix("<", index, next(left), COMPARISON))
            if step > 1:
                offset = infix("-", index, begin, SUM) if begins else index
                rest = infix("%", offset, number(step), PRODUCT)
                tests.append(infix("=", rest, Code("0"), COMPARISON))
            test = tests[0]
            for other in tests[1:]:
                test = both(test, other)
            found = call("filter", all_, function([value, position], test))
            return as_list(found, nested=nested)

        return inner.let(named, cut)

    bounds_ = [("from", expr.start if begins else None), ("to", expr.stop)]
    values_ = [(name, numeric_code(writer, bound)) for name, bound in bounds_ if bound is not None]
    return writer.let([("values", values), *values_], body)


# --- displays ---------------------------------------------------------------------------------------------------


def display(writer: Writer, expr: Array) -> Code:
    """A list or tuple display: lists among the elements go into brackets of their own, so that they stay lists."""
    match expr.items:
        case (Spread(value=value),):
            return elements(writer, value)
        case items:
            codes = (_shown(writer, item_) for item_ in items)
            return array(*(code for code in codes if code.text))


def _shown(writer: Writer, expr: Expr) -> Code:
    if isinstance(expr, Spread):
        values = elements(writer, expr.value)
        return Code(values.text[1:-1]) if values.brackets else values
    code = writer.code(expr)
    found = kinds(expr.type)
    if "array" not in found:
        return code
    if found == {"array"}:
        return code if code.brackets else array(code)
    # Lists among other things.
    return writer.let(
        [("value", code)],
        lambda _, v: choice(infix("=", call("type", v), Code("'array'"), COMPARISON), array(array(v)), v),
    )


def object_display(writer: Writer, expr: Object) -> Code:
    """A dict display or a new model."""
    keys = [entry.key.value if isinstance(entry.key, Literal) else None for entry in expr.entries]
    if len(set(keys)) == len(keys) and None not in keys:
        return _plain_object(writer, expr.entries)
    if len(keys) == 1 and not isinstance(expr.entries[0].value, Spread):
        return _plain_object(writer, expr.entries)
    return call("merge", array(*_merged(writer, expr)))


def _plain_object(writer: Writer, entries: tuple[Entry, ...]) -> Code:
    pairs = [
        f"{writer.code(entry.key).at(SUM)}: {writer.code(entry.value).text}"
        for entry in entries
        if entry.key is not None
    ]
    return Code(f"{{{', '.join(pairs)}}}")


def _merged(writer: Writer, expr: Object) -> Iterator[Code]:
    """The entries, in runs whose keys cannot meet."""
    run: list[Entry] = []
    for entry in expr.entries:
        key = entry.key.value if isinstance(entry.key, Literal) else None
        if isinstance(entry.value, Spread):
            if run:
                yield _plain_object(writer, tuple(run))
                run = []
            yield writer.code(entry.value.value)
            continue
        known = {e.key.value for e in run if isinstance(e.key, Literal)}
        if run and (key is None or key in known or not all(isinstance(e.key, Literal) for e in run)):
            yield _plain_object(writer, tuple(run))
            run = []
        run.append(entry)
    if run:
        yield _plain_object(writer, tuple(run))
