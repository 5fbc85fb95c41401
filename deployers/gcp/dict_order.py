"""The order of a dict's entries, which Workflows does not keep: what would look at it is refused.

Google documents no order, neither for `keys()` nor for JSON. An expression may still go through the entries of a dict
where the order does not show in its value (`sorted(stock)`, `sum(counts.values())` of ints), or where the dict is made
in the expression itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from skyloom.deployers.floats import leaves
from skyloom.deployers.gcp.flow.uses import roots
from skyloom.errors import Diagnostic, Span
from skyloom.flows.expr import nodes
from skyloom.flows.expr.nodes import Expr, children
from skyloom.flows.expr.types import (
    AnyType,
    DictType,
    IntType,
    ListType,
    ModelType,
    TupleType,
    Type,
    UnionType,
    members,
)
from skyloom.flows.graph.expressions import source
from skyloom.flows.graph.temporaries import Names, temporaries
from skyloom.flows.ir.program import FlowDefinition, Program

_VIEWS = frozenset({"dict.items", "dict.keys", "dict.values"})
_SEQUENCES = frozenset({"enumerate", "list", "list.copy", "map", "reversed", "sorted", "str.join", "tuple", "zip"})
_TEXTS = frozenset({"format", "json.dumps", "repr", "str"})
_UNORDERED = frozenset({"all", "any", "bool", "len", "max", "min", "sorted"})
"""Builtins whose value is the same in whatever order they get their elements, where no key chooses among them."""


def order_problems(program: Program) -> Iterator[Diagnostic]:
    """What looks at the order of entries."""
    for flow in program.flows.values():
        yield from _problems(flow)


def _problems(flow: FlowDefinition) -> Iterator[Diagnostic]:
    seen: set[Span] = set()
    names = temporaries(flow.body)
    for root in roots(flow.body):
        for found in _ordered(root, sees=True):
            if found.dict.span not in seen:
                seen.add(found.dict.span)
                yield found.problem(flow, names)


@dataclass(frozen=True, slots=True)
class _Found:
    """A dict, and the expression in which its order shows."""

    dict: Expr
    where: Expr

    def problem(self, flow: FlowDefinition, names: Names) -> Diagnostic:
        """`names`: what the source has in the place of the front end's temporaries."""
        where, of = source(self.where, names), source(self.dict, names)
        message = f"`{where}` shows the order of entries of `{of}`, which Workflows does not keep"
        return Diagnostic("SKY725", message, flow.file, self.where.span, hint=self._hint(of))

    def _hint(self, of: str) -> str:
        match self.where:
            case nodes.Call(function="json.dumps"):
                return "add `sort_keys=True`, or let a task write the text"
            case nodes.Call(function=name) if name in _TEXTS:
                return "let a task write the text, or keep a list of pairs"
            case _:
                return f"go through it in an order of your own, `sorted({of})`; or keep a list of pairs"


def _ordered(expr: Expr, *, sees: bool) -> Iterator[_Found]:
    """The dicts whose order shows in the value of `expr`. `sees`: whether that of its elements counts."""
    match expr:
        case nodes.Call(function=name, arguments=(of, *rest)) if name in _TEXTS:
            if not _sorts_keys(expr) and (shown := _shown_dict(of)) is not None:
                yield _Found(shown, expr)
            for part in (of, *rest):
                yield from _ordered(part, sees=True)
        case nodes.Call(function=name, arguments=(of, *rest)) if name in _VIEWS | _SEQUENCES:
            visible = sees and not (name == "sorted" and not expr.keywords)
            if visible and _is_foreign_dict(of):
                yield _Found(of, expr)
            for part in (of, *rest):
                yield from _ordered(part, sees=visible)
        case nodes.Call(function=name, arguments=arguments, keywords=keywords):
            keyed = any(keyword.name == "key" for keyword in keywords)
            hidden = (name in _UNORDERED and not keyed) or (name == "sum" and _is_int(expr.type))
            if keyed and arguments and _is_foreign_dict(arguments[0]):
                yield _Found(arguments[0], expr)
            for part in arguments:
                yield from _ordered(part, sees=not hidden)
            for keyword in keywords:
                yield from _ordered(keyword.value, sees=True)
        case nodes.Array(items=items):
            for item in items:
                if isinstance(item, nodes.Spread) and sees and _is_foreign_dict(item.value):
                    yield _Found(item.value, expr)
                yield from _ordered(item, sees=True)
        case nodes.Compare(operator="in" | "not in", left=left, right=right):
            yield from _ordered(left, sees=True)
            yield from _ordered(right, sees=False)
        case nodes.Comprehension():
            yield from _in_comprehension(expr, sees=sees)
        case _:
            for part in children(expr):
                yield from _ordered(part, sees=True)


