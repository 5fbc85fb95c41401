"""Steps of a run: carried out by an engine, recorded before the run goes on, and found when it is resumed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import assert_never

from skyloom.errors import TaskFailed
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition
from skyloom.flows.outcome import Done, Failed, Json, Raised
from skyloom.flows.runner.engine import ApprovalRequest, Engine, EventRequest, Place
from skyloom.flows.runner.events import RunEvent
from skyloom.flows.runner.journal import Journal, StepRecord, check_same, digest
from skyloom.flows.runner.scopes import Scope, Values, Variables
from skyloom.flows.shortened import shortened
from skyloom.flows.values import NotOfType, check_json
from skyloom.flows.whole_numbers import whole

Callee = TaskDefinition | PromptDefinition | FlowDefinition
RunFlow = Callable[[str, dict[str, Json], str, Engine], Awaitable[Json]]
"""Runs a flow by its name, with arguments, below a path, on an engine."""


class Steps:
    """Carries out the steps of one run."""

    def __init__(
        self,
        program: Program,
        run_id: str,
        journal: Journal,
        observe: Callable[[RunEvent], None],
        values: Values,
        run_flow: RunFlow,
    ) -> None:
        self._program = program
        self._run_id = run_id
        self._journal = journal
        self._observe = observe
        self._values = values
        self._run_flow = run_flow

    async def run(
        self,
        step: ir.CallTask | ir.CallPrompt | ir.CallFlow | ir.Sample | ir.Sleep | ir.Approval | ir.WaitFor | ir.Emit,
        scope: Scope,
    ) -> Json:
        """The step's result. Raises Raised."""
        place = Place(self._run_id, scope.path_of(step.id), step.id, step.span)
        engine = scope.engine
        match step:
            case ir.CallTask() | ir.CallPrompt() | ir.CallFlow():
                return await self._call(step, place, scope)
            case ir.Sample(function=function):
                return await self.recorded(place, step.kind, function, None, lambda: engine.sample(place, function))
            case ir.Sleep():
                seconds = self._values.of(step.seconds, scope)
                return await self.recorded(
                    place, step.kind, "sleep", seconds, lambda: engine.sleep(place, max(0.0, float(seconds)))
                )
            case ir.Approval():
                request = ApprovalRequest(
                    message=self._values.of(step.message, scope),
                    show=_carried(whole(self._values.optional(step.show, scope)), "what an approval shows"),
                    to=self._values.optional(step.to, scope),
                    timeout=self._values.optional(step.timeout, scope),
                    default=self._values.optional(step.default, scope),
                    form=step.form,
                )
                inputs = [request.message, request.show, request.to, request.timeout, request.default]
                return await self.recorded(place, step.kind, step.id, inputs, lambda: engine.approval(place, request))
            case ir.WaitFor():
                event = EventRequest(
                    event=self._values.of(step.event, scope),
                    key=self._values.optional(step.key, scope),
                    timeout=self._values.optional(step.timeout, scope),
                    payload=step.payload,
                )
                inputs = [event.event, event.key, event.timeout]
                return await self.recorded(place, step.kind, event.event, inputs, lambda: engine.wait_for(place, event))
            case ir.Emit():
                name, payload = self._values.of(step.event, scope), whole(self._values.of(step.payload, scope))
                key = self._values.optional(step.key, scope)
                _carried(payload, "the payload of an event")
                return await self.recorded(
                    place, step.kind, name, [name, payload, key], lambda: engine.emit(place, name, payload, key)
                )
            case _:
                assert_never(step)

    async def _call(self, step: ir.CallTask | ir.CallPrompt | ir.CallFlow, place: Place, scope: Scope) -> Json:
        given = {argument.name: self._values.of(argument.value, scope) for argument in step.arguments}
        arguments = self._conformed(self._callee(step), given)
        engine = scope.engine
        match step:
            case ir.CallTask():
                task = self._program.tasks[step.task]
                return await self.recorded(
                    place, step.kind, task.name, arguments, lambda: engine.task(place, task, arguments)
                )
            case ir.CallPrompt():
                prompt = self._program.prompts[step.prompt]
                return await self.recorded(
                    place, step.kind, prompt.name, arguments, lambda: engine.prompt(place, prompt, arguments)
                )
            case ir.CallFlow():
                flow = self._program.flows[step.flow]
                for name, value in arguments.items():
                    # Those of tasks meet JSON anyway.
                    _carried(value, f"{flow.name}: argument {name}")

                async def run(inner: Engine) -> Json:
                    return await self._run_flow(step.flow, arguments, place.path, inner)

                return await self.recorded(
                    place, step.kind, flow.name, arguments, lambda: engine.flow(place, flow, arguments, run)
                )

    def _callee(self, step: ir.CallTask | ir.CallPrompt | ir.CallFlow) -> Callee:
        match step:
            case ir.CallTask():
                return self._program.tasks[step.task]
            case ir.CallPrompt():
                return self._program.prompts[step.prompt]
            case ir.CallFlow():
                return self._program.flows[step.flow]

    def _conformed(self, callee: Callee, arguments: Variables) -> dict[str, Json]:
        """Copies of the arguments, of their parameters' types, in the order of the parameters."""
        result = {}
        for parameter in callee.parameters:
            if parameter.name not in arguments:
                continue
            given = arguments[parameter.name]
            try:
                result[parameter.name] = conformed(given, parameter.type, self._program.models)
            except Mismatch as problem:
                told = f"{callee.name}: argument {parameter.name}: {problem} (got {shortened(given)})"
                raise Raised.of(TaskFailed(told)) from None
        return result

    async def recorded(
        self, place: Place, kind: str, name: str, inputs: Json, carry_out: Callable[[], Awaitable[Json]]
    ) -> Json:
        """The step's outcome: from the journal where it stands there, else by carrying the step out."""
        inputs_digest = digest(inputs)
        recorded = self._journal.find(place.path)
        if recorded is not None:
            check_same(recorded, kind, inputs_digest)
            self._observe(RunEvent("replayed", place, kind, name))
            match recorded.outcome:
                case Done(value=value):
                    return value
                case Failed(error=error):
                    raise Raised(error)
        self._observe(RunEvent("started", place, kind, name))
        started = time.time()

        def record(outcome: Done | Failed) -> None:
            self._journal.record(
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
            self._observe(RunEvent("failed", place, kind, name, str(raised)))
            raise
        record(Done(value))
        self._observe(RunEvent("done", place, kind, name))
        return value


def _carried(value: Json, said: str) -> Json:
    """The value. Raises TaskFailed for one that would lose digits on its way."""
    try:
        check_json(value)
    except NotOfType as problem:
        raise Raised.of(TaskFailed(f"{said}: {problem.with_values()}")) from None
    return value
