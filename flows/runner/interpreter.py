"""Runs a program, statement by statement. Knows the meaning of the IR and nothing of Prefect.

Pure expressions are compiled once, by the reference emitter, into Python code objects. Steps go to an `Engine`; their
outcomes go to a `Journal` before the run goes on, so that a run that died is resumed by running it again: whatever is
recorded is taken from the journal, errors that were caught included.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, assert_never

from skyloom.errors import FlowTimedOut, TaskFailed
from skyloom.flows.expr.nodes import Bind, Expr, Target
from skyloom.flows.expr.python import compile_expr
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition
from skyloom.flows.outcome import Done, ErrorValue, Failed, Json, Raised
from skyloom.flows.runner.engine import ApprovalRequest, Engine, EventRequest, Place
from skyloom.flows.runner.events import RunEvent, ignore
from skyloom.flows.runner.journal import Journal, StepRecord, check_same, digest
from skyloom.flows.runner.ordered import first_to_end, run_in_order
from skyloom.flows.shortened import shortened
from skyloom.flows.values import check_json
from skyloom.flows.whole_numbers import whole

Variables = dict[str, Any]
Callee = TaskDefinition | PromptDefinition | FlowDefinition


@dataclass(frozen=True, slots=True)
class Returned:
    """A block ended by `return`."""

    value: Json


@dataclass(frozen=True, slots=True)
class Left:
    """A block ended by `break` or `continue`."""

    by: str


Ending = Returned | Left | None
"""How a block ended; None: by its last statement."""
_BREAK, _CONTINUE = Left("break"), Left("continue")


@dataclass(slots=True)
class Scope:
    """Where statements run: their variables, the path in front of their steps, the engine that carries these out."""

    variables: Variables
    path: str
    engine: Engine
    file: str
    visits: dict[str, int] = field(default_factory=dict)
    """How often each step of this scope has started."""

    def path_of(self, step: str) -> str:
        """The path of the step that is about to run."""
        visit = self.visits[step] = self.visits.get(step, 0) + 1
        return f"{self.path}/{step}" if visit == 1 else f"{self.path}/{step}#{visit}"

    def inner(self, path: str, engine: Engine | None = None) -> Scope:
        """A scope that sees these variables and assigns its own."""
        return Scope(dict(self.variables), path, engine or self.engine, self.file)


class Interpreter:
    """Runs one program once."""

    def __init__(
        self, program: Program, run_id: str, journal: Journal, observe: Callable[[RunEvent], None] = ignore
    ) -> None:
        self.program = program
        self.run_id = run_id
        self.journal = journal
        self.observe = observe
        self._compiled: dict[int, Callable[[Variables], Any]] = {}

    async def run(self, arguments: dict[str, Json], engine: Engine) -> Json:
        """The flow's result.

        Raises:
            Raised: the flow ended with an error.
        """
        return await self._flow(self.program.main, arguments, self.program.main, engine)

    async def _flow(self, name: str, arguments: dict[str, Json], path: str, engine: Engine) -> Json:
        flow = self.program.flows[name]
        variables = {p.name: arguments.get(p.name, p.default) for p in flow.parameters}
        limit = asyncio.timeout(flow.timeout)
        try:
            async with limit:
                ending = await self._block(flow.body, Scope(variables, path, engine, flow.file))
        except TimeoutError:
            if not limit.expired():
                raise
            raise Raised.of(FlowTimedOut(f"{flow.name} ran longer than {flow.timeout:g} s")) from None
        return self._result(flow, ending.value if isinstance(ending, Returned) else None)

    def _result(self, flow: FlowDefinition, value: Json) -> Json:
        try:
            return conformed(check_json(value), flow.returns, self.program.models)
        except ValueError as problem:
            told = f"{problem} (got {shortened(value)})" if isinstance(problem, Mismatch) else str(problem)
            raise Raised.of(TaskFailed(f"{flow.name} returned a value that is not of its type: {told}")) from None

    # --- statements ---------------------------------------------------------------------------------------------

    async def _block(self, block: ir.Block, scope: Scope) -> Ending:
        for statement in block:
            try:
                ending = await self._statement(statement, scope)
            except Raised as raised:
                if raised.statement is None:
                    raised.statement = f"{scope.file}:{statement.span.line}"
                raise
            if ending is not None:
                return ending
        return None

    async def _statement(self, statement: ir.Statement, scope: Scope) -> Ending:
        match statement:
            case ir.Assign():
                scope.variables[statement.variable] = self._value(statement.value, scope)
            case ir.SetItem() | ir.Append() | ir.Extend():
                self._mutate(statement, scope)
            case ir.If():
                taken = statement.body if self._value(statement.test, scope) else statement.orelse
                return await self._block(taken, scope)
            case ir.While() | ir.For():
                return await self._loop(statement, scope)
            case ir.Break():
                return _BREAK
            case ir.Continue():
                return _CONTINUE
            case ir.Return():
                return Returned(self._value(statement.value, scope))
            case ir.Raise():
                raise Raised(ErrorValue(statement.error, statement.bases, self._value(statement.message, scope)))
            case ir.Reraise():
                raise Raised(ErrorValue.from_json(scope.variables[statement.variable]))
            case ir.Try():
                return await self._try(statement, scope)
            case ir.Parallel() | ir.Race() | ir.Map():
                await self._fan_out(statement, scope)
            case _:
                result = await self._step(statement, scope)
                if statement.target is not None:
                    scope.variables[statement.target] = result
        return None

    def _mutate(self, statement: ir.SetItem | ir.Append | ir.Extend, scope: Scope) -> None:
        # Python evaluates the value of `a[i] = v` first, and the arguments of `a[i].append(v)` last.
        setting = isinstance(statement, ir.SetItem)
        value = self._value(statement.value, scope) if setting else None
        try:
            container = scope.variables[statement.variable]
            keys = [self._value(key.index, scope) for key in statement.path]
            for key in keys[:-1] if setting else keys:
                container = container[key]
            match statement:
                case ir.SetItem():
                    container[keys[-1]] = value
                case ir.Append():
                    container.append(self._value(statement.value, scope))
                case ir.Extend():
                    container.extend(self._value(statement.value, scope))
        except (LookupError, ArithmeticError, ValueError, TypeError) as error:
            raise Raised.of(error) from None

    async def _loop(self, loop: ir.While | ir.For, scope: Scope) -> Ending:
        rounds = iter(self._value(loop.items, scope)) if isinstance(loop, ir.For) else None
        while True:
            if isinstance(loop, ir.While):
                if not self._value(loop.test, scope):
                    return None
            else:
                assert rounds is not None
                try:
                    _bind(loop.target, next(rounds), scope.variables)
                except StopIteration:
                    return None
            ending = await self._block(loop.body, scope)
            if isinstance(ending, Returned):
                return ending
            if ending is _BREAK:
                return None

    async def _try(self, statement: ir.Try, scope: Scope) -> Ending:
        ending: Ending = None
        pending: Raised | None = None
        try:
            ending = await self._guarded(statement, scope)
        except Raised as raised:
            pending = raised
        replaced = await self._block(statement.final, scope)
        if replaced is not None:
            return replaced
        if pending is not None:
            raise pending
        return ending

    async def _guarded(self, statement: ir.Try, scope: Scope) -> Ending:
        try:
            ending = await self._block(statement.body, scope)
        except Raised as raised:
            for handler in statement.handlers:
                if raised.error.is_a(*handler.errors):
                    scope.variables[handler.variable] = raised.error.to_json()
                    return await self._block(handler.body, scope)
            raise
        return ending if ending is not None else await self._block(statement.orelse, scope)

    # --- steps that hold others ---------------------------------------------------------------------------------

    async def _fan_out(self, statement: ir.Parallel | ir.Race | ir.Map, scope: Scope) -> None:
        path = scope.path_of(statement.id)
        match statement:
            case ir.Parallel(branches=branches):
                result: Json = await run_in_order(
                    len(branches), len(branches), lambda index: self._branch(branches[index], f"{path}.{index}", scope)
                )
            case ir.Race(branches=branches):
                result = await self._recorded(
                    Place(self.run_id, path, statement.id, statement.span),
                    "race",
                    statement.id,
                    None,
                    lambda: first_to_end(
                        len(branches), lambda index: self._branch(branches[index], f"{path}.{index}", scope)
                    ),
                )
            case ir.Map():
                result = await self._map(statement, path, scope)
            case _:
                assert_never(statement)
        if statement.target is not None:
            scope.variables[statement.target] = result

    async def _branch(self, branch: ir.Branch, path: str, scope: Scope) -> Json:
        inner = scope.inner(path)
        await self._block(branch.body, inner)
        return self._value(branch.result, inner)

    async def _map(self, statement: ir.Map, path: str, scope: Scope) -> list[Json]:
        items = self._value(statement.items, scope)

        async def item(index: int, engine: Engine) -> list[Json]:
            inner = scope.inner(f"{path}[{index}]", engine)
            _bind(statement.over, items[index], inner.variables)
            if statement.condition is not None and not self._value(statement.condition, inner):
                return []
            await self._block(statement.body, inner)
            return [self._value(statement.result, inner)]

        async def reported(index: int, engine: Engine) -> list[Json]:
            result = await item(index, engine)
            self.observe(RunEvent("done", place, "map_item", statement.id, str(index)))
            return result

        place = Place(self.run_id, path, statement.id, statement.span)
        self.observe(RunEvent("started", place, "map", statement.id, str(len(items))))
        try:
            collected = await scope.engine.map(place, len(items), statement.limit, reported)
        except Raised as raised:
            self.observe(RunEvent("failed", place, "map", statement.id, str(raised)))
            raise
        self.observe(RunEvent("done", place, "map", statement.id))
        return [value for values in collected for value in values]

    # --- steps --------------------------------------------------------------------------------------------------

    async def _step(
        self,
        step: ir.CallTask | ir.CallPrompt | ir.CallFlow | ir.Sample | ir.Sleep | ir.Approval | ir.WaitFor | ir.Emit,
        scope: Scope,
    ) -> Json:
        place = Place(self.run_id, scope.path_of(step.id), step.id, step.span)
        engine = scope.engine
        match step:
            case ir.CallTask() | ir.CallPrompt() | ir.CallFlow():
                return await self._call(step, place, scope)
            case ir.Sample(function=function):
                return await self._recorded(place, step.kind, function, None, lambda: engine.sample(place, function))
            case ir.Sleep():
                seconds = self._value(step.seconds, scope)
                return await self._recorded(
                    place, step.kind, "sleep", seconds, lambda: engine.sleep(place, max(0.0, float(seconds)))
                )
            case ir.Approval():
                request = ApprovalRequest(
                    message=self._value(step.message, scope),
                    show=whole(self._optional(step.show, scope)),
                    to=self._optional(step.to, scope),
                    timeout=self._optional(step.timeout, scope),
                    default=self._optional(step.default, scope),
                    form=step.form,
                )
                inputs = [request.message, request.show, request.to, request.timeout, request.default]
                return await self._recorded(place, step.kind, step.id, inputs, lambda: engine.approval(place, request))
            case ir.WaitFor():
                event = EventRequest(
                    event=self._value(step.event, scope),
                    key=self._optional(step.key, scope),
                    timeout=self._optional(step.timeout, scope),
                    payload=step.payload,
                )
                inputs = [event.event, event.key, event.timeout]
                return await self._recorded(
                    place, step.kind, event.event, inputs, lambda: engine.wait_for(place, event)
                )
            case ir.Emit():
                name, payload = self._value(step.event, scope), whole(self._value(step.payload, scope))
                key = self._optional(step.key, scope)
                return await self._recorded(
                    place, step.kind, name, [name, payload, key], lambda: engine.emit(place, name, payload, key)
                )
            case _:
                assert_never(step)

    async def _call(self, step: ir.CallTask | ir.CallPrompt | ir.CallFlow, place: Place, scope: Scope) -> Json:
        given = {argument.name: self._value(argument.value, scope) for argument in step.arguments}
        arguments = self._conformed(self._callee(step), given)
        engine = scope.engine
        match step:
            case ir.CallTask():
                task = self.program.tasks[step.task]
                return await self._recorded(
                    place, step.kind, task.name, arguments, lambda: engine.task(place, task, arguments)
                )
            case ir.CallPrompt():
                prompt = self.program.prompts[step.prompt]
                return await self._recorded(
                    place, step.kind, prompt.name, arguments, lambda: engine.prompt(place, prompt, arguments)
                )
            case ir.CallFlow():
                flow = self.program.flows[step.flow]

                async def run(inner: Engine) -> Json:
                    return await self._flow(step.flow, arguments, place.path, inner)

                return await self._recorded(
                    place, step.kind, flow.name, arguments, lambda: engine.flow(place, flow, arguments, run)
                )

    def _callee(self, step: ir.CallTask | ir.CallPrompt | ir.CallFlow) -> Callee:
        match step:
            case ir.CallTask():
                return self.program.tasks[step.task]
            case ir.CallPrompt():
                return self.program.prompts[step.prompt]
            case ir.CallFlow():
                return self.program.flows[step.flow]

    def _conformed(self, callee: Callee, arguments: Variables) -> dict[str, Json]:
        """Copies of the arguments, of their parameters' types, in the order of the parameters."""
        result = {}
        for parameter in callee.parameters:
            if parameter.name not in arguments:
                continue
            given = arguments[parameter.name]
            try:
                result[parameter.name] = conformed(given, parameter.type, self.program.models)
            except Mismatch as problem:
                told = f"{callee.name}: argument {parameter.name}: {problem} (got {shortened(given)})"
                raise Raised.of(TaskFailed(told)) from None
        return result

    async def _recorded(
        self, place: Place, kind: str, name: str, inputs: Json, carry_out: Callable[[], Awaitable[Json]]
    ) -> Json:
        """The step's outcome: from the journal where it stands there, else by carrying the step out."""
        inputs_digest = digest(inputs)
        recorded = self.journal.find(place.path)
        if recorded is not None:
            check_same(recorded, kind, inputs_digest)
            self.observe(RunEvent("replayed", place, kind, name))
            match recorded.outcome:
                case Done(value=value):
                    return value
                case Failed(error=error):
                    raise Raised(error)
        self.observe(RunEvent("started", place, kind, name))
        started = time.time()

        def record(outcome: Done | Failed) -> None:
            self.journal.record(
                StepRecord(
                    path=place.path,
                    kind=kind,
                    name=name,
                    inputs=inputs_digest,
                    outcome=outcome,
                    started=started,
                    ended=time.time(),
                    notes=place.notes,
                )
            )

        try:
            value = await carry_out()
        except Raised as raised:
            raised.trail.append(place.path)
            record(Failed(raised.error))
            self.observe(RunEvent("failed", place, kind, name, str(raised)))
            raise
        record(Done(value))
        self.observe(RunEvent("done", place, kind, name))
        return value

    # --- expressions --------------------------------------------------------------------------------------------

    def _value(self, expr: Expr, scope: Scope) -> Any:
        compiled = self._compiled.get(id(expr))
        if compiled is None:
            compiled = self._compiled[id(expr)] = compile_expr(expr)
        try:
            return compiled(scope.variables)
        except (LookupError, ArithmeticError, ValueError, TypeError) as error:
            raise Raised.of(error) from None

    def _optional(self, expr: Expr | None, scope: Scope) -> Any:
        return None if expr is None else self._value(expr, scope)


def _bind(target: Target, value: Any, variables: Variables) -> None:
    if isinstance(target, Bind):
        variables[target.name] = value
        return
    if len(value) != len(target.targets):
        few = len(value) < len(target.targets)
        got = f", got {len(value)}" if few else ""
        raise Raised.of(
            ValueError(
                f"not enough values to unpack (expected {len(target.targets)}{got})"
                if few
                else f"too many values to unpack (expected {len(target.targets)})"
            )
        )
    for inner, element in zip(target.targets, value, strict=True):
        _bind(inner, element, variables)
