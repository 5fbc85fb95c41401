"""Who may change a value: follows which variables may reach the same list, dict or model.

Skyloom's values are copied, Python's are shared. The two cannot be told apart as long as nothing is changed that can
be reached another way, so exactly such changes are refused (docs/decisions/0004-values-are-never-shared.md).
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr.rules import is_mutable, iteration_type
from skyloom.flows.expr.types import NEVER, DictType, ListType, Type, UnionType
from skyloom.flows.frontend.scope import Ownership, Scope, changes

FRESH, SHALLOW, SHARED = Ownership.FRESH, Ownership.SHALLOW, Ownership.SHARED

_NEW_CONTAINER = frozenset(
    {"list", "dict", "tuple", "sorted", "reversed", "list.copy", "dict.copy", "zip", "enumerate", "dict.items"}
    | {"dict.values"}
)
"""Builtins that give a new container of their argument's own elements."""
_LIVE = frozenset({"zip", "enumerate", "reversed", "dict.items", "dict.values", "dict.keys"})
"""Builtins that give what goes through their argument itself, not through a copy."""


def store(value: x.Expr, scope: Scope, temporaries: Container[str] = ()) -> Ownership:
    """Stores `value` in a variable or a container: gives what its new owner may assume, and notes in `scope` what the
    old ones may assume no longer. `temporaries` are variables that are read once: their value moves."""
    if not is_mutable(value.type):
        return FRESH
    match value:
        case x.Name(name=name):
            if name in temporaries:
                return scope.owner(name)
            scope.own(name, SHARED)
            return SHARED
        case x.Field(object=of) | x.Item(object=of):
            return taken(of, scope, temporaries)
        case x.Conditional(body=body, orelse=orelse):
            return max(store(body, scope, temporaries), store(orelse, scope, temporaries))
        case x.Logic(operands=operands):
            return max(store(operand, scope, temporaries) for operand in operands)
        case x.Call(function="max" | "min", arguments=(_, _, *_) as alternatives):
            return max(store(one, scope, temporaries) for one in alternatives)
        case x.Call(function="max" | "min" | "dict.get", arguments=(of, *others), keywords=keywords):
            defaults = [*others, *(keyword.value for keyword in keywords if keyword.name == "default")]
            return max(taken(of, scope, temporaries), *(store(one, scope, temporaries) for one in defaults), FRESH)
        case _:
            return FRESH if _contents(value, scope, temporaries) == FRESH else SHALLOW


def assigned(name: str, value: x.Expr, scope: Scope, temporaries: Container[str]) -> Ownership:
    """As `store`, where `value` goes to the variable `name`: `rows = rows or []` gives nothing a second name."""
    if _keeps(name, value):
        return store(value, scope, _Moved(temporaries, frozenset({name})))
    return store(value, scope, temporaries)


def _keeps(name: str, value: x.Expr) -> bool:
    """Whether `value` is what the variable has already, or else something without it."""
    match value:
        case x.Name():
            return True
        case x.Conditional(body=body, orelse=orelse):
            return _keeps(name, body) and _keeps(name, orelse)
        case x.Logic(operands=operands):
            return all(_keeps(name, operand) for operand in operands)
        case _:
            return name not in x.free_names(value)


def taken(value: x.Expr, scope: Scope, temporaries: Container[str]) -> Ownership:
    """Something out of `value` is stored elsewhere: gives what its new owner may assume, and notes in `scope` what
    those may assume no longer from which `value` may have it."""
    if not is_mutable(value.type):
        return FRESH
    match value:
        case x.Name(name=name) if name not in temporaries:
            scope.share(name, SHALLOW)
            return SHARED
        case x.Conditional(body=body, orelse=orelse):
            return max(taken(body, scope, temporaries), taken(orelse, scope, temporaries))
        case x.Logic(operands=operands):
            return max(taken(operand, scope, temporaries) for operand in operands)
        case x.Name() | x.Field() | x.Item():
            return part(store(value, scope, temporaries))
        case x.Call(function="max" | "min" | "dict.get"):
            return part(store(value, scope, temporaries))
        case _:
            return _contents(value, scope, temporaries)


def _contents(value: x.Expr, scope: Scope, temporaries: Container[str]) -> Ownership:
    """What may be assumed of what is inside a new container."""
    if not _holds_mutable(value.type):
        return FRESH
    match value:
        case x.Array(items=items):
            return max((_element(item, scope, temporaries) for item in items), default=FRESH)
        case x.Object(entries=entries):
            return max((_element(entry.value, scope, temporaries) for entry in entries), default=FRESH)
        case x.Comprehension():
            return _comprehension(value, scope, temporaries)
        case x.Binary(operator=operator, left=left, right=right):
            owner = max(taken(left, scope, temporaries), taken(right, scope, temporaries))
            # A repeated list holds each of its elements several times.
            return SHARED if operator == "*" else owner
        case x.Slice(object=of):
            return taken(of, scope, temporaries)
        case x.Call(function=function, arguments=arguments) if function in _NEW_CONTAINER:
            return max((taken(source, scope, temporaries) for source in arguments), default=FRESH)
        case _:
            return FRESH


def _element(item: x.Expr, scope: Scope, temporaries: Container[str]) -> Ownership:
    """An element of a display, or those that it spreads."""
    if isinstance(item, x.Spread):
        return taken(item.value, scope, temporaries) if _holds_mutable(item.value.type) else FRESH
    return store(item, scope, temporaries)


