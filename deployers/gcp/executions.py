"""Runs: executions of the deployed workflows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skyloom.deployers.base import CloudRun, CloudStep
from skyloom.deployers.gcp import errors
from skyloom.deployers.gcp.client import PLACE, Google, code
from skyloom.deployers.gcp.deployed import Deployed, Workflow
from skyloom.deployers.gcp.history import StepBoard
from skyloom.deployers.gcp.services.workflows import LONGEST_INPUT, STATUS
from skyloom.deployers.pausing import pauses
from skyloom.deployers.run_ids import SEARCHED, no_flow, not_now, only_one
from skyloom.errors import Diagnostic, EngineError, InvalidInput, UserError
from skyloom.flows.outcome import ErrorValue, Json

if TYPE_CHECKING:
    from skyloom.deployers.gcp.client import Execution

_SERVICE = "workflowexecutions"
_PAGE = 100
PARENT = "skyloom-parent"
"""The label of an execution that belongs to a run and is none itself: a branch of a race, a sub-flow with a timeout."""


class Executions:
    """The runs of a deployed app."""

    def __init__(self, google: Google, deployed: Deployed, app: str) -> None:
        self._google, self._deployed, self._app = google, deployed, app

    # --- one run ---

    def start(self, flow: str, arguments: Mapping[str, Json], run: str | None = None) -> CloudRun:
        """Starts a run of the flow. Google Cloud gives it its id.

        Raises:
            UserError: SKY646, a name was asked for; SKY651, there is no such flow.
        """
        if run is not None:
            message = f"a run on Google Cloud cannot be called {run}: Workflows gives runs their ids"
            raise UserError(Diagnostic("SKY646", message, PLACE, hint="leave out --run"))
        workflow = self._workflow(flow)
        argument = json.dumps(arguments, ensure_ascii=False)
        size = len(argument.encode())
        if size > LONGEST_INPUT:
            message = f"the input is {size:,} bytes, and a run of Workflows starts with {LONGEST_INPUT:,} at most"
            hint = "put it into a bucket, and start the run with its name"
            raise InvalidInput(Diagnostic("SKY611", message, PLACE, hint=hint))
        made = self._google.executions.create_execution(
            request={"parent": workflow.path, "execution": {"argument": argument}}
        )
        made.argument = argument
        return self._run(flow, made)

    def run(self, run_id: str) -> CloudRun:
        """The run of that id, or the only one whose id begins so. Raises UserError (SKY646)."""
        if re.fullmatch(r"[0-9a-f-]{36}", run_id):
            for workflow in self._deployed.workflows.values():
                found = self._described(workflow, workflow.execution(run_id))
                if found is not None:
                    return found
        return self.again(only_one(run_id, self.runs(SEARCHED), app=self._app, place=PLACE, target="gcp"))

    def again(self, run: CloudRun) -> CloudRun:
        """The run as it is now."""
        found = self._described(self._workflow(run.flow), run.handle)
        if found is None:
            raise EngineError(f"run {run.id} is no longer known to Workflows")
        return found

    def _described(self, workflow: Workflow, execution: str) -> CloudRun | None:
        try:
            found = self._google.executions.get_execution(request={"name": execution, "view": "FULL"})
        except self._google.refused as error:
            if code(error) == 404:
                return None
            raise
        return self._run(workflow.flow, found)

    def _run(self, flow: str, found: Execution) -> CloudRun:
        name = found.name.rpartition("/")[2]
        return CloudRun(
            id=name,
            flow=flow,
            app=self._app,
            status=STATUS[found.state.name],
            started=found.start_time.timestamp(),
            ended=found.end_time.timestamp() if found.end_time else None,
            input=_parsed(found.argument),
            result=_parsed(found.result),
            error=_error(found),
            handle=found.name,
            url=self._url(found.name),
        )

    # --- many runs ---

    def runs(self, limit: int) -> list[CloudRun]:
        """The newest runs of all flows, newest first."""
        found = [run for workflow in self._deployed.workflows.values() for run in self.of(workflow, limit)]
        return sorted(found, key=lambda run: run.started, reverse=True)[:limit]

    def of(self, workflow: Workflow, limit: int) -> Iterator[CloudRun]:
        """The newest runs of one flow."""
        runs = (row for row in self._listed(workflow, page_size=min(limit, _PAGE)) if PARENT not in row.labels)
        for row, _ in zip(runs, range(limit), strict=False):
            yield self._run(workflow.flow, row)

    def _listed(self, workflow: Workflow, **asked: str | int) -> Iterable[Execution]:
        return self._google.executions.list_executions(request={"parent": workflow.path, **asked})

    # --- steps ---

    def steps(self, run: CloudRun) -> Sequence[CloudStep]:
        """What the run did, in the order in which it began."""
        board = StepBoard()
        for entry in self._entries(run):
            board.apply(entry)
        return board.steps

    def follow(self, run: CloudRun) -> Iterator[CloudStep | CloudRun]:
        """Steps as they begin and end; at the end the run."""
        if run.status != "running":
            yield run
            return
        board = StepBoard()
        for _ in pauses():
            now = self.again(run)
            for entry in self._entries(run):
                changed = board.apply(entry)
                if changed is not None:
                    yield changed
            if now.status != "running":
                yield now
                return

    def _entries(self, run: CloudRun) -> Iterator[Mapping[str, Any]]:
        return self._google.pages(_SERVICE, f"v1/{run.handle}/stepEntries", "stepEntries", {"pageSize": 1000})

    # --- stopping and going on ---

    def cancel(self, run: CloudRun) -> None:
        """Stops a run where it stands, and the executions that belong to it."""
        if run.status != "running":
            raise not_now(run, "is not running", PLACE)
        self._stop(run.handle)
        open_, seen = [run.id], {run.id}
        while open_:
            theirs = f'labels.{PARENT}="{open_.pop()}" AND state="ACTIVE"'
            for workflow in self._deployed.workflows.values():
                for row in self._listed(workflow, filter=theirs):
                    id_ = row.name.rpartition("/")[2]
                    if id_ not in seen:
                        seen.add(id_)
                        open_.append(id_)
                        self._stop(row.name)

    def _stop(self, execution: str) -> None:
        try:
            self._google.executions.cancel_execution(name=execution)
        except self._google.refused as error:
            # It has ended in the meantime.
            if code(error) != 400:
                raise

    def resume(self, run: CloudRun) -> CloudRun:
        """Workflows has no way to go on with an execution that has ended. Raises UserError (SKY646)."""
        if run.status in ("running", "done"):
            raise not_now(run, f"is {run.status}; only a run that has stopped can be resumed", PLACE)
        hint = f"start it anew: skyloom invoke gcp {self._app}:{run.flow} --input '{json.dumps(run.input)}'"
        message = f"run {run.id} cannot be resumed: Workflows does not go on with an execution that has ended"
        raise UserError(Diagnostic("SKY646", message, PLACE, hint=hint))

    # --- helpers ---

    def _workflow(self, flow: str) -> Workflow:
        workflows = self._deployed.workflows
        if flow not in workflows:
            raise no_flow(flow, workflows, app=self._app, place=PLACE)
        return workflows[flow]

    def _url(self, name: str) -> str:
        _, _, _, region, _, workflow, _, execution = name.split("/")
        return self._google.console(f"workflows/workflow/{region}/{workflow}/execution/{execution}/summary")


def _error(found: Execution) -> ErrorValue | None:
    match found.state.name:
        case "FAILED" if "error" in found:
            return errors.decode(found.error.payload)
        case "UNAVAILABLE":
            return errors.decode(found.state_error.details or "the execution cannot be read")
        case _:
            return None


def _parsed(text: str) -> Json:
    """A value that may be missing."""
    return json.loads(text) if text else None
