"""The structural rules of statements, checked flow by flow.

- step ids are unique in their flow; references find their entries; calls give each required parameter once, no other
- variables are bound, on some path, before they are read; inner scopes (`Map`, branches) bind nothing outside
- `Break` and `Continue` stand in a loop of the same scope, `Return` outside of inner scopes, `Reraise` in its handler
- tests are boolean
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from skyloom.errors import Span
from skyloom.flows.expr.nodes import Expr, Target, bound_names, free_names
from skyloom.flows.ir.expressions import expression_problems, is_boolean, target_problems
from skyloom.flows.ir.nodes import (
    Append,
    Approval,
    Argument,
    Assign,
    Block,
    Branch,
    Break,
    CallFlow,
    CallPrompt,
    CallTask,
    Continue,
    Emit,
    Extend,
    For,
    Handler,
    If,
    Map,
    Parallel,
    Race,
    Raise,
    Reraise,
    Return,
    Sample,
    SetItem,
    Sleep,
    Statement,
    Step,
    Try,
    WaitFor,
    While,
)
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition

_Callee = TaskDefinition | PromptDefinition | FlowDefinition


def flow_problems(program: Program, flow: FlowDefinition) -> list[str]:
    """Every rule that a statement or expression of `flow` breaks, with its line, in source order."""
    return _Check(program, flow).run()


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where a statement stands."""

    bound: frozenset[str]
    """The variables that may be bound here."""
    loop: bool = False
    inner: bool = False
    handlers: frozenset[str] = frozenset()


