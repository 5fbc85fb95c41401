"""Runs: orchestrations of the deployed app."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from skyloom.deployers.azure import deployments, errors, operating
from skyloom.deployers.azure.client import PLACE, Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.history import StepBoard
from skyloom.deployers.azure.instances import Instances
from skyloom.deployers.azure.moments import seconds
from skyloom.deployers.base import CloudRun, CloudStep, RunStatus
from skyloom.deployers.pausing import pauses
from skyloom.deployers.run_ids import SEARCHED, no_flow, not_now, only_one
from skyloom.deployers.services.schema import Misfit, fitted_arguments
from skyloom.errors import Diagnostic, EngineError, InvalidInput, UserError
from skyloom.flows.outcome import Json

STATUS: Mapping[str, RunStatus] = {
    "Pending": "running",
    "Running": "running",
    "Suspended": "running",
    "ContinuedAsNew": "running",
    "Completed": "done",
    "Failed": "failed",
    "Canceled": "cancelled",
    "Terminated": "cancelled",
}
_DAY = 24 * 3600.0
_SPANS = (_DAY, 30 * _DAY, None)
"""Seconds in which the newest runs are looked for, one span after the other; None: without an end."""
_APPEARS_WITHIN = 30.0
"""Seconds in which an orchestration that was started has a status."""


def is_run(instance: Mapping[str, Any]) -> bool:
    """Whether an orchestration is a run, and not one that belongs to a run: those have its id with a colon behind."""
    return ":" not in str(instance["instanceId"])


class Executions:
    """The runs of a deployed app."""

    def __init__(self, azure: Azure, deployed: Deployed, group: str, app: str) -> None:
        self._azure, self._deployed, self._group, self._app = azure, deployed, group, app
        self._instances = Instances(azure, deployed)

    # --- one run ---

    def start(self, flow: str, arguments: Mapping[str, Json], run: str | None = None) -> CloudRun:
        """Starts a run of the flow.

        Raises:
            InvalidInput: SKY610, the arguments do not fit the flow.
            UserError: SKY651, there is no such flow; SKY646, there is a run of that name.
        """
        if flow not in self._deployed.flows:
            raise no_flow(flow, self._deployed.flows, app=self._app, place=PLACE)
        if run is not None and self._instances.get(run) is not None:
            raise self._taken(run)
        # A start that was not answered is asked for again: with a name it is the same one.
        name = run or str(uuid.uuid4())
        question = {"action": "start", "flow": flow, "arguments": self._canonical(flow, arguments), "run": name}
        try:
            id_ = str(operating.ask(self._azure, self._deployed, question)["run"])
        except operating.Refused as refused:
            if refused.status == 409 and run is not None:
                raise self._taken(run) from None
            raise InvalidInput(Diagnostic("SKY610", refused.problem, PLACE)) from None
        return self._begun(id_)

    def _begun(self, id_: str) -> CloudRun:
        """The run that was started, as soon as it is known."""
        end = time.monotonic() + _APPEARS_WITHIN
        for _ in pauses():
            found = self._instances.get(id_)
            if found is not None:
                return self._run(found)
            if time.monotonic() > end:
                raise EngineError(f"run {id_} was started, and Durable Functions does not know it")
        raise AssertionError("pauses never ends")

    @staticmethod
    def _taken(run: str) -> UserError:
        return UserError(Diagnostic("SKY646", f"there is a run {run} already", PLACE, hint="choose another --run"))

    def _canonical(self, flow: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """The arguments as the orchestrator takes them: it checks nothing itself."""
        template = deployments.template_of(self._azure, self._group)
        text = (template.get("metadata") or {}).get("inputs", {}).get(flow)
        if text is None:
            return dict(arguments)
        schema = json.loads(text)
        try:
            fitted: dict[str, Json] = fitted_arguments(dict(arguments), schema)
        except Misfit as misfit:
            hint = f"`{flow}` takes {', '.join(schema.get('properties', {})) or 'no input'}"
            raise InvalidInput(
                *(Diagnostic("SKY610", f"input {path} {text}", PLACE, hint=hint) for path, text in misfit.problems)
            ) from None
        return fitted

    def run(self, run_id: str) -> CloudRun:
        """The run of that id, or the only one whose id begins so. Raises UserError (SKY646)."""
        found = self._instances.get(run_id)
        if found is not None and is_run(found):
            return self._run(found)
        return self.again(only_one(run_id, self.runs(SEARCHED), app=self._app, place=PLACE, target="azure"))

    def again(self, run: CloudRun) -> CloudRun:
        """The run as it is now."""
        return self._run(self._known(run))

    def _known(self, run: CloudRun, *, history: bool = False) -> Mapping[str, Any]:
        found = self._instances.get(run.id, history=history)
        if found is None:
            raise EngineError(f"run {run.id} is no longer known to Durable Functions")
        return found

    def _run(self, found: Mapping[str, Any]) -> CloudRun:
        status = STATUS[found["runtimeStatus"]]
        return CloudRun(
            id=found["instanceId"],
            flow=self._flow(found["name"]),
            app=self._app,
            status=status,
            started=seconds(found["createdTime"]),
            ended=None if status == "running" else seconds(found["lastUpdatedTime"]),
            input=_input(found.get("input")),
            result=_parsed(found.get("output")) if status == "done" else None,
            error=errors.decode(found.get("output")) if status == "failed" else None,
            handle=found["instanceId"],
            url=self._azure.console(self._deployed.main.id),
        )

    def _flow(self, function: str) -> str:
        """The flow that an orchestrator carries out; Azure does not keep the case of its name."""
        of = {name.lower(): flow for flow, name in self._deployed.flows.items()}
        return of.get(function.lower(), function)

    # --- many runs ---

    def runs(self, limit: int) -> list[CloudRun]:
        """The newest runs of all flows, newest first."""
        return [self._run(found) for found in self._newest(limit)]

    def of(self, flow: str, limit: int) -> Iterator[CloudRun]:
        """The newest runs of one flow."""
        function = self._deployed.flows[flow].lower()
        found = (one for one in self._all if one["name"].lower() == function)
        for one, _ in zip(found, range(limit), strict=False):
            yield self._run(one)

    @cached_property
    def _all(self) -> list[Mapping[str, Any]]:
        """The newest runs of all flows, asked for once."""
        return self._newest(SEARCHED)

    def _newest(self, limit: int) -> list[Mapping[str, Any]]:
        """The newest orchestrations that are runs. A list has no order: so each span is read whole, shorter ones
        first."""
        found: list[Mapping[str, Any]] = []
        for span in _SPANS:
            rows = self._instances.listed() if span is None else self._instances.since(time.time() - span)
            found = sorted(filter(is_run, rows), key=lambda one: str(one["createdTime"]), reverse=True)
            if len(found) >= limit:
                break
        return [{**one, "output": None} if STATUS[one["runtimeStatus"]] == "done" else one for one in found[:limit]]

    # --- steps ---

    def steps(self, run: CloudRun) -> Sequence[CloudStep]:
        """What the run did, in the order in which it began."""
        board = StepBoard()
        board.update(self._known(run, history=True).get("historyEvents") or [])
        return board.steps

    def follow(self, run: CloudRun) -> Iterator[CloudStep | CloudRun]:
        """Steps as they begin and end; at the end the run."""
        if run.status != "running":
            yield run
            return
        board = StepBoard()
        for _ in pauses():
            found = self._known(run, history=True)
            yield from board.update(found.get("historyEvents") or [])
            now = self._run(found)
            if now.status != "running":
                yield now
                return

    # --- stopping and going on ---

    def cancel(self, run: CloudRun) -> None:
        """Stops a run where it stands, and the orchestrations that belong to it: stopping does not reach those."""
        if run.status != "running" or not self._instances.terminate(run.id):
            raise not_now(run, "is not running", PLACE, "`skyloom runs list --target azure` shows which are")
        for one in self._instances.listed(instanceIdPrefix=f"{run.id}:", runtimeStatus="Running,Pending,Suspended"):
            self._instances.terminate(one["instanceId"])

    def resume(self, run: CloudRun) -> CloudRun:
        """Durable Functions does not go on with an orchestration that has ended on this backend: rewinding is one of
        Azure Storage alone. Raises UserError (SKY646).

        https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-instance-management#rewind-instances-preview
        """
        if run.status in ("running", "done"):
            raise not_now(run, f"is {run.status}; only a run that has stopped can be resumed", PLACE)
        hint = f"start it anew: skyloom invoke azure {self._app}:{run.flow} --input '{json.dumps(run.input)}'"
        raise not_now(run, "cannot be resumed: it has ended, and the task scheduler does not rewind", PLACE, hint)


def _input(value: Any) -> Any:
    """What a run was given: an object, however often it was made JSON text on its way."""
    parsed = _parsed(value)
    return parsed if parsed == value or not isinstance(parsed, str) else _input(parsed)


def _parsed(value: Any) -> Any:
    """A value of an orchestration: JSON text, so that nothing on its way reads it anew."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
