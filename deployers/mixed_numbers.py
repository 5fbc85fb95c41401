"""Numbers that may be ints or floats: between the steps of a workflow 3.0 is 3, and Python's texts tell them apart.

Where such a number crosses, it is canonical everywhere (`flows.whole_numbers`). What a flow computes itself and keeps
in a variable may be a whole float; a text of it would differ, so that the text is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from skyloom.deployers.floats import leaves, models_in
from skyloom.errors import Diagnostic, Span
from skyloom.flows.expr import nodes
from skyloom.flows.expr.nodes import Expr, children, walk
from skyloom.flows.expr.properties import iteration_type, mixes_numbers, widen
from skyloom.flows.expr.types import (
    ANY,
    FLOAT,
    INT,
    NEVER,
    AnyType,
    DictType,
    FloatType,
    ListType,
    ModelType,
    TupleType,
    Type,
    members,
    show,
    union,
)
from skyloom.flows.graph.expressions import source as shown
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, ModelDefinition, Program
from skyloom.flows.ir.rewrite import rewrite

_SELECTING = frozenset(
    {"dict", "dict.copy", "dict.get", "dict.items", "dict.values", "enumerate", "list", "list.copy"}
    | {"max", "min", "reversed", "sorted", "tuple", "zip"}
)
"""Builtins whose result is made of their arguments' elements, as they are."""


def text_problems(program: Program, engine: str) -> Iterator[Diagnostic]:
    """The texts of numbers that may be ints or floats, and have lost which on their way through `engine`."""
    for flow in program.flows.values():
        yield from _Flow(flow, program.models, engine).problems()


