"""Builtins that put elements in order: `sorted`, `min`, `max`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from skyloom.deployers.aws.expr_code import COMPARISON, Code, array, block, call, choice, function, infix, number
from skyloom.deployers.aws.expr_comparing import lexical, needs_key, ordered, sort_key
from skyloom.deployers.aws.expr_loops import elements
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import keyword
from skyloom.deployers.expressions.kinds import NUMBER, element_type, holds_arrays, kinds
from skyloom.flows.expr.nodes import Array, Call, Expr, Function, Spread
from skyloom.flows.expr.types import TupleType, Type, union


def ordered_list(writer: Writer, expr: Call) -> Code:
    """`sorted`: JSONata's `$sort` is stable too."""
    key, reverse = keyword(expr, "key"), keyword(expr, "reverse")
    values, of = elements(writer, expr.arguments[0]), element_type(expr.arguments[0].type)
    if key is None and reverse is None and kinds(of) <= NUMBER:
        return call("sort", values)
    flag = Code("false", simple=True) if reverse is None else writer.code(reverse)
    if flag.text in ("true", "false"):
        order = _order(writer, expr, of, key)
        return block(order.bindings, _sorted(values, order.comparator("<" if flag.text == "true" else ">")))

    def either_way(inner: Writer, backwards: Code, given: Code) -> Code:
        order = _order(inner, expr, of, key)
        up, down = (_sorted(given, order.comparator(operator)) for operator in "><")
        return block(order.bindings, choice(backwards, down, up))

    return writer.let([("reverse", flag), ("values", values)], either_way)


def _sorted(values: Code, comparator: str) -> Code:
    # In brackets, for as the last call of a function JSONata would put it off and then not know the comparator.
    return array(call("sort", values, comparator))


def extreme(operator: str) -> Callable[[Writer, Call], Code]:
    """`max` (`>`) and `min` (`<`): the first of several."""

    def write(writer: Writer, expr: Call) -> Code:
        key, default = keyword(expr, "key"), keyword(expr, "default")
        if len(expr.arguments) > 1:
            values = array(*(_kept(writer, argument) for argument in expr.arguments))
            of = union(*(argument.type for argument in expr.arguments))
        else:
            values, of = elements(writer, expr.arguments[0]), element_type(expr.arguments[0].type)

        def found(inner: Writer, given: Code) -> Code:
            if key is None and kinds(of) <= NUMBER:
                return call("max" if operator == ">" else "min", given)
            order = _order(inner, expr, of, key)
            return block(order.bindings, call("reduce", given, order.chooser(operator)))

        def found_or_default(inner: Writer, given: Code) -> Code:
            assert default is not None
            some = infix(">", call("count", given), number(0), COMPARISON)
            return choice(some, found(inner, given), inner.code(default))

        return found(writer, values) if default is None else writer.let([("values", values)], found_or_default)

    return write


def _kept(writer: Writer, expr: Expr) -> Code:
    code = writer.code(expr)
    if not holds_arrays(expr.type) or code.brackets:
        return code
    if kinds(expr.type) != {"array"}:
        raise cannot(expr, "whether this is a list shows only at run time")
    return array(code)


@dataclass(frozen=True, slots=True)
class _Order:
    """An order among elements: what has to be bound in front, and the test `key($a) operator key($b)`."""

    bindings: tuple[str, ...]
    parameters: tuple[str, str]
    test: Callable[[str], Code]

    def comparator(self, operator: str) -> str:
        """For `$sort`: whether the first belongs behind the second."""
        return function(self.parameters, self.test(operator))

    def chooser(self, operator: str) -> str:
        """For `$reduce`: the one of two that comes first, in doubt the first."""
        first, second = self.parameters
        # The parameters of the test are exchanged: the newcomer has to be better.
        return function((second, first), choice(self.test(operator), Code(first), Code(second)))


def _order(writer: Writer, place: Expr, of: Type, key: Expr | None) -> _Order:
    held = key.type if key is not None else of
    writer, name = writer.fresh("key") if needs_key(held) else (writer, None)
    bindings = (f"{name} := {sort_key(writer)}",) if name is not None else ()
    writer, a = writer.fresh("a")
    writer, b = writer.fresh("b")
    left, right = Code(a, simple=True), Code(b, simple=True)
    if key is None:
        return _Order(
            bindings, (a, b), lambda operator: ordered(writer, place, operator, (left, of), (right, of), name)
        )
    assert isinstance(key, Function)
    ours, theirs = (writer.binding({key.parameter: side}) for side in (left, right))
    match key.body:
        case Array(items=items) if not any(isinstance(item, Spread) for item in items):
            # A tuple is compared part by part, without being built.
            pairs = [((ours.code(item), item.type), (theirs.code(item), item.type)) for item in items]
            return _Order(bindings, (a, b), lambda operator: lexical(writer, place, operator, pairs, name))
        case body:
            one, other = ours.code(body), theirs.code(body)

            def test(operator: str) -> Code:
                if not isinstance(held, TupleType):
                    return ordered(writer, place, operator, (one, held), (other, held), name)
                # Each part is taken out of the tuple by itself.
                return writer.let(
                    [("left", one), ("right", other)],
                    lambda w, x, y: ordered(w, place, operator, (x, held), (y, held), name),
                )

            return _Order(bindings, (a, b), test)
