"""The deployer of Google Cloud: what each command of an operator means there. The work is done in the modules it
names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from skyloom.deployers.base import CloudApproval, CloudRun, CloudStep, Compiled, FlowStatus, LogLine, Status, Version
from skyloom.deployers.bundle import SHOWN_DIGITS, Bundle
from skyloom.deployers.events import Event
from skyloom.deployers.gcp import deployments, logs, sending
from skyloom.deployers.gcp.client import Google, translated
from skyloom.deployers.gcp.decisions import Decisions
from skyloom.deployers.gcp.deployed import Deployed
from skyloom.deployers.gcp.deploying import TARGET, Deployment, Wanted
from skyloom.deployers.gcp.executions import Executions
from skyloom.deployers.gcp.removing import Removal, Remover
from skyloom.deployers.gcp.settling import Settling
from skyloom.deployers.plan import Plan
from skyloom.flows.app import App, Environment
from skyloom.flows.outcome import Json

_COUNTED = 100
"""How many of a flow's newest runs `status` counts."""


class GcpDeployer:
    """One app in one environment of Google Cloud. The project is the environment's, or the caller's own."""

    target = TARGET
    resumes = False

    def __init__(self, app: str, environment: str, settings: Environment) -> None:
        self._app, self._environment, self._settings = app, environment, settings

    def compile(self, app: App) -> Compiled:
        from skyloom.deployers.gcp.compiling import compile_app

        return compile_app(app, self._environment)

    # --- changing what is deployed ---

    def repair(self) -> Iterator[Event]:
        with translated():
            yield from Settling(self._google, self._deployment.id, self._deployment.artifacts).settle()

    def plan(self, bundle: Bundle) -> Plan:
        with translated():
            return self._deployment.plan(Wanted.of(bundle))

    def plan_rollback(self, version: str | None) -> Plan:
        with translated():
            return self._deployment.plan(self._deployment.earlier(version))

    def removal(self, *, delete_data: bool) -> Plan:
        with translated():
            return self._remover.plan(delete_data=delete_data)

    def apply(self, plan: Plan) -> Iterator[Event]:
        with translated():
            match plan.handle:
                case Wanted() as wanted:
                    yield from self._deployment.apply(plan, wanted)
                case Removal() as removal:
                    yield from self._remover.apply(removal)
                case _:
                    raise AssertionError("the plan is another deployer's")

    def discard(self, plan: Plan) -> None:
        """Nothing is left of a plan: its preview is deleted as soon as it is read."""

    # --- operating it ---

    def status(self) -> Status:
        with translated():
            state, releases = self._deployed.state, self._deployment.releases.all()
            return Status(
                app=self._app,
                environment=self._environment,
                target=TARGET,
                place=self._google.place,
                state=state.words,
                ok=state.is_well,
                version=state.digest[:SHOWN_DIGITS],
                changed=state.changed,
                flows=tuple(self._flows()),
                outputs=self._deployed.shown,
                versions=tuple(
                    Version(version=release.version, deployed=release.deployed, current=release.digest == state.digest)
                    for release in releases
                ),
                problem="" if state.is_well or state.is_busy else state.reason,
            )

    def _flows(self) -> Iterator[FlowStatus]:
        for workflow in self._deployed.workflows.values():
            counts = Counter(run.status for run in self._executions.of(workflow, _COUNTED))
            yield FlowStatus(flow=workflow.flow, id=workflow.path, runs=counts)

    def start(self, flow: str, arguments: Mapping[str, Json], run: str | None = None) -> CloudRun:
        with translated():
            return self._executions.start(flow, arguments, run)

    def run(self, run_id: str) -> CloudRun:
        with translated():
            return self._executions.run(run_id)

    def runs(self, limit: int) -> Sequence[CloudRun]:
        with translated():
            return self._executions.runs(limit)

    def steps(self, run: CloudRun) -> Sequence[CloudStep]:
        with translated():
            return self._executions.steps(run)

    def follow(self, run: CloudRun) -> Iterator[CloudStep | CloudRun]:
        with translated():
            yield from self._executions.follow(run)

    def cancel(self, run: CloudRun) -> None:
        with translated():
            self._executions.cancel(run)

    def resume(self, run: CloudRun) -> CloudRun:
        with translated():
            return self._executions.resume(run)

    def logs(self, run: CloudRun | None, since: float) -> Sequence[LogLine]:
        with translated():
            return logs.lines(self._google, self._deployed.logs, None if run is None else run.id, since)

    def send(self, event: str, payload: Json, *, key: str | None, run: str | None) -> str:
        with translated():
            detail = {"payload": payload, "key": key, "run": run}
            return sending.send(self._google, self._deployed, self._app, event, detail)

    def approvals(self) -> Sequence[CloudApproval]:
        with translated():
            return self._decisions.open()

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        with translated():
            return self._decisions.decide(approval_id, approved=approved, comment=comment, by=by, form=form)

    # --- made when they are first needed ---

    @cached_property
    def _google(self) -> Google:
        return Google(self._settings.region, self._settings.account)

    @cached_property
    def _deployment(self) -> Deployment:
        return Deployment(self._google, self._app, self._environment)

    @cached_property
    def _remover(self) -> Remover:
        return Remover(self._google, self._app, self._environment, self._deployment)

    @cached_property
    def _deployed(self) -> Deployed:
        """The deployment that is there. Raises UserError (SKY643) where there is none."""
        state = deployments.find(self._google, self._deployment.id)
        if state is None:
            raise self._deployment.absent()
        return Deployed(self._google, state)

    @cached_property
    def _executions(self) -> Executions:
        return Executions(self._google, self._deployed, self._app)

    @cached_property
    def _decisions(self) -> Decisions:
        return Decisions(self._google, self._deployed.bucket)