def _in_comprehension(expr: nodes.Comprehension, *, sees: bool) -> Iterator[_Found]:
    # A dict keyed by the keys of another has the order of that one: who looks at the entries of the new one shows it.
    hidden = not sees or _is_keyed_alike(expr)
    for generator in expr.generators:
        if not hidden and _is_foreign_dict(generator.items):
            yield _Found(generator.items, expr)
        yield from _ordered(generator.items, sees=not hidden)
    for generator in expr.generators:
        for condition in generator.conditions:
            yield from _ordered(condition, sees=True)
    yield from _ordered(expr.element, sees=True)
    if expr.key is not None:
        yield from _ordered(expr.key, sees=True)


def _is_keyed_alike(expr: nodes.Comprehension) -> bool:
    """`{k: ... for k, v in d.items()}`: every entry has a key of its own."""
    if expr.key is None:
        return False
    match expr.generators, expr.key:
        case (nodes.Generator(target=nodes.Unpack(targets=(nodes.Bind(name=name), _)), items=items),), nodes.Name():
            return expr.key.name == name and isinstance(items, nodes.Call) and items.function == "dict.items"
        case (nodes.Generator(target=nodes.Bind(name=name), items=items),), nodes.Name():
            return expr.key.name == name and isinstance(items, nodes.Call) and items.function == "dict.keys"
        case _:
            return False


def _sorts_keys(call: nodes.Call) -> bool:
    """Whether `json.dumps` is told to sort."""
    return any(
        keyword.name == "sort_keys" and isinstance(keyword.value, nodes.Literal) and bool(keyword.value.value)
        for keyword in call.keywords
    )


def _shown_dict(expr: Expr) -> Expr | None:
    """What a text of the value would show the order of: a dict or model inside of it that the expression has not made
    itself."""
    match expr:
        case nodes.Object(entries=entries):
            return next((found for entry in entries if (found := _shown_dict(entry.value)) is not None), None)
        case nodes.Array(items=parts) | nodes.Format(parts=parts):
            return next((found for part in parts if (found := _shown_dict(part)) is not None), None)
        case nodes.Comprehension(key=key, element=element):
            return expr if key is not None and not _is_made_here(expr) else _shown_dict(element)
        case _:
            keyed = any(isinstance(leaf, ModelType | AnyType) for leaf in leaves(expr.type))
            return expr if keyed or _holds_dict_inside(expr.type) else None


def _holds_dict_inside(of: Type) -> bool:
    match of:
        case DictType():
            return True
        case ListType(item=item):
            return _holds_dict_inside(item)
        case TupleType(items=parts) | UnionType(members=parts):
            return any(map(_holds_dict_inside, parts))
        case _:
            return False


def _is_foreign_dict(expr: Expr) -> bool:
    """Whether the value is a dict (or holds some) that the expression has not made itself."""
    return _holds_dict(expr.type) and not _is_made_here(expr)


def _holds_dict(of: Type) -> bool:
    return any(isinstance(member, DictType) for member in members(of))


def _is_made_here(expr: Expr) -> bool:
    match expr:
        case nodes.Object(entries=entries):
            spreads = [entry.value for entry in entries if entry.key is None]
            return all(isinstance(one, nodes.Spread) and _is_made_here(one.value) for one in spreads)
        case nodes.Comprehension(generators=(nodes.Generator(items=nodes.Call(arguments=(of,))),)):
            return _is_made_here(of) or not _is_keyed_alike(expr)
        case nodes.Comprehension():
            return True
        case nodes.Call(function="dict" | "dict.copy", arguments=(of,)):
            return not _holds_dict(of.type) or _is_made_here(of)
        case _:
            return False


def _is_int(of: Type) -> bool:
    return all(isinstance(member, IntType) for member in members(of))
