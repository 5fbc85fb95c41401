"""Runs: executions of the deployed state machines."""

from __future__ import annotations

import itertools
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skyloom.deployers.aws import errors
from skyloom.deployers.aws.client import PLACE, Aws, code, reason
from skyloom.deployers.aws.deployed import Deployed, Machine
from skyloom.deployers.aws.history import StepBoard
from skyloom.deployers.base import CloudRun, CloudStep, RunStatus
from skyloom.deployers.errors import flow_timed_out
from skyloom.deployers.pausing import pauses
from skyloom.deployers.run_ids import SEARCHED, no_flow, not_now, only_one
from skyloom.deployers.services.schema import Misfit, fitted_arguments
from skyloom.errors import Diagnostic, EngineError, InvalidInput, UserError
from skyloom.flows.outcome import ErrorValue, Json

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        ExecutionListItemTypeDef,
        HistoryEventTypeDef,
    )

_STATUS: Mapping[str, RunStatus] = {
    "RUNNING": "running",
    "PENDING_REDRIVE": "running",
    "SUCCEEDED": "done",
    "FAILED": "failed",
    "TIMED_OUT": "failed",
    "ABORTED": "cancelled",
}
_NO_EXECUTION = ("ExecutionDoesNotExist", "InvalidArn")
_EXPRESS = "StateMachineTypeNotSupported"
"""What is asked of a machine that keeps no record of its executions."""
_LONGEST_NAME = 80
_PART = re.compile(r"[0-9a-f]{64}")
"""What executions of sub-flows are called, parts of the runs that start them: a digest (`machine.calling`)."""
_PAGE = 1000
"""Executions that one call lists at most: ListExecutions gives no more."""


