"""Compiles assignments, and the changes of values in place that the language allows."""

from __future__ import annotations

import ast
from typing import Any, cast

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import assignable, iteration_type, may_raise, widen
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body, Stop
from skyloom.flows.frontend.expressions import Expressions, element_type
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.frontend.syntax import MISSING
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir import nodes as ir


class Assignments:
    """Compiles the assignments of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions
        self._declared: dict[str, t.Type] = {}

    # --- statements ---------------------------------------------------------------------------------------------

    def assign(self, node: ast.Assign) -> None:
        """`a = v`, `a, b = v`, `a[i] = v`, `a = b = v`."""
        self._assign_all(node.targets, node.value)

    def annotated(self, node: ast.AnnAssign) -> None:
        """`a: T = v`: the variable holds values of T and no other."""
        try:
            of = self.body.builder.types.resolve(self._annotation(node), self.body.names)
        except Unsupported as problem:
            self.body.fail("SKY502", problem.message, node.annotation, problem.hint)
        if not isinstance(node.target, ast.Name):
            self.body.fail("SKY231", "only variables are annotated", node.target, "leave the annotation out")
        name = cast(ast.Name, node.target).id
        self._declared[name] = of
        if node.value is not None:
            self._assign_all([node.target], node.value)
            self.body.scope.types[name] = of

    def _annotation(self, node: ast.AnnAssign) -> Any:
        try:
            text = node.annotation
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                return text.value
            return eval(compile(ast.Expression(text), "<annotation>", "eval"), dict(self.body.names))
        except Exception as problem:
            self.body.fail("SKY502", f"the annotation cannot be read: {problem}", node.annotation, "name a type")

    def augmented(self, node: ast.AugAssign) -> None:
        """`a += v`, `a[i] += v`, `a.f += v`; on lists `+=` extends in place."""
        target = node.target
        read = ast.copy_location(_as_load(target), target)
        if isinstance(node.op, ast.Add) and self._is_list(read):
            self._extended_by(target, node)
        elif isinstance(target, ast.Name):
            operation = ast.copy_location(ast.BinOp(left=read, op=node.op, right=node.value), node)
            self._assign_all([target], operation)
        else:
            self._changed_by(target, node)

    def _changed_by(self, target: ast.expr, node: ast.AugAssign) -> None:
        """`a[i] += v`: the place is found once, then read, then set."""
        name, keys, place = self._place(target)
        before = len(self.body.block)
        right = self.expressions.value(node.value)
        left, right = self.expressions.in_order([place, right], [before, len(self.body.block)])
        symbol = self.expressions.symbol(node.op, node)
        value = self.expressions.arithmetic(symbol, left, right, node)
        self._change(name, keys, place.type, value, target, "set", target)

    def _is_list(self, node: ast.expr) -> bool:
        with self.body.rehearsal():
            try:
                return all(isinstance(m, t.ListType) for m in t.members(self.expressions.value(node).type))
            except Stop:
                return False

    def _extended_by(self, target: ast.expr, node: ast.AugAssign) -> None:
        name, keys, place = self._place(target)
        value = self.expressions.value(node.value)
        self._change(name, keys, place.type, value, node, "extend", target)

    def grown(self, node: ast.Call) -> bool:
        """`a.append(v)` and `a.extend(v)` on a line of their own. False where the object is no list of the flow's."""
        func = cast(ast.Attribute, node.func)
        if not self._is_list(func.value):
            return False
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            self.body.fail("SKY228", f"`{func.attr}` takes one argument", node, f"write `.{func.attr}(value)`")
        name, keys, place = self._place(func.value)
        value = self._added(node.args[0], func.attr)
        self._change(name, keys, place.type, value, node, func.attr, func.value)
        return True

    def _added(self, node: ast.expr, how: str) -> x.Expr:
        if how == "append":
            return self.expressions.value(node)
        if isinstance(node, ast.GeneratorExp):
            return self.expressions.calls.comprehension(node)
        return self.expressions.iterable(node)

    # --- targets ------------------------------------------------------------------------------------------------

    def _assign_all(self, targets: list[ast.expr], written: ast.expr) -> None:
        first = targets[0]
        if len(targets) == 1 and isinstance(first, ast.Tuple | ast.List) and self._pairwise(first, written):
            return
        value = self.expressions.value(written)
        if len(targets) == 1 and isinstance(first, ast.Name):
            self._to_variable(first, value, written)
            return
        if not isinstance(value, x.Literal | x.Name):
            value = self.body.hold(value)
        if len(targets) > 1 and isinstance(value, x.Name):
            # It is read several times.
            self.body.temporaries -= {value.name}
        for target in targets:
            self._to_target(target, value, written)

    def _pairwise(self, target: ast.Tuple | ast.List, written: ast.expr) -> bool:
        """`a, b = b, a`: all values first, then the variables. False where the value is no display of that length."""
        if not isinstance(written, ast.Tuple | ast.List) or len(written.elts) != len(target.elts):
            return False
        if any(isinstance(item, ast.Starred) for item in (*written.elts, *target.elts)):
            return False
        values = self.expressions.operands(written.elts)
        held = [value if isinstance(value, x.Literal) else self.body.hold(value) for value in values]
        for inner, value, source in zip(target.elts, held, written.elts, strict=True):
            self._to_target(inner, value, source)
        return True

    def _to_target(self, target: ast.expr, value: x.Expr, written: ast.AST) -> None:
        match target:
            case ast.Name():
                self._to_variable(target, value, written)
            case ast.Tuple(elts=inner) | ast.List(elts=inner):
                self._take_apart(inner, value, target)
            case ast.Subscript() | ast.Attribute():
                name, keys, place = self._place(target)
                self._change(name, keys, place.type, value, target, "set", target, written)
            case ast.Starred():
                self.body.fail("SKY125", "`*` in an assignment is not in the language", target, "take a slice")
            case _:
                self.body.fail("SKY117", "this cannot be assigned to", target, "assign to a variable")

    def _to_variable(self, target: ast.Name, value: x.Expr, written: ast.AST) -> None:
        name = target.id
        declared = self._declared.get(name)
        if declared is not None:
            value = self.expressions.fitted(value, declared, written, f"`{name}`")
        of = value.type
        retargeted = self.body.retarget(value, name)
        owner = ownership.store(value, self.body.scope, self.body.temporaries)
        if not retargeted:
            self.body.emit(ir.Assign(span=self.body.span(target), variable=name, value=value))
        self.body.scope.assign(name, of if declared is None else declared, owner)

    def _take_apart(self, targets: list[ast.expr], value: x.Expr, node: ast.AST) -> None:
        starred = next((target for target in targets if isinstance(target, ast.Starred)), None)
        if starred is not None:
            self.body.fail("SKY125", "`*` in an assignment is not in the language", starred, "take a slice: `xs[1:]`")
        types = self.expressions.calls.parts(value.type, len(targets), node)
        if not isinstance(value.type, t.TupleType):
            self._check_length(value, len(targets), node)
        for index, (target, of) in enumerate(zip(targets, types, strict=True)):
            span = self.body.span(target)
            position = x.Literal(span=span, type=t.LiteralType((index,)), value=index)
            self._to_target(target, x.Item(span=span, type=of, object=value, index=position), target)

    def _check_length(self, value: x.Expr, wanted: int, node: ast.AST) -> None:
        """Python's own error for a list of another length, before anything is assigned."""
        span = self.body.span(node)
        length = x.Call(span=span, type=t.INT, function="len", arguments=(value,))

        def number(count: int) -> x.Expr:
            return x.Literal(span=span, type=t.LiteralType((count,)), value=count)

        def complain(symbol: x.ComparisonOperator, message: tuple[x.Expr, ...]) -> ir.If:
            test = x.Compare(span=span, type=t.BOOL, operator=symbol, left=length, right=number(wanted))
            text = x.Format(span=span, type=t.STR, parts=message)
            error = ir.Raise(span=span, error="ValueError", bases=("Exception",), message=text)
            return ir.If(span=span, test=test, body=(error,))

        def text(words: str) -> x.Expr:
            return x.Literal(span=span, type=t.LiteralType((words,)), value=words)

        got = x.Call(span=span, type=t.STR, function="str", arguments=(length,))
        self.body.emit(complain("<", (text(f"not enough values to unpack (expected {wanted}, got "), got, text(")"))))
        self.body.emit(complain(">", (text(f"too many values to unpack (expected {wanted})"),)))

    # --- changes in place ---------------------------------------------------------------------------------------

    def _place(self, node: ast.expr) -> tuple[str, list[x.Expr], x.Expr]:
        """The variable, the keys that lead to a place inside its value, and the place as an expression."""
        keys: list[x.Expr] = []
        path: list[ast.expr] = []
        inner = node
        while isinstance(inner, ast.Subscript | ast.Attribute):
            path.append(inner)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self.body.fail("SKY403", "only a variable's value can be changed", node, "assign it to a variable first")
        if self.expressions.static(inner) is not MISSING:
            name, hint = inner.id, f"copy it into a variable: `{inner.id.lower()}_here = [*{inner.id}]`"
            self.body.fail("SKY403", f"`{name}` belongs to the module; a flow changes its own variables only", node, hint)
        of = self.expressions.value(cast(ast.expr, inner))
        for step in reversed(path):
            if isinstance(step, ast.Attribute):
                of = self._field_step(of, step, keys, last=step is node)
            else:
                of = self._item_step(of, cast(ast.Subscript, step), keys, last=step is node)
        return inner.id, keys, of

    def _field_step(self, of: x.Expr, step: ast.Attribute, keys: list[x.Expr], *, last: bool) -> x.Expr:
        field = self.expressions.field(of, step)
        assert isinstance(field, x.Field)
        if last and isinstance(of.type, t.ModelType):
            obstacle = self.body.builder.types.mutable(of.type.name)
            if obstacle is not None:
                self.body.fail("SKY404", f"`{of.type.name}` cannot be changed: {obstacle}", step, "build a new one")
        span = self.body.span(step)
        keys.append(x.Literal(span=span, type=t.LiteralType((field.name,)), value=field.name))
        return x.Field(span=span, type=self._declared_field(of, step, field), object=of, name=field.name)

    def _declared_field(self, of: x.Expr, step: ast.Attribute, field: x.Field) -> t.Type:
        if isinstance(of.type, t.ModelType):
            for known in self.body.models[of.type.name].fields:
                if known.attribute == step.attr:
                    return known.type
        return field.type

    def _item_step(self, of: x.Expr, step: ast.Subscript, keys: list[x.Expr], *, last: bool) -> x.Expr:
        if isinstance(step.slice, ast.Slice):
            self.body.fail(
                "SKY126", "a slice cannot be assigned to", step, "build a new list: `[*xs[:i], *new, *xs[j:]]`"
            )
        index = self.expressions.value(step.slice)
        if may_raise(index) or not isinstance(index, x.Literal | x.Name):
            index = self.body.hold(index)
        if last and (isinstance(of.type, t.TupleType) or isinstance(widen(of.type), t.StrType)):
            self.body.fail("SKY404", f"a `{t.show(of.type)}` cannot be changed", step, "build a new one")
        keys.append(index)
        if isinstance(of.type, t.DictType) and of.type.value == t.NEVER:
            return x.Item(span=self.body.span(step), type=t.NEVER, object=of, index=index)
        return self.expressions.item(of, index, step)

    def _change(
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
        statement: ir.Statement
        match how:
            case "set":
                value = self._fit_place(name, keys, of, value, written or target)
                statement = ir.SetItem(span=span, variable=name, path=path, value=value)
                added = value.type
            case "append":
                statement = ir.Append(span=span, variable=name, path=path, value=value)
                added = value.type
            case _:
                element = iteration_type(value.type)
                if element is None:
                    self.body.fail("SKY214", f"a `{t.show(value.type)}` cannot be gone through", node, "give a list")
                statement = ir.Extend(span=span, variable=name, path=path, value=value)
                added = cast(t.Type, element)
        inside = (
            ownership.FRESH if how != "extend" else ownership.iterated(value, self.body.scope, self.body.temporaries)
        )
        if how != "extend":
            inside = ownership.store(value, self.body.scope, self.body.temporaries)
        if inside != ownership.FRESH:
            self.body.scope.owners[name] = max(self.body.scope.owners.get(name, Ownership.FRESH), Ownership.SHALLOW)
        self.body.emit(statement)
        self._widen(name, keys, of, added, how, value.span)

    def _check_iterating(self, name: str, keys: list[x.Expr], node: ast.AST) -> None:
        """A list or dict does not change while a `for` goes through it."""
        changed = (name, *map(ownership.key_of, keys))
        for place, written in self.body.iterating:
            if len(place) == len(changed) and all(
                one is None or other is None or one == other for one, other in zip(place, changed, strict=True)
            ):
                hint = f"go through a copy: `list({written})`"
                self.body.fail("SKY402", f"`{written}` is changed while a `for` goes through it", node, hint)

    def _refuse_change(self, name: str, depth: int, node: ast.AST) -> None:
        if depth:
            message = f"what is inside `{name}` may be reachable another way; changing it would change both"
            hint = "build a new value, and put that in its place"
        else:
            message = f"the value of `{name}` may have another name too; changing it would change both"
            of = self.body.scope.types[name]
            copy = f"{{**{name}}}" if isinstance(of, t.DictType) else f"[*{name}]"
            hint = f"copy it first: `{name} = {copy}`"
            if isinstance(of, t.ModelType):
                hint = "build a new one with the changed field"
        self.body.fail("SKY401", message, node, hint)

    def _fit_place(self, name: str, keys: list[x.Expr], of: t.Type, value: x.Expr, node: ast.AST) -> x.Expr:
        """A field of a model keeps its type; elements of lists and dicts may widen theirs."""
        if self._is_local_container(name, keys):
            return value
        return self.expressions.fitted(value, of, node, "this place")

    def _is_local_container(self, name: str, keys: list[x.Expr]) -> bool:
        if name in self._declared:
            return False
        of = self.body.scope.types[name]
        for _ in keys:
            match of:
                case t.ListType(item=inner) | t.DictType(value=inner):
                    of = inner
                case _:
                    return False
        return True

    def _widen(self, name: str, keys: list[x.Expr], of: t.Type, added: t.Type, how: str, where: Span) -> None:
        """The variable's type takes up what was added, where it may."""
        scope = self.body.scope
        known = scope.types[name]
        scope.forget(name)
        if name in self._declared:
            wanted = of if how == "set" else iteration_type(of)
            if wanted is not None and not assignable(added, wanted):
                message = f"`{name}` holds `{t.show(wanted)}`, and this is `{t.show(added)}`"
                self.body.fail("SKY209", message, where, f"give a `{t.show(wanted)}`, or change the annotation")
            return
        inside = len(keys) - (1 if how == "set" else 0)
        scope.types[name] = self._widened(known, inside, added)

    def _widened(self, of: t.Type, depth: int, added: t.Type) -> t.Type:
        match of:
            case t.ListType(item=item):
                return t.ListType(element_type([item, added]) if depth == 0 else self._widened(item, depth - 1, added))
            case t.DictType(value=value):
                return t.DictType(element_type([value, added]) if depth == 0 else self._widened(value, depth - 1, added))
            case _:
                return of


def _as_load(node: ast.expr) -> ast.expr:
    match node:
        case ast.Name(id=name):
            return ast.copy_location(ast.Name(id=name, ctx=ast.Load()), node)
        case ast.Attribute(value=value, attr=attribute):
            return ast.copy_location(ast.Attribute(value=value, attr=attribute, ctx=ast.Load()), node)
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value=value, slice=index, ctx=ast.Load()), node)
        case _:
            return node
