"""Compiles the changes of values in place that the language allows."""

from __future__ import annotations

import ast
from typing import cast

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import iteration_type, may_raise, widen
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body, Stop, retyped
from skyloom.flows.frontend.displays import element_type
from skyloom.flows.frontend.expressions import Expressions
from skyloom.flows.frontend.floats import received
from skyloom.flows.frontend.narrowing import place_of
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.frontend.syntax import MISSING
from skyloom.flows.ir import nodes as ir


class Changes:
    """Compiles `a[i] = v`, `a.f = v`, `a.append(v)`, `a.extend(v)` and `+=` of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def augmented(self, target: ast.expr, node: ast.AugAssign) -> None:
        """`a[i] += v`: the place is found once, then read, then set."""
        name, keys, place = self.place(target)
        before = len(self.body.block)
        right = self.expressions.value(node.value)
        known = place_of(target)
        narrowed = self.body.scope.fact(known) if known else None
        read = place if narrowed is None else retyped(place, narrowed)
        left, right = self.expressions.in_order([read, right], [before, len(self.body.block)])
        symbol = self.expressions.operators.symbol(node.op, node)
        value = self.expressions.operators.arithmetic(symbol, left, right, node)
        self.change(name, keys, place.type, value, target, "set", target)

    def is_list(self, node: ast.expr) -> bool:
        """Whether the value is a list, whatever happens."""
        kinds = self._kinds(node)
        return bool(kinds) and all(isinstance(kind, t.ListType) for kind in kinds)

    def may_be_list(self, node: ast.expr) -> bool:
        """Whether the value is a list in some case."""
        return any(isinstance(kind, t.ListType) for kind in self._kinds(node))

    def _kinds(self, node: ast.expr) -> tuple[t.Type, ...]:
        """The alternatives of the value's type; none where it has a problem."""
        with self.body.rehearsal():
            try:
                return tuple(t.members(self.expressions.value(node).type))
            except Stop:
                return ()

    def extended(self, target: ast.expr, node: ast.AugAssign) -> None:
        # `+=` is an assignment, too.
        name, keys, place = self.place(target)
        before = len(self.body.block)
        value = self.expressions.value(node.value)
        self._read_first(place, before)
        self.change(name, keys, place.type, value, node, "extend", target, node.value)

    def grown(self, node: ast.Call) -> bool:
        """`a.append(v)` and `a.extend(v)` on a line of their own. False where the object is no list of the flow's."""
        func = cast(ast.Attribute, node.func)
        if not self.is_list(func.value):
            return False
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise self.body.problem("SKY228", f"`{func.attr}` takes one argument", node, f"write `.{func.attr}(value)`")
        name, keys, place = self.place(func.value, of_list=True)
        before = len(self.body.block)
        value = self._added(node.args[0], func.attr)
        self._read_first(place, before)
        self.change(name, keys, place.type, value, node, func.attr, func.value, node.args[0])
        return True

    def _read_first(self, place: x.Expr, before: int) -> None:
        """Python finds the list before it evaluates what is added: an error of the place comes before its steps."""
        if len(self.body.block) > before and may_raise(place):
            variable = self.body.temporary("value")
            self.body.block.insert(before, ir.Assign(span=place.span, variable=variable, value=place))

    def _added(self, node: ast.expr, how: str) -> x.Expr:
        if how == "append":
            return self.expressions.value(node)
        if isinstance(node, ast.GeneratorExp):
            return self.expressions.comprehensions.value(node)
        return self.expressions.iterable(node)

    def place(self, node: ast.expr, *, of_list: bool = False) -> tuple[str, list[x.Expr], x.Expr]:
        """The variable, the keys that lead to a place inside its value, and the place as an expression.

        Args:
            of_list: the list at the place is changed; otherwise the place gets another value.
        """
        keys: list[x.Expr] = []
        path: list[ast.expr] = []
        inner = node
        while isinstance(inner, ast.Subscript | ast.Attribute):
            path.append(inner)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            raise self.body.problem(
                "SKY403", "only a variable's value can be changed", node, "assign it to a variable first"
            )
        if self.expressions.names.static(inner) is not MISSING:
            name, hint = inner.id, f"copy it into a variable: `{inner.id.lower()}_here = [*{inner.id}]`"
            raise self.body.problem(
                "SKY403", f"`{name}` belongs to the module; a flow changes its own variables only", node, hint
            )
        of = self.expressions.value(cast(ast.expr, inner))
        for step in reversed(path):
            if isinstance(step, ast.Attribute):
                of = self._field_step(of, step, keys, is_set=step is node and not of_list)
            else:
                of = self._item_step(of, cast(ast.Subscript, step), keys, is_set=step is node and not of_list)
        return inner.id, keys, of

    def _field_step(self, of: x.Expr, step: ast.Attribute, keys: list[x.Expr], *, is_set: bool) -> x.Expr:
        field = self.expressions.access.field(of, step)
        assert isinstance(field, x.Field)
        if is_set and isinstance(of.type, t.ModelType):
            obstacle = self.body.builder.types.mutable(of.type.name)
            if obstacle is not None:
                raise self.body.problem(
                    "SKY404", f"`{of.type.name}` cannot be changed: {obstacle}", step, "build a new one"
                )
        span = self.body.span(step)
        keys.append(x.Literal(span=span, type=t.LiteralType((field.name,)), value=field.name))
        # What tests have told of the place itself says nothing about what may be put there.
        kind = self._declared_field(of, step, field) if is_set else field.type
        return x.Field(span=span, type=kind, object=of, name=field.name)

    def _declared_field(self, of: x.Expr, step: ast.Attribute, field: x.Field) -> t.Type:
        if isinstance(of.type, t.ModelType):
            for known in self.body.models[of.type.name].fields:
                if known.attribute == step.attr:
                    return known.type
        return field.type

    def _item_step(self, of: x.Expr, step: ast.Subscript, keys: list[x.Expr], *, is_set: bool) -> x.Expr:
        if isinstance(step.slice, ast.Slice):
            raise self.body.problem(
                "SKY126", "a slice cannot be assigned to", step, "build a new list: `[*xs[:i], *new, *xs[j:]]`"
            )
        index = self.expressions.value(step.slice)
        constant = isinstance(index, x.Unary) and isinstance(index.operand, x.Literal)
        if may_raise(index) or not (constant or isinstance(index, x.Literal | x.Name)):
            index = self.body.hold(index)
        if is_set and (isinstance(of.type, t.TupleType) or isinstance(widen(of.type), t.StrType)):
            raise self.body.problem("SKY404", f"a `{t.show(of.type)}` cannot be changed", step, "build a new one")
        keys.append(index)
        if isinstance(of.type, t.DictType) and of.type.value == t.NEVER:
            return x.Item(span=self.body.span(step), type=t.NEVER, object=of, index=index)
        return self.expressions.access.item(of, index, step)

    def change(
        self,
        name: str,
        keys: list[x.Expr],
        of: t.Type,
        value: x.Expr,
        node: ast.AST,
        how: str,
        target: ast.AST,
        written: ast.AST | None = None,
    ) -> None:
        """Changes the value of `name` at `keys`: sets the place, or lets the list there grow."""
        depth = len(keys) - (1 if how == "set" else 0)
        self._check_iterating(name, keys[:depth], target)
        if not ownership.may_change(name, depth, self.body.scope):
            self._refuse_change(name, depth, target)
        span = self.body.span(node)
        path = tuple(ir.Key(index=key) for key in keys)
        grown = f"an element of `{ast.unparse(target)}`"
        statement: ir.Statement
        match how:
            case "set":
                value = self._fit_place(name, keys, of, value, written or target, "this place")
                statement = ir.SetItem(span=span, variable=name, path=path, value=value)
                added = value.type
            case "append":
                value = self._fit_place(name, keys, _elements(of), value, written or target, grown)
                statement = ir.Append(span=span, variable=name, path=path, value=value)
                added = value.type
            case _:
                element = iteration_type(value.type)
                if element is None:
                    raise self.body.problem(
                        "SKY214", f"a `{t.show(value.type)}` cannot be gone through", node, "give a list"
                    )
                # It is the elements that have to fit.
                some = retyped(value, element)
                self._fit_place(name, keys, _elements(of), some, written or target, grown)
                statement = ir.Extend(span=span, variable=name, path=path, value=value)
                added = element
        inside = (
            ownership.FRESH if how != "extend" else ownership.iterated(value, self.body.scope, self.body.temporaries)
        )
        if how != "extend":
            inside = ownership.store(value, self.body.scope, self.body.temporaries)
        if inside != ownership.FRESH:
            self.body.scope.share(name, Ownership.SHALLOW)
        self.body.emit(statement)
        self._forget(target, how)
        self._widen(name, keys, added, how)

    def _check_iterating(self, name: str, keys: list[x.Expr], node: ast.AST) -> None:
        """A list or dict does not change while a `for` goes through it."""
        changed = (name, *map(ownership.key_of, keys))
        for place, written in self.body.iterating:
            if len(place) == len(changed) and all(
                one is None or other is None or one == other for one, other in zip(place, changed, strict=True)
            ):
                hint = f"go through a copy: `list({written})`"
                raise self.body.problem("SKY402", f"`{written}` is changed while a `for` goes through it", node, hint)

    def _refuse_change(self, name: str, depth: int, node: ast.AST) -> None:
        if depth:
            message = f"what is inside `{name}` may be reachable another way; changing it would change both"
            hint = "build a new value, and put that in its place"
        else:
            message = f"the value of `{name}` may have another name too; changing it would change both"
            of = self.body.scope.declared_type(name)
            copy = f"{{**{name}}}" if isinstance(of, t.DictType) else f"[*{name}]"
            hint = f"copy it first: `{name} = {copy}`"
            if isinstance(of, t.ModelType):
                hint = "build a new one with the changed field"
        raise self.body.problem("SKY401", message, node, hint)

    def _fit_place(self, name: str, keys: list[x.Expr], of: t.Type, value: x.Expr, node: ast.AST, what: str) -> x.Expr:
        """What belongs to a model or a tuple keeps its type; elements of a variable's own lists and dicts may be of
        more kinds than before, as far as its annotation allows."""
        if not self._may_widen(name, keys):
            return self.expressions.fitting.kept(value, of, node, what)
        if name in self.body.declared:
            return self.expressions.fitting.fitted(value, of, node, what)
        return value

    def _may_widen(self, name: str, keys: list[x.Expr]) -> bool:
        of = self.body.scope.type_of(name)
        for _ in keys:
            inner: list[t.Type] = []
            for one in t.members(of):
                match one:
                    case t.ListType(item=element) | t.DictType(value=element):
                        inner.append(element)
                    case _:
                        return False
            of = t.union(*inner)
        return True

    def _widen(self, name: str, keys: list[x.Expr], added: t.Type, how: str) -> None:
        """The variable's type takes up what was added, where it may."""
        scope = self.body.scope
        inside = len(keys) - (1 if how == "set" else 0)
        declared = self.body.declared.get(name)
        if declared is not None:
            grown = received(self._widened(scope.type_of(name), inside, added), declared)
            scope.learn({(name,): grown})
            return
        scope.retype(name, self._widened(scope.declared_type(name), inside, added))
        narrowed = scope.fact((name,))
        if narrowed is not None:
            scope.learn({(name,): self._widened(narrowed, inside, added)})

    def _forget(self, target: ast.AST, how: str) -> None:
        """What tests have told of the changed place holds no longer; what they have told of others does."""
        outer = target
        while isinstance(outer, ast.Subscript | ast.Attribute) and place_of(outer) is None:
            outer = outer.value
        place = place_of(cast(ast.expr, outer))
        assert place is not None
        self.body.scope.forget_at(place, itself=how == "set" and outer is target)

    def _widened(self, of: t.Type, depth: int, added: t.Type) -> t.Type:
        match of:
            case t.UnionType(members=alternatives):
                return t.union(*(self._widened(one, depth, added) for one in alternatives))
            case t.ListType(item=item):
                return t.ListType(element_type([item, added]) if depth == 0 else self._widened(item, depth - 1, added))
            case t.DictType(value=value):
                return t.DictType(
                    element_type([value, added]) if depth == 0 else self._widened(value, depth - 1, added)
                )
            case _:
                return of


def _elements(of: t.Type) -> t.Type:
    """The type of the elements of what is known to be a list here."""
    return t.union(*(one.item for one in t.members(of) if isinstance(one, t.ListType)))
