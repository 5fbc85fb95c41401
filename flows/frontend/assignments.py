"""Compiles assignments."""

from __future__ import annotations

import ast

from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body
from skyloom.flows.frontend.changes import Changes
from skyloom.flows.frontend.expressions import Expressions
from skyloom.flows.frontend.floats import received
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir import nodes as ir


class Assignments:
    """Compiles the assignments of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions
        self.changes = Changes(body, expressions)

    def assign(self, node: ast.Assign) -> None:
        """`a = v`, `a, b = v`, `a[i] = v`, `a = b = v`."""
        self._assign_all(node.targets, node.value)

    def annotated(self, node: ast.AnnAssign) -> None:
        """`a: T = v`: the variable holds values of T and no other."""
        try:
            of = self.body.builder.types.resolve(self.expressions.names.annotation(node.annotation), self.body.names)
        except Unsupported as problem:
            raise self.body.problem("SKY502", problem.message, node.annotation, problem.hint) from None
        if not isinstance(node.target, ast.Name):
            raise self.body.problem("SKY231", "only variables are annotated", node.target, "leave the annotation out")
        name = node.target.id
        self.body.declared[name] = of
        if node.value is not None:
            self._assign_all([node.target], node.value)

    def augmented(self, node: ast.AugAssign) -> None:
        """`a += v`, `a[i] += v`, `a.f += v`; on lists `+=` extends in place."""
        target = node.target
        read = ast.copy_location(_as_load(target), target)
        if isinstance(node.op, ast.Mult) and self.changes.may_be_list(read):
            shown = ast.unparse(target)
            hint = f"make a new list: `{shown} = {shown} * ...`"
            raise self.body.problem("SKY223", f"`*=` changes the list `{shown}` in place", node, hint)
        if isinstance(node.op, ast.Add) and self.changes.is_list(read):
            self.changes.extended(target, node)
        elif isinstance(target, ast.Name):
            operation = ast.copy_location(ast.BinOp(left=read, op=node.op, right=node.value), node)
            self._assign_all([target], operation)
        else:
            self.changes.augmented(target, node)

    def _assign_all(self, targets: list[ast.expr], written: ast.expr) -> None:
        first = targets[0]
        if len(targets) == 1 and isinstance(first, ast.Tuple | ast.List) and self._pairwise(first, written):
            return
        value = self.expressions.value(written)
        if len(targets) == 1 and isinstance(first, ast.Name):
            self._to_variable(first, value, written)
            return
        if len(targets) == 1 and isinstance(first, ast.Subscript | ast.Attribute):
            self._to_place(first, value, written)
            return
        if not isinstance(value, x.Literal | x.Name):
            value = self.body.hold(value)
        if len(targets) > 1 and isinstance(value, x.Name):
            # It is read several times.
            self.body.temporaries.discard(value.name)
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
                self._to_place(target, value, written)
            case ast.Starred():
                raise self.body.problem("SKY125", "`*` in an assignment is not in the language", target, "take a slice")
            case _:
                raise self.body.problem("SKY117", "this cannot be assigned to", target, "assign to a variable")

    def _to_place(self, target: ast.Subscript | ast.Attribute, value: x.Expr, written: ast.AST) -> None:
        before = len(self.body.block)
        name, keys, place = self.changes.place(target)
        if len(self.body.block) > before and not isinstance(value, x.Literal | x.Name):
            # Python evaluates the value first.
            value = self.body.hold(value, at=before)
        self.changes.change(name, keys, place.type, value, target, "set", target, written)

    def _to_variable(self, target: ast.Name, value: x.Expr, written: ast.AST) -> None:
        name = target.id
        declared = self.body.declared.get(name)
        if declared is not None:
            value = self.expressions.fitting.fitted(value, declared, written, f"`{name}`")
        of = value.type
        retargeted = self.body.retarget(value, name)
        owner = ownership.assigned(name, value, self.body.scope, self.body.temporaries)
        if not retargeted:
            self.body.emit(ir.Assign(span=self.body.span(target), variable=name, value=value))
        self.body.scope.assign(name, of if declared is None else declared, owner)
        if declared is not None and (known := received(of, declared)) != declared:
            self.body.scope.learn({(name,): known})

    def _take_apart(self, targets: list[ast.expr], value: x.Expr, node: ast.AST) -> None:
        starred = next((target for target in targets if isinstance(target, ast.Starred)), None)
        if starred is not None:
            raise self.body.problem(
                "SKY125", "`*` in an assignment is not in the language", starred, "take a slice: `xs[1:]`"
            )
        types = self.expressions.iteration.parts(value.type, len(targets), node)
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
