"""Runs compiled workflows in this process: the machine of the test account, with tasks carried out by themselves."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import json
import re
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, field
from typing import Any, cast

from conformance.case import Case
from engines.aws.machine.failure import StateFailure
from engines.aws.machine.history import History
from engines.aws.machine.run import Ending, run
from engines.aws.machine.scope import Call, Execution
from engines.aws.machine.tokens import Tokens
from engines.fused import NowhereHost, TasksHere, fused_here

from skyloom.adapters.hosts.fused import carried_out
from skyloom.adapters.hosts.invocation import Failed
from skyloom.adapters.hosts.jobs import ExpressionJob
from skyloom.deployers.aws.workflow import Workflow, WorkflowSettings, compile_workflows
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.services.payloads import fitted_payload
from skyloom.deployers.services.schema import Misfit, fitted
from skyloom.errors import TaskFailed, TaskTimedOut
from skyloom.flows import invoke
from skyloom.flows.definitions import Prompt, Task
from skyloom.flows.expr.python_names import GLOBALS
from skyloom.flows.ir.program import Program, RetryPolicy
from skyloom.flows.outcome import ErrorValue, Raised
from skyloom.flows.prompting import ModelSource, ask
from skyloom.flows.retrying import idempotency_key
from skyloom.flows.runner.launch import prepare
from skyloom.flows.runner.locate import locate
from skyloom.flows.task_context import TaskContext
from skyloom.flows.testing import Answer, Arrival
from skyloom.flows.whole_numbers import as_written

Json = Any

SETTINGS_APP = "tests"


FUSED = "fused"
"""The function of the tasks whose calls may share an invocation."""


def settings_for(program: Program) -> WorkflowSettings:
    """Every task in a function of its own name, but those that may share one; prompts in functions."""
    return WorkflowSettings(
        app=SETTINGS_APP,
        tasks={name: FUSED if task.fuse else name.replace("_", "-") for name, task in program.tasks.items()},
        prompts={name: name.replace("_", "-") for name in program.prompts},
    )


def compiled(program: Program) -> tuple[Workflow, ...]:
    """The machines of a program."""
    return compile_workflows(program, settings_for(program))


@dataclass(slots=True)
class Seen:
    """What came of a run."""

    ending: Ending
    emitted: list[tuple[str, Json]]
    history: list[dict[str, Any]]

    @property
    def transitions(self) -> int:
        """The states that were entered: what Step Functions charges for, apart from retries."""
        return sum(event["type"].endswith("StateEntered") for event in self.history)

    @property
    def error(self) -> tuple[str, str] | None:
        """Class and message of the error."""
        if self.ending.status == "SUCCEEDED":
            return None
        value = decoded(self.ending)
        return value.type, value.message


@dataclass(slots=True)
class Functions:
    """The app's functions, in this process."""

    program: Program
    case: Case
    machines: Mapping[str, Workflow]
    hoisted: Mapping[str, HoistedExpression]
    prompts: Mapping[str, Json] = field(default_factory=dict)
    pace: float = 1.0
    emitted: list[tuple[str, Json]] = field(default_factory=list)
    counter: itertools.count[int] = field(default_factory=itertools.count)
    lock: threading.Lock = field(default_factory=threading.Lock)
    approvals: list[Answer | bool] = field(default_factory=list)
    events: dict[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.approvals = list(self.case.approvals)
        self.events = {name: list(arrivals) for name, arrivals in (self.case.events or {}).items()}

    def call(self, call: Call) -> Json:
        """Carries out one resource."""
        match call.resource:
            case "arn:aws:states:::lambda:invoke":
                return {"StatusCode": 200, "Payload": self._function(call)}
            case "arn:aws:states:::events:putEvents":
                for entry in call.arguments["Entries"]:
                    assert entry["EventBusName"] == "${Bus}" and entry["Source"].startswith("skyloom.")
                    self.emitted.append((entry["DetailType"], entry["Detail"]["payload"]))
                return {"FailedEntryCount": 0, "Entries": []}
            case "arn:aws:states:::states:startExecution.sync:2":
                return self._child(call)
            case other:
                raise StateFailure("States.Runtime", f"no resource {other}")

    # --- functions ----------------------------------------------------------------------------------------------

    def _function(self, call: Call) -> Json:
        payload = as_written(json.loads(json.dumps(call.arguments["Payload"])))
        name = re.fullmatch(r"\$\{Function_(\w+)\}", call.arguments["FunctionName"])
        assert name is not None, call.arguments["FunctionName"]
        match payload:
            case {"fused": _}:
                assert name[1] == FUSED
                return self._host(RetryPolicy(), lambda: self._fused(payload))
            case {"task": task}:
                assert name[1] == (FUSED if self.program.tasks[task].fuse else task)
                policy = self.program.tasks[task].retry
                return self._host(policy, lambda: self._task(task, payload["arguments"], payload["context"]))
            case {"prompt": prompt}:
                definition = self.program.prompts[prompt]
                return self._host(definition.retry, lambda: self._prompt(prompt, payload["arguments"]))
            case {"expression": identifier, "values": values}:
                assert name[1] == "helper"
                return self._host(RetryPolicy(), lambda: self._evaluate(identifier, values))
            case {"kind": kind}:
                assert name[1] == "waits"
                threading.Thread(target=self._answer, args=(call, kind, payload), daemon=True).start()
                return None
        raise AssertionError(payload)

    def _host(self, policy: RetryPolicy, work: Any) -> Json:
        """Errors as the functions' host reports them."""
        try:
            return json.loads(json.dumps(work()))
        except Exception as error:
            value = Raised.of(error).error
            names = [*policy.never, *(name for name in policy.on if name != "Exception")]
            reported = next((name for name in names if value.is_a(name)), value.type)
            cause = {"errorMessage": json.dumps(value.to_json()), "errorType": reported, "stackTrace": []}
            raise StateFailure(reported, json.dumps(cause)) from None

    def _task(self, name: str, arguments: dict[str, Json], context: dict[str, Json]) -> Json:
        definition = self.program.tasks[name]
        task = cast(Task[..., Any], locate(definition))
        attempt = TaskContext(
            run_id=context["run"],
            step=context["step"],
            attempt=context["attempt"],
            idempotency_key=idempotency_key(context["run"], context["step"]),
        )
        with_defaults = {**invoke.default_arguments(task, arguments), **arguments}
        ordered = {p.name: with_defaults[p.name] for p in definition.parameters}
        ordered = invoke.encode_arguments(task, invoke.decode_arguments(task, ordered))
        given = {name: value for name, value in ordered.items() if name in arguments}
        pool = ThreadPoolExecutor(1)
        work = contextvars.copy_context()
        future = pool.submit(work.run, invoke.run_body, task, given, attempt)
        try:
            return future.result(definition.timeout)
        except TookTooLong:
            if future.done():
                raise
            raise TaskTimedOut(f"{name} ran longer than {definition.timeout:g} s") from None
        finally:
            pool.shutdown(wait=False)

    def _fused(self, payload: dict[str, Json]) -> Json:
        made = {one.name: one for machine in self.machines.values() for one in machine.fused}
        kinds = {"fused": fused_here(made.values()), "task": TasksHere(self.program)}
        try:
            return carried_out(payload, NowhereHost(), False, kinds)
        except Failed as failed:
            raise Raised(failed.error) from None

    def _prompt(self, name: str, arguments: dict[str, Json]) -> Json:
        if name in self.prompts:
            return self.prompts[name](**arguments)
        definition = self.program.prompts[name]
        prompt = cast(Prompt[..., Any], locate(definition))
        return asyncio.run(ask(definition, prompt, arguments, ModelSource())).value

    def _evaluate(self, identifier: str, values: dict[str, Json]) -> Json:
        hoisted = self.hoisted[identifier]
        assert sorted(values) == list(hoisted.names)
        parameters = ", ".join(hoisted.names)
        function = eval(f"lambda {parameters}: {hoisted.source}", dict(GLOBALS))
        models = {model.name: model for model in hoisted.models}
        job = ExpressionJob(identifier, function, dict(hoisted.types), models, dict(hoisted.crossings))
        nowhere = TaskContext(run_id="", step="", attempt=1, idempotency_key="")
        return job.run(values, nowhere, {})

    # --- waits --------------------------------------------------------------------------------------------------

    def _answer(self, call: Call, kind: str, payload: dict[str, Json]) -> None:
        assert payload["execution"] and payload["run"] and payload["step"] and payload["flow"]
        outcome = call.execution.tokens.find(payload["token"])
        with self.lock:
            if kind == "approval":
                given = self.approvals.pop(0)
                answer = Answer(approved=given) if isinstance(given, bool) else given
                after = answer.after
                form = answer.answer
                if form is not None:
                    form = fitted(_plain(form), payload["form"])
                result: Json = {
                    "approved": answer.approved, "comment": answer.comment, "by": answer.by, "answer": form
                }  # fmt: skip
            else:
                arrival = self._arrival(payload["event"], payload.get("key"))
                after, result = arrival.after, _plain(arrival.payload)
        if after is None or outcome is None:
            # Nobody answers, or the wait was over at once: it stood beside what has failed.
            return
        threading.Event().wait(after)
        if kind == "event":
            try:
                result = fitted_payload(result, payload["payload"])
            except Misfit:
                text = f"event {payload['event']} brought a payload that is not of its type"
                message = json.dumps(ErrorValue.of(TaskFailed(text)).to_json())
                outcome.fail(
                    StateFailure("TaskFailed", json.dumps({"errorType": "TaskFailed", "errorMessage": message}))
                )
                return
        outcome.succeed(json.loads(json.dumps(result)))

    def _arrival(self, event: str, key: str | None) -> Arrival:
        arrivals = self.events[event]
        for index, given in enumerate(arrivals):
            arrival = given if isinstance(given, Arrival) else Arrival(payload=given, key=key)
            if arrival.key in (key, None):
                del arrivals[index]
                return arrival
        raise AssertionError(f"no event left for {key}")

    # --- executions ---------------------------------------------------------------------------------------------

    def _child(self, call: Call) -> Json:
        name = call.arguments["StateMachineArn"].removeprefix("${Machine_").removesuffix("}")
        execution = self.execution(call.arguments["Input"], call.arguments["Name"])
        ending: list[Ending] = []
        thread = threading.Thread(
            target=lambda: ending.append(run(execution, self.machines[name].definition)), daemon=True
        )
        thread.start()
        while thread.is_alive():
            thread.join(0.01)
            if call.abandoned.set_:
                execution.stop.end()
        ended = ending[0]
        if ended.status == "SUCCEEDED":
            return {"Output": ended.output, "Status": "SUCCEEDED"}
        told = {"Error": ended.error, "Cause": ended.cause}
        cause = {"ExecutionArn": execution.arn, "Status": ended.status, "Input": json.dumps(execution.input)}
        cause |= {key: text for key, text in told.items() if text is not None}
        raise StateFailure("States.TaskFailed", json.dumps(cause))

    def execution(self, given: Json, name: str) -> Execution:
        """A new execution."""
        assert re.fullmatch(r"[\w-]{1,80}", name)
        return Execution(
            arn=f"arn:aws:states:us-east-1:000000000000:execution:m:{name}",
            name=name,
            machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:m",
            machine_name="m",
            role_arn="arn:aws:iam::000000000000:role/r",
            started="2026-11-21T00:00:00.000Z",
            input=given,
            history=History([]),
            services=self,
            tokens=Tokens(),
            pace=self.pace,
            retry_pace=0.01,
        )


def run_case(
    case: Case,
    *,
    pace: float = 0.5,
    prompts: Mapping[str, Json] | None = None,
    machines: Mapping[str, Workflow] | None = None,
) -> Seen:
    """Compiles and runs one case, or runs it on other `machines`."""
    program = case.flow.program
    if machines is None:
        machines = {workflow.flow: workflow for workflow in compiled(program)}
    hoisted = {h.id: h for workflow in machines.values() for h in workflow.hoisted}
    functions = Functions(program, case, machines, hoisted, dict(prompts or {}), pace)
    execution = functions.execution(prepare(case.flow, case.input).arguments, uuid.uuid4().hex)
    ending = run(execution, machines[program.main].definition)
    return Seen(ending, functions.emitted, execution.history.events)


def decoded(ending: Ending) -> ErrorValue:
    """The error of a run that failed."""
    cause = json.loads(ending.cause or "{}")
    return ErrorValue.from_json(json.loads(cause["errorMessage"]) if "errorMessage" in cause else cause)


def _plain(value: Any) -> Json:
    from skyloom.flows import values

    return (
        values.to_json(value, type(value)) if not isinstance(value, dict | list | str | int | float | None) else value
    )