class _Check:
    """The check of one flow."""

    def __init__(self, program: Program, flow: FlowDefinition) -> None:
        self._program = program
        self._flow = flow
        self._found: list[str] = []
        self._ids: set[str] = set()

    def run(self) -> list[str]:
        self._block(self._flow.body, _Scope(frozenset(parameter.name for parameter in self._flow.parameters)))
        return self._found

    def _add(self, span: Span, message: str) -> None:
        self._found.append(f"line {span.line}: {message}")

    def _block(self, block: Block, scope: _Scope) -> _Scope:
        """Checks the block; gives the scope behind it."""
        for statement in block:
            if isinstance(statement, Step):
                self._step_id(statement)
            scope = self._statement(statement, scope)
            if isinstance(statement, Step) and statement.target is not None:
                scope = _with(scope, statement.target)
        return scope

    def _statement(self, statement: Statement, scope: _Scope) -> _Scope:
        match statement:
            case Assign(variable=variable, value=value):
                self._expr(value, scope)
                return _with(scope, variable)
            case SetItem() | Append() | Extend():
                self._change(statement, scope)
            case If() | While() | For() | Try():
                return self._control(statement, scope)
            case Break() | Continue():
                if not scope.loop:
                    self._add(statement.span, f"`{statement.kind}` stands in no loop of its scope")
            case Return(value=value):
                self._expr(value, scope)
                if scope.inner:
                    self._add(statement.span, "`return` stands in a map or branch")
            case Raise(message=message):
                self._expr(message, scope)
            case Reraise(variable=variable):
                if variable not in scope.handlers:
                    self._add(statement.span, f"`raise` of {variable!r}, which no handler around it has caught")
            case _:
                self._step(statement, scope)
        return scope

    def _change(self, statement: SetItem | Append | Extend, scope: _Scope) -> None:
        if statement.variable not in scope.bound:
            self._add(statement.span, f"variable {statement.variable!r} is changed before it is assigned")
        if isinstance(statement, SetItem) and not statement.path:
            self._add(statement.span, "an item assignment needs a path")
        for expr in (*(key.index for key in statement.path), statement.value):
            self._expr(expr, scope)

    def _control(self, statement: If | While | For | Try, scope: _Scope) -> _Scope:
        match statement:
            case If(test=test, body=body, orelse=orelse):
                self._test(test, scope)
                after = self._block(body, scope)
                return _either(after, self._block(orelse, scope))
            case While(test=test, body=body):
                looped = replace(_with(scope, *_assigned(body)), loop=True)
                self._test(test, looped)
                self._block(body, looped)
                return replace(looped, loop=scope.loop)
            case For(target=target, items=items, body=body):
                self._expr(items, scope)
                self._target(statement.span, target)
                looped = replace(_with(scope, *bound_names(target), *_assigned(body)), loop=True)
                self._block(body, looped)
                return replace(looped, loop=scope.loop)
            case Try():
                return self._try(statement, scope)
            case _:
                assert_never(statement)

    def _try(self, statement: Try, scope: _Scope) -> _Scope:
        if not statement.handlers and not statement.final:
            self._add(statement.span, "`try` has neither handlers nor a final block")
        after = self._block(statement.body, scope)
        ends = [self._block(statement.orelse, after)]
        ends += [self._handler(handler, _either(scope, after)) for handler in statement.handlers]
        joined = scope
        for end in ends:
            joined = _either(joined, end)
        return self._block(statement.final, joined)

    def _handler(self, handler: Handler, scope: _Scope) -> _Scope:
        if not handler.errors:
            self._add(handler.span, "a handler names no error")
        caught = replace(_with(scope, handler.variable), handlers=scope.handlers | {handler.variable})
        return replace(self._block(handler.body, caught), handlers=scope.handlers)

    # --- steps --------------------------------------------------------------------------------------------------

    def _step_id(self, step: Step) -> None:
        if not step.id or step.id in self._ids:
            self._add(step.span, f"step id {step.id!r} is {'used twice' if step.id else 'empty'}")
        self._ids.add(step.id)

    def _step(self, step: Statement, scope: _Scope) -> None:
        program = self._program
        match step:
            case CallTask(task=name):
                self._call(step.span, "task", name, program.tasks.get(name), step.arguments, scope)
            case CallPrompt(prompt=name):
                self._call(step.span, "prompt", name, program.prompts.get(name), step.arguments, scope)
            case CallFlow(flow=name):
                self._call(step.span, "flow", name, program.flows.get(name), step.arguments, scope)
            case Sample():
                pass
            case Sleep(seconds=seconds):
                self._expr(seconds, scope)
            case Approval():
                if step.form is not None and step.form not in program.models:
                    self._add(step.span, f"model {step.form!r} is not there")
                self._some((step.message, step.show, step.to, step.timeout, step.default), scope)
            case WaitFor():
                self._some((step.event, step.key, step.timeout), scope)
            case Emit():
                self._some((step.event, step.payload, step.key), scope)
            case Parallel(branches=branches) | Race(branches=branches):
                for branch in branches:
                    self._branch(branch, scope)
            case Map():
                self._map(step, scope)
            case _:
                raise TypeError(f"no step: {step!r}")

    def _call(
        self,
        span: Span,
        noun: str,
        name: str,
        callee: _Callee | None,
        arguments: tuple[Argument, ...],
        scope: _Scope,
    ) -> None:
        self._some((argument.value for argument in arguments), scope)
        if callee is None:
            self._add(span, f"{noun} {name!r} is not there")
            return
        given = [argument.name for argument in arguments]
        known = {parameter.name: parameter for parameter in callee.parameters}
        for parameter in sorted(set(given)):
            if parameter not in known:
                self._add(span, f"{noun} {name!r} has no parameter {parameter!r}")
            elif given.count(parameter) > 1:
                self._add(span, f"{noun} {name!r} is given {parameter!r} twice")
        missing = [p.name for p in callee.parameters if p.required and p.name not in given]
        if missing:
            self._add(span, f"{noun} {name!r} is not given {', '.join(missing)}")

    def _branch(self, branch: Branch, scope: _Scope) -> None:
        self._expr(branch.result, self._block(branch.body, _inside(scope)))

    def _map(self, step: Map, scope: _Scope) -> None:
        self._expr(step.items, scope)
        self._target(step.span, step.over)
        if step.limit is not None and step.limit < 1:
            self._add(step.span, f"the limit is {step.limit}: at least 1 is needed")
        inner = _with(_inside(scope), *bound_names(step.over))
        if step.condition is not None:
            self._test(step.condition, inner)
        self._expr(step.result, self._block(step.body, inner))

    # --- expressions --------------------------------------------------------------------------------------------

    def _some(self, exprs: Iterable[Expr | None], scope: _Scope) -> None:
        for expr in exprs:
            if expr is not None:
                self._expr(expr, scope)

    def _expr(self, expr: Expr, scope: _Scope) -> None:
        for name in sorted(free_names(expr) - scope.bound):
            self._add(expr.span, f"variable {name!r} is read before it is assigned")
        for span, problem in expression_problems(expr, self._program):
            self._add(span, problem)

    def _test(self, expr: Expr, scope: _Scope) -> None:
        self._expr(expr, scope)
        if not is_boolean(expr.type):
            self._add(expr.span, "a test is not boolean")

    def _target(self, span: Span, target: Target) -> None:
        for problem in target_problems(target):
            self._add(span, problem)


def _with(scope: _Scope, *names: str) -> _Scope:
    return replace(scope, bound=scope.bound.union(names))


def _either(one: _Scope, other: _Scope) -> _Scope:
    return replace(one, bound=one.bound | other.bound)


def _inside(scope: _Scope) -> _Scope:
    """The scope of a map's body or a branch."""
    return replace(scope, loop=False, inner=True, handlers=frozenset())


def _assigned(block: Block) -> Iterator[str]:
    """The variables that `block` binds in its own scope."""
    for statement in block:
        match statement:
            case Assign(variable=variable):
                yield variable
            case If(body=body, orelse=orelse):
                yield from (*_assigned(body), *_assigned(orelse))
            case While(body=body):
                yield from _assigned(body)
            case For(target=target, body=body):
                yield from (*bound_names(target), *_assigned(body))
            case Try():
                parts = (statement.body, *(h.body for h in statement.handlers), statement.orelse, statement.final)
                yield from (name for part in parts for name in _assigned(part))
            case Step(target=str() as target_name):
                yield target_name
            case _:
                continue
