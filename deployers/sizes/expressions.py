"""The extents of expressions: of constants and what is made of them, and of what is only handed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from skyloom.deployers.expressions.constants import constant
from skyloom.deployers.floats import Models
from skyloom.deployers.lengths import constant_length
from skyloom.deployers.sizes.extent import (
    NOTHING,
    UNKNOWN,
    Extent,
    either,
    exactly,
    in_a_row,
    joined,
    repeated,
)
from skyloom.deployers.sizes.schemas import part_of
from skyloom.deployers.sizes.types import extent_of_type
from skyloom.flows.expr import nodes
from skyloom.flows.expr.nodes import Expr, Literal
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.types import BoolType, FloatType, IntType, StrType, Type, members

Known = Callable[[str], Extent]
"""The extent of a variable."""

_SAME = frozenset({"list", "sorted", "reversed"})
"""Builtins that give the elements of a list in another order."""
_SHORTER = frozenset({"str.strip", "str.lstrip", "str.rstrip", "str.removeprefix", "str.removesuffix"})
"""Builtins that give a part of a text."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """Expressions of a flow, by what is known of its variables."""

    models: Models
    known: Known

    def of(self, expr: Expr) -> Extent:
        """The extent of an expression's value."""
        return self._by_form(expr).and_(extent_of_type(expr.type, self.models))

    def _by_form(self, expr: Expr) -> Extent:
        match expr:
            case Literal(value=value):
                return exactly(value)
            case nodes.Name(name=name):
                return self.known(name)
            case nodes.Field(object=of, name=name):
                return self._part(of, name)
            case nodes.Item(object=of, index=index):
                return self._part(of, index.value if isinstance(index, Literal) else None)
            case nodes.Slice(object=of):
                return self.of(of).may_shrink(2)
            case nodes.Conditional(body=body, orelse=orelse):
                return self.of(body).or_(self.of(orelse))
            case nodes.Logic(operands=operands):
                return either(map(self.of, operands))
            case nodes.Format(parts=parts):
                return in_a_row(self.of(part).inside for part in parts)
            case nodes.Binary():
                return self._binary(expr)
            case nodes.Array(items=items):
                return self._array(items)
            case nodes.Object(entries=entries):
                return self._object(entries)
            case nodes.Comprehension():
                return self._comprehension(expr)
            case nodes.Call(function=name, arguments=(of, *_)) if name in _SAME:
                return self.of(of)
            case nodes.Call(function=name, arguments=(of, *_)) if name in _SHORTER:
                return self.of(of).may_shrink(2)
            case nodes.Call(function="str", arguments=(of,)):
                return self.of(of) if _is_text(of.type) else self._written(of)
            case _:
                return UNKNOWN

    def _written(self, of: Expr) -> Extent:
        """A number as text, but one that is just computed: an integer beyond 2^53 may be written, though none crosses.
        What else is written has another length in Python than in JSON."""
        is_held = isinstance(of, Literal | nodes.Name | nodes.Field | nodes.Item)
        return in_a_row((self.of(of),)) if is_held and _is_number(of.type) else UNKNOWN

    def element(self, items: Expr) -> Extent:
        """The extent of an element of what is gone through."""
        if isinstance(items, nodes.Array) and not any(isinstance(item, nodes.Spread) for item in items.items):
            return either(map(self.of, items.items)) if items.items else NOTHING
        return self._part(items, None)

    def _part(self, of: Expr, key: object) -> Extent:
        schema = self.of(of).schema
        if schema is None or _is_text(of.type):
            return UNKNOWN
        return part_of(schema, key if isinstance(key, str | int) else None)

    def _binary(self, expr: nodes.Binary) -> Extent:
        left, right = self.of(expr.left), self.of(expr.right)
        if expr.operator == "+" and _is_text(expr.type):
            return in_a_row((left.inside, right.inside))
        if expr.operator == "+" and not _is_number(expr.type):
            return _concatenated(left, right)
        if expr.operator == "*" and not _is_number(expr.type):
            of, many = (left, expr.right) if _is_number(expr.right.type) else (right, expr.left)
            times = constant(many)
            if times is None:
                return Extent(2)
            inside, count = of.inside, max(0, times)
            commas = 0 if _is_text(expr.type) else max(0, count - 1)
            most = None if inside.most is None else 2 + inside.most * count + commas
            # Of a list that is empty, no commas are written.
            return Extent(2 + inside.least * count + (commas if inside.least else 0), most)
        return UNKNOWN

    def _array(self, items: tuple[Expr, ...]) -> Extent:
        alone = joined(self.of(item) for item in items if not isinstance(item, nodes.Spread))
        for item in items:
            if isinstance(item, nodes.Spread):
                alone = _concatenated(alone, self.of(item.value))
        return alone

    def _object(self, entries: tuple[nodes.Entry, ...]) -> Extent:
        found: list[Extent] = []
        certain: list[Extent] = []
        keys: set[object] = set()
        spread = Extent(2, 2)
        for entry in entries:
            if isinstance(entry.value, nodes.Spread):
                spread = _concatenated(spread, self.of(entry.value.value)).may_shrink(2)
                continue
            key = entry.key.value if isinstance(entry.key, Literal) else None
            one = in_a_row((UNKNOWN if entry.key is None else self.of(entry.key), self.of(entry.value)), around=1)
            found.append(one)
            if key is not None and key not in keys:
                certain.append(one)
            keys.add(key)
        # A later entry may take the place of an earlier one, where their keys are the same.
        distinct = len(certain) == len(entries)
        return _concatenated(Extent(joined(certain).least if distinct else 2, joined(found).most), spread)

    def _comprehension(self, expr: nodes.Comprehension) -> Extent:
        (first, *others) = expr.generators
        many = exact_length(first.items)
        if others or expr.key is not None or first.conditions or many is None:
            return Extent(2)
        bound = set(nodes.bound_names(first.target))
        each = self.element(first.items) if isinstance(first.target, nodes.Bind) else UNKNOWN
        inner = Sizing(self.models, lambda name: each if name in bound else self.known(name))
        return repeated(inner.of(expr.element), many, many)


def exact_length(items: Expr) -> int | None:
    """How many elements there are, where the source says so."""
    if isinstance(items, nodes.Array) and any(isinstance(item, nodes.Spread) for item in items.items):
        return None
    return constant_length(items) or None


def _concatenated(left: Extent, right: Extent) -> Extent:
    """Two lists, or objects, in one."""
    one, other = left.inside, right.inside
    comma = 1 if one.least and other.least else 0
    most = None if one.most is None or other.most is None else 2 + one.most + other.most + 1
    if most is not None and not (one.most and other.most):
        most -= 1
    return Extent(2 + one.least + other.least + comma, most)


def _is_text(of: Type) -> bool:
    return all(isinstance(member, StrType) for member in members(widen(of)))


def _is_number(of: Type) -> bool:
    return all(isinstance(member, IntType | BoolType | FloatType) for member in members(widen(of)))