class Executions:
    """The runs of a deployed app."""

    def __init__(self, aws: Aws, deployed: Deployed, app: str) -> None:
        self._aws, self._deployed, self._app = aws, deployed, app

    # --- one run ---

    def start(self, flow: str, arguments: Mapping[str, Json], run: str | None = None) -> CloudRun:
        """Starts a run of the flow. A flow without a record (an Express workflow) is waited for.

        Raises:
            InvalidInput: SKY610, the arguments do not fit the flow.
            UserError: SKY651, there is no such flow; SKY646, there is a run of that name.
        """
        machine = self._machine(flow)
        arguments = _canonical(machine, arguments)
        name = run or f"{flow[: _LONGEST_NAME - 13]}-{secrets.token_hex(6)}"
        body = json.dumps(arguments, ensure_ascii=False)
        if self._aws.states.describe_state_machine(stateMachineArn=machine.arn)["type"] == "EXPRESS":
            return self._run_express(machine, name, body)
        try:
            made = self._aws.states.start_execution(stateMachineArn=machine.arn, name=name, input=body)
        except self._aws.states.exceptions.ExecutionAlreadyExists:
            message = f"there is a run {name} already"
            raise UserError(Diagnostic("SKY646", message, PLACE, hint="choose another --run")) from None
        return CloudRun(
            id=name,
            flow=flow,
            app=self._app,
            status="running",
            started=made["startDate"].timestamp(),
            input=dict(arguments),
            handle=made["executionArn"],
            url=self._url(made["executionArn"]),
        )

    def _run_express(self, machine: Machine, name: str, body: str) -> CloudRun:
        answer = self._aws.states.start_sync_execution(stateMachineArn=machine.arn, name=name, input=body)
        return CloudRun(
            id=name,
            flow=machine.flow,
            app=self._app,
            status=_STATUS[answer["status"]],
            started=answer["startDate"].timestamp(),
            ended=answer["stopDate"].timestamp(),
            input=json.loads(body),
            result=_parsed(answer.get("output")),
            error=_error(machine.flow, answer["status"], answer.get("error"), answer.get("cause")),
            handle=answer["executionArn"],
        )

    def run(self, run_id: str) -> CloudRun:
        """The run of that id, or the only one whose id begins so. Raises UserError (SKY646)."""
        for machine in self._deployed.machines.values():
            found = self._described(machine, machine.execution(run_id))
            if found is not None:
                return found
        return self.again(only_one(run_id, self.runs(SEARCHED), app=self._app, place=PLACE, target="aws"))

    def again(self, run: CloudRun) -> CloudRun:
        """The run as it is now."""
        found = self._described(self._machine(run.flow), run.handle)
        if found is None:
            raise EngineError(f"run {run.id} is no longer known to Step Functions")
        return found

    def _described(self, machine: Machine, arn: str) -> CloudRun | None:
        try:
            answer = self._aws.states.describe_execution(executionArn=arn)
        except self._aws.states.exceptions.ClientError as error:
            if code(error) in (*_NO_EXECUTION, _EXPRESS, "ValidationException"):
                return None
            raise
        return self._run(machine.flow, answer)

    def _run(self, flow: str, answer: DescribeExecutionOutputTypeDef) -> CloudRun:
        ended = answer.get("stopDate")
        return CloudRun(
            id=answer["name"],
            flow=flow,
            app=self._app,
            status=_STATUS[answer["status"]],
            started=answer["startDate"].timestamp(),
            ended=None if ended is None else ended.timestamp(),
            input=_parsed(answer.get("input")),
            result=_parsed(answer.get("output")),
            error=_error(flow, answer["status"], answer.get("error"), answer.get("cause")),
            handle=answer["executionArn"],
            url=self._url(answer["executionArn"]),
        )

    # --- many runs ---

    def runs(self, limit: int) -> list[CloudRun]:
        """The newest runs of all flows, newest first."""
        found = [run for machine in self._deployed.machines.values() for run in self.of(machine, limit)]
        return sorted(found, key=lambda run: run.started, reverse=True)[:limit]

    def of(self, machine: Machine, limit: int) -> Iterator[CloudRun]:
        """The newest runs of one flow, without what is a part of other runs; none of a flow that keeps no record."""
        runs = (found for found in self._listed(machine, max(limit, SEARCHED)) if not _PART.fullmatch(found["name"]))
        for found in itertools.islice(runs, limit):
            ended = found.get("stopDate")
            yield CloudRun(
                id=found["name"],
                flow=machine.flow,
                app=self._app,
                status=_STATUS[found["status"]],
                started=found["startDate"].timestamp(),
                ended=None if ended is None else ended.timestamp(),
                handle=found["executionArn"],
                url=self._url(found["executionArn"]),
            )

    def _listed(self, machine: Machine, most: int) -> Iterator[ExecutionListItemTypeDef]:
        pages = self._aws.states.get_paginator("list_executions").paginate(
            stateMachineArn=machine.arn, PaginationConfig={"MaxItems": most, "PageSize": _PAGE}
        )
        try:
            for page in pages:
                yield from page["executions"]
        except self._aws.states.exceptions.ClientError as error:
            if code(error) != _EXPRESS:
                raise

    # --- steps ---

    def steps(self, run: CloudRun) -> Sequence[CloudStep]:
        """What the run did, in the order in which it began."""
        board = StepBoard()
        for event in self._history(run, seen=0):
            board.apply(event)
        return board.steps

    def follow(self, run: CloudRun) -> Iterator[CloudStep | CloudRun]:
        """Steps as they begin and end; at the end the run."""
        if run.status != "running":
            yield run
            return
        board, seen = StepBoard(), 0
        for _ in pauses():
            now = self.again(run)
            for event in self._history(run, seen=seen):
                seen = event["id"]
                changed = board.apply(event)
                if changed is not None:
                    yield replace(changed)
            if now.status != "running":
                yield now
                return

    def _history(self, run: CloudRun, *, seen: int) -> list[HistoryEventTypeDef]:
        """The events after the one of that number, in order."""
        found: list[HistoryEventTypeDef] = []
        pages = self._aws.states.get_paginator("get_execution_history").paginate(
            executionArn=run.handle, reverseOrder=True, includeExecutionData=True
        )
        for page in pages:
            for event in page["events"]:
                if event["id"] <= seen:
                    return found[::-1]
                found.append(event)
        return found[::-1]

    # --- stopping and going on ---

    def cancel(self, run: CloudRun) -> None:
        """Stops a run where it stands."""
        if run.status != "running":
            raise not_now(run, "is not running", PLACE, "`skyloom runs list --target aws` shows which are")
        self._aws.states.stop_execution(executionArn=run.handle, cause="cancelled")

    def resume(self, run: CloudRun) -> CloudRun:
        """Redrives a run: it goes on at the step that failed."""
        if run.status in ("running", "done"):
            hint = "`skyloom invoke aws` starts a new run"
            raise not_now(run, f"is {run.status}; only a run that has stopped can be resumed", PLACE, hint)
        try:
            self._aws.states.redrive_execution(executionArn=run.handle)
        except self._aws.states.exceptions.ClientError as error:
            if code(error) in ("ExecutionNotRedrivable", "ExecutionLimitExceeded"):
                hint = "AWS resumes for 14 days, and runs of the definition that they began with"
                raise not_now(run, f"cannot be resumed: {reason(error)}", PLACE, hint) from error
            raise
        return self.again(run)

    # --- helpers ---

    def _machine(self, flow: str) -> Machine:
        machines = self._deployed.machines
        if flow not in machines:
            raise no_flow(flow, machines, app=self._app, place=PLACE)
        return machines[flow]

    def _url(self, arn: str) -> str:
        return self._aws.console("states", f"v2/executions/details/{arn}")


def _canonical(machine: Machine, arguments: Mapping[str, Json]) -> Mapping[str, Json]:
    """The arguments as the machine takes them: it checks nothing itself."""
    if machine.schema is None:
        return arguments
    try:
        fitted: dict[str, Json] = fitted_arguments(dict(arguments), machine.schema)
    except Misfit as misfit:
        hint = f"`{machine.flow}` takes {', '.join(machine.schema.get('properties', {})) or 'no input'}"
        raise InvalidInput(
            *(Diagnostic("SKY610", f"input {path} {message}", PLACE, hint=hint) for path, message in misfit.problems)
        ) from None
    return fitted


def _error(flow: str, status: str, error: str | None, cause: str | None) -> ErrorValue | None:
    match status:
        case "TIMED_OUT":
            return flow_timed_out(flow)
        case "FAILED":
            return errors.decode(error, cause)
        case _:
            return None


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)
