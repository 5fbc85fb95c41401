"""How far an expression looks into the variables that it reads, when so much of its own value is looked into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from skyloom.deployers.looks import EACH, ITSELF, Looks, joined, part, parts
from skyloom.flows.expr import nodes
from skyloom.flows.expr.nodes import Expr, Target
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import ANY, DictType, ListType, TupleType, Type, members, union

_SEQUENCE = ListType | TupleType


@dataclass(slots=True)
class Looking:
    """One expression of a flow.

    Attributes:
        note: told each variable that the expression reads, how far it looks into it, and whether the variable's value,
            or a part of it, goes on as the expression's value.
        scopes: how far the expression looks into what its own comprehensions bind, the innermost last.
    """

    note: Callable[[str, Looks, bool], None]
    scopes: list[dict[str, Looks]] = field(default_factory=list)

    def at(self, expr: Expr, looks: Looks, onward: bool = True) -> None:
        """Follows the expression, whose value is looked into so far."""
        match expr:
            case nodes.Literal():
                pass
            case nodes.Name(name=name):
                self._name(name, looks, onward)
            case nodes.Field(object=of, name=name):
                self.at(of, {name: looks}, onward)
            case nodes.Item(object=of, index=index):
                self._all(index)
                self.at(of, {_key(expr): looks}, onward)
            case nodes.Slice(object=of):
                self._all(*(bound for bound in (expr.start, expr.stop, expr.step) if bound is not None))
                self._elements(of, parts(looks), onward)
            case nodes.Conditional(test=test, body=body, orelse=orelse):
                self._all(test)
                self.at(body, looks, onward)
                self.at(orelse, looks, onward)
            case (
                nodes.Truth(operand=operand)
                | nodes.Compare(operator="==" | "!=", left=operand, right=nodes.Literal(value=None))
            ):
                self.at(operand, ITSELF, onward=False)
            case nodes.Logic(operands=operands):
                for operand in operands:
                    self.at(operand, joined(looks, ITSELF), onward)
            case nodes.Binary(operator="+", left=left, right=right) if _is_sequence(expr.type):
                self._elements(left, parts(looks), onward)
                self._elements(right, parts(looks), onward)
            case nodes.Array(items=items):
                self._array(items, looks, onward)
            case nodes.Object(entries=entries):
                self._object(entries, looks, onward)
            case nodes.Comprehension():
                self._comprehension(expr, looks, onward)
            case nodes.Call():
                self._call(expr, looks, onward)
            case nodes.Function(parameter=parameter, body=body):
                self.scopes.append({parameter: False})
                self._all(body)
                self.scopes.pop()
            case _:
                self._all(*nodes.children(expr))

    def _name(self, name: str, looks: Looks, onward: bool) -> None:
        for scope in reversed(self.scopes):
            if name in scope:
                scope[name] = joined(scope[name], looks)
                return
        self.note(name, looks, onward)

    def _all(self, *exprs: Expr) -> None:
        for expr in exprs:
            self.at(expr, True, onward=False)

    def _elements(self, expr: Expr, looks: Looks, onward: bool) -> None:
        """A list whose elements become elements of another."""
        self.at(expr, {EACH: element_looks(looks, iteration_type(expr.type))}, onward)

    def _values(self, expr: Expr, looks: Looks, onward: bool) -> None:
        """A dict whose values become elements of a list."""
        held = union(*(member.value if isinstance(member, DictType) else ANY for member in members(expr.type)))
        self.at(expr, {EACH: element_looks(looks, held)}, onward)

    def _array(self, items: tuple[Expr, ...], looks: Looks, onward: bool) -> None:
        shifted = any(isinstance(item, nodes.Spread) for item in items)
        for position, item in enumerate(items):
            into = parts(looks) if shifted else part(looks, str(position))
            if isinstance(item, nodes.Spread):
                self._elements(item.value, into, onward)
            else:
                self.at(item, element_looks(into, item.type), onward)

    def _object(self, entries: tuple[nodes.Entry, ...], looks: Looks, onward: bool) -> None:
        for entry in entries:
            match entry:
                case nodes.Entry(value=nodes.Spread(value=value)):
                    self.at(value, joined(looks, ITSELF), onward)
                case nodes.Entry(key=nodes.Literal(value=str(key)), value=value):
                    self.at(value, part(looks, key), onward)
                case nodes.Entry(key=key, value=value):
                    self._all(*([] if key is None else [key]))
                    self.at(value, parts(looks), onward)

    def _comprehension(self, expr: nodes.Comprehension, looks: Looks, onward: bool) -> None:
        for generator in expr.generators:
            self.scopes.append(dict.fromkeys(nodes.bound_names(generator.target), False))
        if expr.key is not None:
            self._all(expr.key)
        self.at(expr.element, element_looks(parts(looks), expr.element.type), onward)
        for generator in reversed(expr.generators):
            self._all(*generator.conditions)
            bound = self.scopes.pop()
            self.at(generator.items, {EACH: target_looks(generator.target, bound.__getitem__)}, onward)

    def _call(self, expr: nodes.Call, looks: Looks, onward: bool) -> None:
        match expr:
            case nodes.Call(function="len", arguments=(of,)):
                self.at(of, ITSELF, onward=False)
            case nodes.Call(function="list" | "reversed", arguments=(of,)):
                self._elements(of, parts(looks), onward)
            case nodes.Call(function="dict.get", arguments=(of, key, *default)):
                self._all(key)
                self.at(of, {EACH: looks}, onward)
                for other in default:
                    self.at(other, looks, onward)
            case nodes.Call(function="dict.values", arguments=(of,)):
                self._values(of, parts(looks), onward)
            case nodes.Call(function="dict.items", arguments=(of,)):
                self._values(of, part(parts(looks), "1"), onward)
            case nodes.Call(function="enumerate", arguments=(of, *start), keywords=keywords):
                self._all(*start, *(keyword.value for keyword in keywords))
                self._elements(of, part(parts(looks), "1"), onward)
            case nodes.Call(function="zip", arguments=lists, keywords=()):
                for position, of in enumerate(lists):
                    self._elements(of, part(parts(looks), str(position)), onward)
            case _:
                self._all(*nodes.children(expr))


def element_looks(looks: Looks, of: Type | None) -> Looks:
    """How far into what is put into a list: engines that take lists in lists apart must see which elements are some."""
    return joined(looks, ITSELF) if of is None or _is_sequence(of) else looks


def target_looks(target: Target, of: Callable[[str], Looks]) -> Looks:
    """How far a loop looks into each element, by how far it looks into the names that its target binds."""
    match target:
        case nodes.Bind(name=name):
            return of(name)
        case nodes.Unpack(targets=targets):
            return {str(position): target_looks(inner, of) for position, inner in enumerate(targets)}


def _key(expr: nodes.Item) -> str:
    """The key of an item; that of each where it is not known, or where lists grow and shrink in front of it."""
    match expr.index:
        case nodes.Literal(value=str(key)):
            return key
        case nodes.Literal(value=int(position)) if position >= 0:
            return str(position) if all(isinstance(m, TupleType) for m in members(expr.object.type)) else EACH
        case _:
            return EACH


def _is_sequence(of: Type) -> bool:
    return all(isinstance(member, _SEQUENCE) for member in members(of))
