"""Changes inside a variable's value, as expressions that give the whole new value."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.aws.machine.hoisting import Root
from skyloom.deployers.changes import container_type, is_index, item_at, python_of
from skyloom.errors import Span
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Entry,
    Expr,
    Generator,
    Item,
    Literal,
    Name,
    Object,
    Spread,
    Unpack,
    free_names,
)
from skyloom.flows.expr.types import ANY, BOOL, INT, DictType, ListType, TupleType
from skyloom.flows.ir.nodes import Append, Extend, SetItem

_LIST, _DICT = ListType(ANY), DictType(ANY)


def update(statement: SetItem | Append | Extend) -> Root:
    """The new value of the statement's variable."""
    keys = [key.index for key in statement.path]
    reads = frozenset({statement.variable}).union(free_names(statement.value), *map(free_names, keys))
    change = _Change(statement.span, reads)
    variable = Name(span=statement.span, type=container_type(keys), name=statement.variable)
    match statement:
        case SetItem(value=value):
            expr = change.inside(variable, keys, lambda _: value)
            checked = keys if is_index(keys[-1]) else keys[:-1]
        case Append(value=value):
            expr = change.inside(variable, keys, lambda of: change.appended(of, value))
            checked = keys
        case Extend(value=value):
            expr = change.inside(
                variable, keys, lambda of: change.appended(of, Spread(span=value.span, type=value.type, value=value))
            )
            checked = keys
    guards = [*keys, statement.value]
    if checked:
        guards.append(item_at(variable, checked, statement.span))
    return Root(statement.variable, expr, tuple(guards), python_of(statement), reads)


class _Change:
    """Builds expressions around a place inside a value."""

    def __init__(self, span: Span, reads: frozenset[str]) -> None:
        self._span = span
        self._reads = reads

    def inside(self, of: Expr, keys: list[Expr], new: Callable[[Expr], Expr]) -> Expr:
        """`of` with what stands at `keys` replaced."""
        if not keys:
            return new(of)
        key, rest = keys[0], keys[1:]
        if is_index(key):
            return self._replaced(of, key, rest, new)
        value = self.inside(self._at(of, key, rest), rest, new)
        spread = Spread(span=self._span, type=of.type, value=of)
        return Object(span=self._span, type=_DICT, entries=(Entry(key=None, value=spread), Entry(key=key, value=value)))

    def appended(self, of: Expr, value: Expr) -> Expr:
        """The list `of` with one element more, or those of a `Spread`."""
        spread = Spread(span=self._span, type=of.type, value=of)
        return Array(span=self._span, type=_LIST, items=(spread, value))

    def _at(self, of: Expr, key: Expr, rest: list[Expr]) -> Expr:
        return Item(span=self._span, type=container_type(rest), object=of, index=key)

    def _replaced(self, of: Expr, key: Expr, rest: list[Expr], new: Callable[[Expr], Expr]) -> Expr:
        """The list `of` with its element at `key` replaced."""
        index, element = self._fresh("index"), self._fresh("element")
        position = Name(span=self._span, type=INT, name=index)
        old = Name(span=self._span, type=container_type(rest), name=element)
        same = Compare(span=self._span, type=BOOL, operator="==", left=position, right=self._from_start(of, key))
        pairs = Call(span=self._span, type=ListType(TupleType((INT, old.type))), function="enumerate", arguments=(of,))
        return Comprehension(
            span=self._span,
            type=_LIST,
            element=Conditional(span=self._span, type=ANY, test=same, body=self.inside(old, rest, new), orelse=old),
            generators=(Generator(target=Unpack(targets=(Bind(name=index), Bind(name=element))), items=pairs),),
        )

    def _from_start(self, of: Expr, key: Expr) -> Expr:
        """An index that counts from the start."""
        if isinstance(key, Literal) and isinstance(key.value, int) and key.value >= 0:
            return key
        length = Call(span=self._span, type=INT, function="len", arguments=(of,))
        behind = Binary(span=self._span, type=INT, operator="+", left=key, right=length)
        if isinstance(key, Literal):
            return behind
        zero = Literal(span=self._span, type=INT, value=0)
        negative = Compare(span=self._span, type=BOOL, operator="<", left=key, right=zero)
        return Conditional(span=self._span, type=INT, test=negative, body=behind, orelse=key)

    def _fresh(self, wanted: str) -> str:
        name = wanted
        while name in self._reads:
            name += "_"
        self._reads |= {name}
        return name
