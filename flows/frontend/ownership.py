"""Who may change a value: follows which variables may reach the same list, dict or model.

Skyloom's values are copied, Python's are shared. The two cannot be told apart as long as nothing is changed that can
be reached another way, so exactly such changes are refused (docs/decisions/0004-values-are-never-shared.md).
"""

from __future__ import annotations

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr.rules import is_mutable, iteration_type
from skyloom.flows.expr.types import Type
from skyloom.flows.frontend.scope import Ownership, Scope, changes

FRESH, SHALLOW, SHARED = Ownership.FRESH, Ownership.SHALLOW, Ownership.SHARED

_NEW_CONTAINER = frozenset(
    {"list", "dict", "tuple", "sorted", "reversed", "list.copy", "dict.copy", "zip", "enumerate", "dict.items"}
    | {"dict.values"}
)
"""Builtins that give a new container of their argument's own elements."""
_LIVE = frozenset({"zip", "enumerate", "reversed", "dict.items", "dict.values", "dict.keys"})
"""Builtins that give what goes through their argument itself, not through a copy."""
_ELEMENT = frozenset({"max", "min", "dict.get"})
"""Builtins that give back something out of their argument."""


def store(value: x.Expr, scope: Scope, temporaries: frozenset[str] = frozenset()) -> Ownership:
    """Stores `value` in a variable or a container: gives what its new owner may assume, and notes in `scope` what the
    old ones may assume no longer. `temporaries` are variables that are read once: their value moves."""
    if not is_mutable(value.type):
        return FRESH
    match value:
        case x.Name(name=name):
            if name in temporaries:
                return scope.owners.get(name, FRESH)
            scope.own(name, SHARED)
            return SHARED
        case x.Field(object=of) | x.Item(object=of):
            return _child(of, scope, temporaries)
        case x.Slice(object=of):
            return _new_container(value.type, [of], scope, temporaries)
        case x.Binary(operator="*", left=left, right=right):
            # A repeated list holds each of its elements several times.
            _new_container(value.type, [left, right], scope, temporaries)
            return SHALLOW if _holds_mutable(value.type) else FRESH
        case x.Binary(left=left, right=right):
            return _new_container(value.type, [left, right], scope, temporaries)
        case x.Conditional(body=body, orelse=orelse):
            return max(store(body, scope, temporaries), store(orelse, scope, temporaries))
        case x.Logic(operands=operands):
            return max(store(operand, scope, temporaries) for operand in operands)
        case x.Array(items=items):
            return max((_element(item, scope, temporaries) for item in items), default=FRESH)
        case x.Object(entries=entries):
            return max((_element(entry.value, scope, temporaries) for entry in entries), default=FRESH)
        case x.Comprehension():
            return _comprehension(value, scope, temporaries)
        case x.Call(function=function, arguments=arguments) if function in _NEW_CONTAINER:
            return _new_container(value.type, list(arguments), scope, temporaries)
        case x.Call(function=function, arguments=arguments, keywords=keywords) if function in _ELEMENT:
            given = [*arguments, *(keyword.value for keyword in keywords if keyword.name == "default")]
            owners = [_child(one, scope, temporaries) if is_mutable(one.type) else FRESH for one in given]
            return max(owners, default=FRESH)
        case _:
            return FRESH


def _element(item: x.Expr, scope: Scope, temporaries: frozenset[str]) -> Ownership:
    """An element of a display: what the display may assume of its inside."""
    if isinstance(item, x.Spread):
        return _new_container(item.value.type, [item.value], scope, temporaries)
    return FRESH if store(item, scope, temporaries) == FRESH else SHALLOW


def _child(of: x.Expr, scope: Scope, temporaries: frozenset[str]) -> Ownership:
    """Something out of `of` is stored elsewhere: both reach it now."""
    root = root_of(of)
    if root is None or (root in temporaries and isinstance(of, x.Name)):
        return store(of, scope, temporaries) if root is None and is_mutable(of.type) else _of_temporary(root, scope)
    scope.share(root, SHALLOW)
    return SHARED


def _of_temporary(root: str | None, scope: Scope) -> Ownership:
    return FRESH if root is None or scope.owners.get(root, FRESH) == FRESH else SHARED


def _new_container(of: Type, sources: list[x.Expr], scope: Scope, temporaries: frozenset[str]) -> Ownership:
    """A new container that holds the elements of `sources`."""
    inner = iteration_type(of)
    if inner is not None and not is_mutable(inner) and not _holds_mutable_values(of):
        return FRESH
    worst = FRESH
    for source in sources:
        if is_mutable(source.type) and _child(source, scope, temporaries) != FRESH:
            worst = SHALLOW
    return worst


def _holds_mutable(of: Type) -> bool:
    inner = iteration_type(of)
    return inner is not None and is_mutable(inner)


def _holds_mutable_values(of: Type) -> bool:
    value = getattr(of, "value", None)
    return value is not None and not isinstance(value, str | int | bool) and is_mutable(value)


def _comprehension(value: x.Comprehension, scope: Scope, temporaries: frozenset[str]) -> Ownership:
    if not is_mutable(value.element.type):
        return FRESH
    inner = scope.copy()
    for generator in value.generators:
        owner = iterated(generator.items, scope, temporaries)
        for name in x.bound_names(generator.target):
            inner.own(name, owner)
    before = inner.copy()
    result = store(value.element, inner, temporaries)
    for name in changes(before, inner):
        if name in scope.owners and inner.owners[name] > before.owners.get(name, FRESH):
            scope.share(name, inner.owners[name])
    return FRESH if result == FRESH else SHALLOW


def iterated(items: x.Expr, scope: Scope, temporaries: frozenset[str]) -> Ownership:
    """The elements of `items` get names of their own: what those may assume."""
    element = iteration_type(items.type)
    if element is None or not is_mutable(element):
        return FRESH
    return _child(items, scope, temporaries)


def root_of(value: x.Expr) -> str | None:
    """The variable that `value` is, or is inside of."""
    match value:
        case x.Name(name=name):
            return name
        case x.Field(object=of) | x.Item(object=of):
            return root_of(of)
        case x.Call(function=function, arguments=(first, *_)) if function in _NEW_CONTAINER | _ELEMENT:
            return root_of(first)
        case _:
            return None


def place_of(value: x.Expr) -> tuple[str | int | None, ...] | None:
    """The variable and the keys that lead to the list or dict that `value` is, or goes through; a key that is not
    constant is None. None where `value` is inside of no variable."""
    match value:
        case x.Name(name=name):
            return (name,)
        case x.Field(object=of, name=name):
            outer = place_of(of)
            return None if outer is None else (*outer, name)
        case x.Item(object=of, index=index):
            outer = place_of(of)
            return None if outer is None else (*outer, key_of(index))
        case _:
            return None


def gone_through(items: x.Expr) -> list[tuple[str | int | None, ...]]:
    """The places that a loop over `items` goes through, not through a copy of them."""
    if isinstance(items, x.Call) and items.function in _LIVE:
        return [place for argument in items.arguments for place in gone_through(argument)]
    place = place_of(items)
    return [] if place is None else [place]


def key_of(index: x.Expr) -> str | int | None:
    """The key, where it is constant."""
    return index.value if isinstance(index, x.Literal) and isinstance(index.value, str | int) else None


def may_change(name: str, depth: int, scope: Scope) -> bool:
    """Whether the value of `name` (`depth` 0), or something that many containers below it, may be changed in place."""
    owner = scope.owners.get(name, FRESH)
    return owner == FRESH or (owner == SHALLOW and depth == 0)