@dataclass(slots=True)
class _Flow:
    """One flow, and the types of its variables as they are read."""

    flow: FlowDefinition
    models: Mapping[str, ModelDefinition]
    engine: str
    reads: dict[str, Type] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Variables that may hold a whole float where their type leaves open what it is."""

    def problems(self) -> Iterator[Diagnostic]:
        exprs = self._expressions()
        for expr in exprs:
            if isinstance(expr, nodes.Name):
                self.reads[expr.name] = union(self.reads.get(expr.name, NEVER), expr.type)
        if not any(map(self._is_open, self.reads.values())):
            return
        before = -1
        while before != len(self.lost):
            before = len(self.lost)
            for statement in ir.walk(self.flow.body):
                self._note(statement)
            for expr in exprs:
                for generator in expr.generators if isinstance(expr, nodes.Comprehension) else ():
                    self._take_apart(generator.target, generator.items)
        seen: set[Span] = set()
        for expr in exprs:
            if self._is_text_of_lost(expr) and expr.span not in seen:
                seen.add(expr.span)
                yield self._problem(expr)

    def _expressions(self) -> list[Expr]:
        found: list[Expr] = []

        def note(expr: Expr) -> Expr:
            found.append(expr)
            return expr

        rewrite(self.flow.body, note)
        return found

    def _problem(self, expr: Expr) -> Diagnostic:
        assert isinstance(expr, nodes.Call)
        value = expr.arguments[0]
        name = next(n.name for n in walk(value) if isinstance(n, nodes.Name) and n.name in self.lost)
        return Diagnostic(
            "SKY708",
            f"the text of `{shown(value)}` tells an int from a float, and {self.engine} keeps a `{name}` of 3.0 as 3",
            self.flow.file,
            expr.span,
            hint=f"its type is {show(value.type)}: make it a float (`float(...)`, or start with 0.0 instead of 0), "
            "or show it with a format such as `.2f`",
        )

    # --- where the difference shows ----------------------------------------------------------------------------------

    def _is_text_of_lost(self, expr: Expr) -> bool:
        match expr:
            case nodes.Call(function="str" | "json.dumps", arguments=(value, *_)):
                pass
            case nodes.Call(function="format", arguments=(value, nodes.Literal(value=str() as spec))):
                if spec.endswith(("f", "%")):
                    return False
            case _:
                return False
        return self._is_open(value.type) and any(self._is_lost(name) for name in walk(value))

    def _is_lost(self, expr: Expr) -> bool:
        return isinstance(expr, nodes.Name) and expr.name in self.lost and self._is_open(expr.type)

    def _is_open(self, of: Type) -> bool:
        """Whether the type leaves open of some number what it is."""
        parts = [of, *(field.type for name in models_in(of, self.models) for field in self.models[name].fields)]
        return any(mixes_numbers(part) or any(isinstance(leaf, AnyType) for leaf in leaves(part)) for part in parts)

    def _has_floats(self, of: Type) -> bool:
        return any(isinstance(leaf, FloatType) for leaf in leaves(widen(of)))

    # --- where it is lost --------------------------------------------------------------------------------------------

    def _note(self, statement: ir.Statement) -> None:
        match statement:
            case ir.Assign(variable=name, value=value):
                self._take(name, value, self.reads.get(name, NEVER))
            case ir.SetItem(variable=name, path=path, value=value):
                self._take(name, value, self._inside(name, path))
            case ir.Append(variable=name, path=path, value=value):
                self._take(name, value, _element(self._inside(name, path)))
            case ir.Extend(variable=name, path=path, value=value):
                self._take(name, value, self._inside(name, path))
            case ir.For(target=target, items=items):
                self._take_apart(target, items)
            case ir.Map(over=target, items=items, target=kept, result=result):
                self._take_apart(target, items)
                if kept is not None:
                    self._take(kept, result, _element(self.reads.get(kept, NEVER)))
            case ir.Parallel(target=str(name), branches=branches):
                of = self.reads.get(name, NEVER)
                for position, branch in enumerate(branches):
                    self._take(name, branch.result, _part(of, position))
            case _:
                pass

    def _inside(self, name: str, path: tuple[ir.Key, ...]) -> Type:
        of = self.reads.get(name, NEVER)
        for key in path:
            match key.index:
                case nodes.Literal(value=str() as field_):
                    of = self._entry(of, field_)
                case nodes.Literal(value=int() as position):
                    of = _part(of, position)
                case _:
                    of = union(*(m.value if isinstance(m, DictType) else _element(m) for m in members(of)))
        return of

    def _entry(self, of: Type, name: str) -> Type:
        found: list[Type] = []
        for member in members(of):
            match member:
                case ModelType(name=model) if model in self.models:
                    found += [field.type for field in self.models[model].fields if field.name == name]
                case DictType(value=value):
                    found.append(value)
                case _:
                    found.append(ANY)
        return union(*found)

    def _take(self, name: str, value: Expr, into: Type) -> None:
        if name not in self.lost and self._pours(value, into):
            self.lost.add(name)

    def _take_apart(self, target: nodes.Target, items: Expr) -> None:
        """The names of a loop get parts of what is iterated over."""
        if any(map(self._is_lost, walk(items))) or self._pours(items, ListType(ANY)):
            self.lost.update(n for n in nodes.bound_names(target) if self._is_open(self.reads.get(n, NEVER)))

    def _pours(self, expr: Expr, into: Type) -> bool:
        """Whether the value may have a whole float where `into` leaves open what it is."""
        if not self._is_open(into) or not (self._has_floats(expr.type) or self._is_open(expr.type)):
            return False
        match expr:
            case nodes.Literal(value=value):
                return isinstance(value, float) and value.is_integer()
            case nodes.Field() | nodes.Item() | nodes.Slice() if not isinstance(_root(expr), nodes.Name):
                return self._pours(_root(expr), ANY)
            case nodes.Name() | nodes.Field() | nodes.Item() | nodes.Slice():
                return any(map(self._is_lost, walk(expr))) or (expr.type != into and _is_float_somewhere(expr.type))
            case nodes.Array(items=items):
                parts = [into if isinstance(i, nodes.Spread) else _part(into, n) for n, i in enumerate(items)]
                return any(self._pours(item, part) for item, part in zip(items, parts, strict=True))
            case nodes.Spread(value=value):
                return self._pours(value, into)
            case nodes.Object(entries=entries):
                return any(self._pours(entry.value, self._entry_of(entry, into)) for entry in entries)
            case nodes.Conditional(body=body, orelse=orelse):
                return self._pours(body, into) or self._pours(orelse, into)
            case nodes.Logic(operands=operands):
                return any(self._pours(operand, into) for operand in operands)
            case nodes.Comprehension(element=element, generators=generators):
                sources = any(self._pours(generator.items, ListType(ANY)) for generator in generators)
                return sources or self._pours(element, _element(into))
            case nodes.Call(function=name) if name in _SELECTING:
                return any(self._pours(child, ANY) for child in children(expr))
            case _:
                return True

    def _entry_of(self, entry: nodes.Entry, into: Type) -> Type:
        match entry.key:
            case nodes.Literal(value=str() as name):
                return self._entry(into, name)
            case None:
                return into
            case _:
                return union(*(m.value if isinstance(m, DictType) else ANY for m in members(into)))


def _root(expr: Expr) -> Expr:
    """What parts are taken of."""
    while isinstance(expr, nodes.Field | nodes.Item | nodes.Slice):
        expr = expr.object
    return expr


def _is_float_somewhere(of: Type) -> bool:
    """Whether some number in a value of the type is a float for certain."""
    scalars = members(widen(of))
    if FLOAT in scalars and INT not in scalars:
        return True
    inside = [m for m in members(of) if isinstance(m, ListType | DictType | TupleType)]
    parts = [part for m in inside for part in (m.items if isinstance(m, TupleType) else (_content(m),))]
    return any(map(_is_float_somewhere, parts))


def _content(of: ListType | DictType) -> Type:
    return of.item if isinstance(of, ListType) else of.value


def _element(of: Type) -> Type:
    """The type of the elements of lists; of what is none, anything."""
    return union(*(iteration_type(m) or ANY if isinstance(m, ListType | TupleType) else ANY for m in members(of)))


def _part(of: Type, position: int) -> Type:
    found: list[Type] = []
    for member in members(of):
        match member:
            case TupleType(items=items) if -len(items) <= position < len(items):
                found.append(items[position])
            case _:
                found.append(_element(member))
    return union(*found)