def _holds_mutable(of: Type) -> bool:
    """Whether a value of the type can have something in it that can be changed in place."""
    match of:
        case DictType(value=inner):
            return is_mutable(inner)
        case UnionType(members=alternatives):
            return any(_holds_mutable(one) for one in alternatives)
        case _:
            element = iteration_type(of)
            return is_mutable(of) if element is None else is_mutable(element)


def _comprehension(value: x.Comprehension, scope: Scope, temporaries: Container[str]) -> Ownership:
    inner, before = scope.copy(), scope.copy()
    bound: set[str] = set()
    moved = temporaries
    for generator, following in zip(value.generators, _following(value), strict=True):
        owner = iterated(generator.items, inner if bound else scope, moved)
        names = x.bound_names(generator.target)
        for name in names:
            inner.own(name, owner if isinstance(generator.target, x.Bind) else part(owner))
        bound.update(names)
        moved = _Moved(temporaries, frozenset(name for name in names if _read_once(name, following)))
    result = store(value.element, inner, moved)
    for name in changes(before, inner) - bound:
        if name in scope:
            scope.share(name, inner.owner(name))
    return result


def _following(value: x.Comprehension) -> list[x.Expr]:
    """Behind each generator, what may take over the elements it gives: each of them comes there once."""
    return [*(generator.items for generator in value.generators[1:]), value.element]


@dataclass(frozen=True)
class _Moved:
    """Variables that are read once, and more of them."""

    others: Container[str]
    names: frozenset[str]

    def __contains__(self, name: object) -> bool:
        return name in self.names or name in self.others


def _read_once(name: str, value: x.Expr) -> bool:
    """Whether one place of `value` reads the variable, once for each time that `value` is evaluated."""
    return _reads(name, value) == 1


_NOTHING = x.Array(span=Span(1, 1, 1, 1), type=ListType(NEVER), items=())


def _reads(name: str, value: x.Expr) -> int:
    """How often evaluating `value` reads the variable; 2 stands for any number."""
    match value:
        case x.Name(name=read):
            return int(read == name)
        case x.Function():
            return 2 * (name in x.free_names(value))
        case x.Comprehension(generators=(first, *others)):
            # Only the items of the first generator are evaluated once.
            rest = replace(value, generators=(replace(first, items=_NOTHING), *others))
            return _reads(name, first.items) + 2 * (name in x.free_names(rest))
        case _:
            return sum(_reads(name, part) for part in x.children(value))


def iterated(items: x.Expr, scope: Scope, temporaries: Container[str]) -> Ownership:
    """The elements of `items` get names of their own: what those may assume."""
    element = iteration_type(items.type)
    if element is None or not is_mutable(element):
        return FRESH
    return taken(items, scope, temporaries)


def part(owner: Ownership) -> Ownership:
    """What the parts of a value that is taken apart may assume."""
    return FRESH if owner == FRESH else SHARED


Keys = tuple[str | int | None, ...]
"""A variable and the keys that lead to a list or dict inside its value; a key that is not constant is None."""


def gone_through(items: x.Expr) -> list[Keys]:
    """The places that a loop over `items` may go through, not through a copy of them."""
    if isinstance(items, x.Call) and items.function in _LIVE:
        return [place for argument in items.arguments for place in gone_through(argument)]
    return _places(items)


def _places(value: x.Expr) -> list[Keys]:
    """The places that `value` may be."""
    match value:
        case x.Name(name=name):
            return [(name,)]
        case x.Field(object=of, name=name):
            return _inside(of, name)
        case x.Item(object=of, index=index):
            return _inside(of, key_of(index))
        case x.Conditional(body=body, orelse=orelse):
            return _places(body) + _places(orelse)
        case x.Logic(operands=operands):
            return [place for operand in operands for place in _places(operand)]
        case x.Call(function="max" | "min", arguments=(_, _, *_) as alternatives):
            return [place for one in alternatives for place in _places(one)]
        case x.Call(function="max" | "min" | "dict.get", arguments=(of, *others), keywords=keywords):
            key = key_of(others[0]) if others else None
            defaults = [*others[1:], *(keyword.value for keyword in keywords if keyword.name == "default")]
            return _inside(of, key) + [place for one in defaults for place in _places(one)]
        case _:
            return []


def _inside(value: x.Expr, key: str | int | None) -> list[Keys]:
    """The places that what `value` has at `key` may be."""
    match value:
        case x.Array(items=items):
            parts: list[x.Expr] = list(items)
        case x.Object(entries=entries):
            parts = [entry.value for entry in entries]
        case x.Slice(object=of):
            return _inside(of, None)
        case x.Binary(left=left, right=right):
            return _inside(left, None) + _inside(right, None)
        case x.Call(function=function, arguments=arguments) if function in _NEW_CONTAINER:
            return [place for argument in arguments for place in _inside(argument, None)]
        case _:
            return [(*place, key) for place in _places(value)]
    return [
        place
        for part in parts
        for place in (_inside(part.value, None) if isinstance(part, x.Spread) else _places(part))
    ]


def key_of(index: x.Expr) -> str | int | None:
    """The key, where it is constant."""
    return index.value if isinstance(index, x.Literal) and isinstance(index.value, str | int) else None


def may_change(name: str, depth: int, scope: Scope) -> bool:
    """Whether the value of `name` (`depth` 0), or something that many containers below it, may be changed in place."""
    owner = scope.owner(name)
    return owner == FRESH or (owner == SHALLOW and depth == 0)
