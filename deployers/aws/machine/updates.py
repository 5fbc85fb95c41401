"""Changes inside a variable's value, as expressions that give the whole new value."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.deployers.aws.machine.hoisting import Root
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
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.python import PythonEmitter, safe_name
from skyloom.flows.expr.types import ANY, BOOL, INT, DictType, IntType, ListType, TupleType, Type
from skyloom.flows.ir.nodes import Append, Extend, SetItem

_LIST, _DICT = ListType(ANY), DictType(ANY)


def update(statement: SetItem | Append | Extend) -> Root:
    """The new value of the statement's variable."""
    keys = [key.index for key in statement.path]
    reads = frozenset({statement.variable}).union(free_names(statement.value), *map(free_names, keys))
    change = _Change(statement.span, reads)
    variable = Name(span=statement.span, type=_kind(keys, _LIST), name=statement.variable)
    match statement:
        case SetItem(value=value):
            expr = change.inside(variable, keys, lambda _: value)
            checked = keys if _is_index(keys[-1]) else keys[:-1]
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
        guards.append(change.item(variable, checked))
    return Root(statement.variable, expr, tuple(guards), _python(statement), reads)


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
        if _is_index(key):
            return self._replaced(of, key, rest, new)
        value = self.inside(self._at(of, key, rest), rest, new)
        spread = Spread(span=self._span, type=of.type, value=of)
        return Object(span=self._span, type=_DICT, entries=(Entry(key=None, value=spread), Entry(key=key, value=value)))

    def item(self, of: Expr, keys: list[Expr]) -> Expr:
        """What stands at `keys`."""
        for position, key in enumerate(keys):
            of = self._at(of, key, keys[position + 1 :])
        return of

    def appended(self, of: Expr, value: Expr) -> Expr:
        """The list `of` with one element more, or those of a `Spread`."""
        spread = Spread(span=self._span, type=of.type, value=of)
        return Array(span=self._span, type=_LIST, items=(spread, value))

    def _at(self, of: Expr, key: Expr, rest: list[Expr]) -> Expr:
        return Item(span=self._span, type=_kind(rest, _LIST), object=of, index=key)

    def _replaced(self, of: Expr, key: Expr, rest: list[Expr], new: Callable[[Expr], Expr]) -> Expr:
        """The list `of` with its element at `key` replaced."""
        index, element = self._fresh("index"), self._fresh("element")
        position = Name(span=self._span, type=INT, name=index)
        old = Name(span=self._span, type=_kind(rest, _LIST), name=element)
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


def _is_index(key: Expr) -> bool:
    return isinstance(widen(key.type), IntType)


def _kind(keys: list[Expr], last: Type) -> Type:
    """The type of a container as far as the next key tells it."""
    if not keys:
        return last
    return _LIST if _is_index(keys[0]) else _DICT


def _python(statement: SetItem | Append | Extend) -> str:
    """Source that changes the variable's value, and gives it. Python evaluates the value of `a[i] = v` first, and the
    argument of `a[i].append(v)` last."""
    emitter = PythonEmitter()
    keys = [f"[{emitter.emit(key.index)}]" for key in statement.path]
    value = emitter.emit(statement.value)
    variable = safe_name(statement.variable)
    if isinstance(statement, SetItem):
        container = variable + "".join(keys[:-1])
        changed = f"{container}.__setitem__({keys[-1][1:-1]}, _new)"
        return f"(lambda _new: ({changed}, {variable})[1])({value})"
    method = "append" if isinstance(statement, Append) else "extend"
    return f"({variable}{''.join(keys)}.{method}({value}), {variable})[1]"
