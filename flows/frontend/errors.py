"""Compiles `try`, `raise` and `assert`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from skyloom.errors import FlowCancelled
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import assignable
from skyloom.flows.frontend.body import Body
from skyloom.flows.frontend.expressions import Expressions
from skyloom.flows.frontend.narrowing import assume
from skyloom.flows.frontend.scope import Meeting, Ownership, Scope, join
from skyloom.flows.frontend.syntax import MISSING
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import ErrorDefinition


class Errors:
    """Compiles the error handling of one flow."""

    def __init__(
        self, body: Body, expressions: Expressions, compile_block: Callable[[Sequence[ast.stmt]], None]
    ) -> None:
        self.body = body
        self.expressions = expressions
        self._compile = compile_block

    # --- raise --------------------------------------------------------------------------------------------------

    def raise_statement(self, node: ast.Raise) -> None:
        """`raise`, `raise e`, `raise Error`, `raise Error("message")`."""
        span = self.body.span(node)
        if node.exc is None:
            self.body.emit(ir.Reraise(span=span, variable=self._handled(node)))
        elif isinstance(node.exc, ast.Name) and node.exc.id in self.body.scope:
            value = self.expressions.value(node.exc)
            if not isinstance(value.type, t.ErrorType):
                raise self.body.problem("SKY306", f"`{node.exc.id}` is no error", node.exc, "raise an exception class")
            self.body.emit(ir.Reraise(span=span, variable=node.exc.id))
        else:
            definition, message = self._new_error(node.exc)
            self.body.emit(ir.Raise(span=span, error=definition.name, bases=definition.bases, message=message))
        self.body.leave()

    def _handled(self, node: ast.Raise) -> str:
        """The variable of the error that `raise` alone raises."""
        if not self.body.handled:
            raise self.body.problem("SKY306", "`raise` alone stands inside `except` only", node, "name the error")
        variable = self.body.handled[-1]
        if variable is None:
            message = "`raise` alone in `finally` raises the error that is on its way, or else another one"
            raise self.body.problem("SKY306", message, node, "write `except ... as error`, and `raise error`")
        return variable

    def _new_error(self, node: ast.expr) -> tuple[ErrorDefinition, x.Expr]:
        call = node if isinstance(node, ast.Call) else None
        cls = self._class(call.func if call else node)
        empty = x.Literal(span=self.body.span(node), type=t.LiteralType(("",)), value="")
        if call is None or not (call.args or call.keywords):
            self._check_plain(cls, node)
            return self._definition(cls, node), empty
        if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
            raise self.body.problem(
                "SKY307", "an error of a flow takes one message", node, f'write `{cls.__name__}("...")`'
            )
        self._check_plain(cls, node)
        value = self.expressions.value(call.args[0])
        if issubclass(cls, KeyError):
            value = self._quoted(value, call)
        if not assignable(value.type, t.STR):
            value = self.expressions.texts.text(value, call.args[0])
        return self._definition(cls, node), value

    def _quoted(self, value: x.Expr, node: ast.AST) -> x.Expr:
        """A KeyError shows its argument as Python writes it, in quotes."""
        if not (isinstance(value, x.Literal) and isinstance(value.value, str)):
            raise self.body.problem(
                "SKY307", "`KeyError` shows its message in quotes", node, "use LookupError, or a constant"
            )
        shown = repr(value.value)
        return x.Literal(span=value.span, type=t.LiteralType((shown,)), value=shown)

    def _check_plain(self, cls: type[BaseException], node: ast.AST) -> None:
        for base in cls.__mro__:
            own = vars(base)
            written = "__init__" in own or "__str__" in own or "__new__" in own
            if base.__module__ not in ("builtins", "skyloom.errors") and written:
                raise self.body.problem(
                    "SKY307", f"`{cls.__name__}` has an `__init__` or `__str__` of its own", node, "raise it in a task"
                )

    def _class(self, node: ast.expr) -> type[BaseException]:
        found = self.expressions.names.static(node)
        if found is MISSING:
            self.expressions.value(node)
            raise self.body.problem("SKY306", "this is no exception class", node, "raise an exception class")
        if not (isinstance(found, type) and issubclass(found, BaseException)):
            raise self.body.problem(
                "SKY306", f"`{ast.unparse(node)}` is no exception class", node, "use an exception class"
            )
        return found

    def _definition(self, cls: type[BaseException], node: ast.AST) -> ErrorDefinition:
        if not issubclass(cls, Exception):
            raise self.body.problem("SKY308", f"`{cls.__name__}` is not for flows", node, "use a subclass of Exception")
        try:
            return self.body.builder.types.errors.add(cls)
        except Unsupported as problem:
            raise self.body.problem("SKY516", problem.message, node, problem.hint) from None

    def assert_statement(self, node: ast.Assert) -> None:
        """`assert test, message`."""
        span = self.body.span(node)
        test = self.expressions.condition(node.test)
        with self.body.inner_block() as block:
            message: x.Expr = x.Literal(span=span, type=t.LiteralType(("",)), value="")
            if node.msg is not None:
                with self.body.in_scope(assume(node.test, False, self.body.scope, self.body.models).copy()):
                    message = self.expressions.texts.text(self.expressions.value(node.msg), node.msg)
        error = self._definition(AssertionError, node)
        block.append(ir.Raise(span=span, error=error.name, bases=error.bases, message=message))
        failed = x.Unary(span=span, type=t.BOOL, operator="not", operand=test)
        self.body.emit(ir.If(span=span, test=failed, body=tuple(block)))
        self.body.scope = assume(node.test, True, self.body.scope, self.body.models).copy()

    # --- try ----------------------------------------------------------------------------------------------------

    def try_statement(self, node: ast.Try) -> None:
        """`try` with all its parts."""
        span = self.body.span(node)
        marks = [(len(loop.breaks), len(loop.continues)) for loop in self.body.loops]
        everywhere = bool(node.finalbody)
        if everywhere:
            self.body.guarded.append(Meeting(self.body.scope))
            self.body.finals.append(self.body.guarded[-1])
        body, raised, ends = self._guarded_body(node.body)
        orelse, ends = self._else(node.orelse, ends)
        handlers: list[ir.Handler] = []
        for handler in node.handlers:
            compiled, end = self._handler(handler, raised)
            handlers.append(compiled)
            ends.append(end)
        normal = join(*ends)
        final: ir.Block = ()
        if everywhere:
            self.body.finals.pop()
            anywhere = self.body.guarded.pop().known
            self.body.handled.append(None)
            final, normal = self._final(node.finalbody, join(anywhere, *ends), normal)
            self._through_final(node.finalbody, marks)
            self.body.handled.pop()
        self.body.scope = normal
        if handlers or final:
            self.body.emit(ir.Try(span=span, body=body, handlers=tuple(handlers), orelse=orelse, final=final))
        else:
            # `finally: pass`
            self.body.block += body

    def _block(self, statements: Sequence[ast.stmt]) -> ir.Block:
        with self.body.inner_block() as block:
            self._compile(statements)
        return tuple(block)

    def _guarded_body(self, statements: list[ast.stmt]) -> tuple[ir.Block, Scope, list[Scope]]:
        """The body, what is known where an error leaves it, and where it ends."""
        self.body.guarded.append(Meeting(self.body.scope))
        block = self._block(statements)
        raised = self.body.guarded.pop().known
        return block, raised, [self.body.scope]

    def _else(self, statements: list[ast.stmt], ends: list[Scope]) -> tuple[ir.Block, list[Scope]]:
        if not statements:
            return (), ends
        self.body.scope = ends[0].copy()
        return self._block(statements), [self.body.scope]

    def _handler(self, node: ast.ExceptHandler, raised: Scope) -> tuple[ir.Handler, Scope]:
        names = self._caught(node)
        variable = node.name or self.body.temporary("error")
        self.body.temporaries.discard(variable)
        self.body.scope = raised.copy()
        self.body.scope.alive = True
        self.body.scope.assign(variable, t.ERROR, Ownership.FRESH)
        self.body.handled.append(variable)
        try:
            block = self._block(node.body)
        finally:
            self.body.handled.pop()
        end = self.body.scope
        if node.name is not None:
            # Python deletes the name behind the handler.
            end.unassign(node.name)
        return ir.Handler(errors=names, variable=variable, body=block, span=self.body.span(node)), end

    def _caught(self, node: ast.ExceptHandler) -> tuple[str, ...]:
        if node.type is None:
            self.body.report("SKY309", "`except:` catches what is no error, too", node, "write `except Exception:`")
            return ("Exception",)
        classes = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names: list[str] = []
        if not classes:
            self.body.report("SKY306", "this catches nothing", node.type, "name an exception class")
        for written in classes:
            cls = self._class(written)
            if cls is FlowCancelled or not issubclass(cls, Exception):
                self.body.report(
                    "SKY308", f"a flow cannot catch `{cls.__name__}`", written, "write `except Exception:`"
                )
                continue
            names.append(self._definition(cls, written).name)
        return tuple(names)

    def _final(self, statements: list[ast.stmt], anywhere: Scope, normal: Scope) -> tuple[ir.Block, Scope]:
        """`finally` is compiled for every way into it; what is known behind it, for the normal one."""
        self.body.scope = anywhere.copy()
        self.body.scope.alive = True
        block = self._block(statements)
        if not normal.alive or not self.body.scope.alive:
            dead = self.body.scope.copy()
            dead.alive = False
            return block, dead
        with self.body.rehearsal():
            self.body.scope = normal.copy()
            self._compile(statements)
        return block, self.body.scope

    def _through_final(self, statements: list[ast.stmt], marks: list[tuple[int, int]]) -> None:
        """`break` and `continue` inside the try go through `finally` first."""
        for loop, (breaks, continues) in zip(self.body.loops, marks, strict=True):
            for scopes, start in ((loop.breaks, breaks), (loop.continues, continues)):
                for index in range(start, len(scopes)):
                    with self.body.rehearsal():
                        self.body.scope = scopes[index].copy()
                        self._compile(statements)
                        scopes[index] = self.body.scope
