"""Runs a program, statement by statement. Knows the meaning of the IR and nothing of Prefect.

Pure expressions are compiled once, by the reference emitter, into Python code objects. Steps go to an `Engine`; their
outcomes go to a `Journal` before the run goes on, so that a run that died is resumed by running it again: whatever is
recorded is taken from the journal, errors that were caught included.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from skyloom.errors import FlowTimedOut, TaskFailed
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import FlowDefinition, Program
from skyloom.flows.outcome import ErrorValue, Json, Raised
from skyloom.flows.runner.engine import Engine, Place
from skyloom.flows.runner.events import RunEvent, ignore
from skyloom.flows.runner.journal import Journal
from skyloom.flows.runner.ordered import first_to_end, run_in_order
from skyloom.flows.runner.scopes import Scope, Values, bind
from skyloom.flows.runner.steps import Steps
from skyloom.flows.shortened import shortened
from skyloom.flows.values import check_json


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


class Interpreter:
    """Runs one program once."""

    def __init__(
        self, program: Program, run_id: str, journal: Journal, observe: Callable[[RunEvent], None] = ignore
    ) -> None:
        self.program = program
        self.run_id = run_id
        self.observe = observe
        self._values = Values()
        self._steps = Steps(program, run_id, journal, observe, self._values, self._flow)

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
                scope.variables[statement.variable] = self._values.of(statement.value, scope)
            case ir.SetItem() | ir.Append() | ir.Extend():
                self._mutate(statement, scope)
            case ir.If():
                taken = statement.body if self._values.of(statement.test, scope) else statement.orelse
                return await self._block(taken, scope)
            case ir.While() | ir.For():
                return await self._loop(statement, scope)
            case ir.Break():
                return _BREAK
            case ir.Continue():
                return _CONTINUE
            case ir.Return():
                return Returned(self._values.of(statement.value, scope))
            case ir.Raise():
                raise Raised(ErrorValue(statement.error, statement.bases, self._values.of(statement.message, scope)))
            case ir.Reraise():
                raise Raised(ErrorValue.from_json(scope.variables[statement.variable]))
            case ir.Try():
                return await self._try(statement, scope)
            case ir.Parallel() | ir.Race() | ir.Map():
                await self._fan_out(statement, scope)
            case _:
                result = await self._steps.run(statement, scope)
                if statement.target is not None:
                    scope.variables[statement.target] = result
        return None

    def _mutate(self, statement: ir.SetItem | ir.Append | ir.Extend, scope: Scope) -> None:
        # Python evaluates the value of `a[i] = v` first, and the arguments of `a[i].append(v)` last.
        setting = isinstance(statement, ir.SetItem)
        value = self._values.of(statement.value, scope) if setting else None
        try:
            container = scope.variables[statement.variable]
            keys = [self._values.of(key.index, scope) for key in statement.path]
            for key in keys[:-1] if setting else keys:
                container = container[key]
            match statement:
                case ir.SetItem():
                    container[keys[-1]] = value
                case ir.Append():
                    container.append(self._values.of(statement.value, scope))
                case ir.Extend():
                    container.extend(self._values.of(statement.value, scope))
        except (LookupError, ArithmeticError, ValueError, TypeError) as error:
            raise Raised.of(error) from None

    async def _loop(self, loop: ir.While | ir.For, scope: Scope) -> Ending:
        for number in self._rounds(loop, scope):
            scope.rounds.append(number)
            try:
                ending = await self._block(loop.body, scope)
            finally:
                scope.rounds.pop()
            if isinstance(ending, Returned):
                return ending
            if ending is _BREAK:
                return None
        return None

    def _rounds(self, loop: ir.While | ir.For, scope: Scope) -> Iterator[int]:
        """Goes on to the next round, if there is one: its number, from 0 on."""
        if isinstance(loop, ir.While):
            for number in itertools.count():
                if not self._values.of(loop.test, scope):
                    return
                yield number
            return
        for number, item in enumerate(self._values.of(loop.items, scope)):
            bind(loop.target, item, scope.variables)
            yield number

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
                result = await self._steps.recorded(
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
        return self._values.of(branch.result, inner)

    async def _map(self, statement: ir.Map, path: str, scope: Scope) -> list[Json]:
        items = self._values.of(statement.items, scope)

        async def item(index: int, engine: Engine) -> list[Json]:
            inner = scope.inner(f"{path}[{index}]", engine)
            bind(statement.over, items[index], inner.variables)
            if statement.condition is not None and not self._values.of(statement.condition, inner):
                return []
            await self._block(statement.body, inner)
            return [self._values.of(statement.result, inner)]

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
