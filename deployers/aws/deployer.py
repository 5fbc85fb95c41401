"""The deployer of AWS: what each command of an operator means there. The work is done in the modules it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from skyloom.deployers.aws import logs, sending, stacks
from skyloom.deployers.aws.client import Aws, translated
from skyloom.deployers.aws.decisions import Decisions
from skyloom.deployers.aws.deployed import Deployed
from skyloom.deployers.aws.deploying import TARGET, Deployment, Wanted, digest_of
from skyloom.deployers.aws.executions import Executions
from skyloom.deployers.aws.removing import Removal, Remover
from skyloom.deployers.aws.settling import settle
from skyloom.deployers.base import CloudApproval, CloudRun, CloudStep, Compiled, FlowStatus, LogLine, Status, Version
from skyloom.deployers.bundle import SHOWN_DIGITS, Bundle
from skyloom.deployers.events import Event
from skyloom.deployers.plan import Plan
from skyloom.flows.app import App, Environment
from skyloom.flows.outcome import Json

_COUNTED = 100
"""How many of a flow's newest runs `status` counts."""


class AwsDeployer:
    """One app in one environment of AWS. The account is that of the caller's credentials."""

    target = TARGET
    resumes = True

    def __init__(self, app: str, environment: str, settings: Environment) -> None:
        self._app, self._environment, self._settings = app, environment, settings

    def compile(self, app: App) -> Compiled:
        from skyloom.deployers.aws.compiling import compile_app

        return compile_app(app, self._environment)

    # --- changing what is deployed ---

    def repair(self) -> Iterator[Event]:
        with translated():
            yield from settle(self._aws, self._deployment.stack)

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
        with translated():
            if isinstance(plan.handle, Wanted):
                self._deployment.discard(plan.handle)

    # --- operating it ---

    def status(self) -> Status:
        with translated():
            state, template = self._deployed.state, self._deployed.template
            digest = digest_of(template)
            bucket = self._deployment.artifacts.bucket()
            releases = [] if bucket is None else self._deployment.releases.all(bucket)
            return Status(
                app=self._app,
                environment=self._environment,
                target=TARGET,
                place=self._aws.place,
                state=state.words,
                ok=state.is_well,
                version=digest[:SHOWN_DIGITS],
                changed=state.changed,
                flows=tuple(self._flows()),
                outputs=state.outputs,
                versions=tuple(
                    Version(version=release.version, deployed=release.deployed, current=release.digest == digest)
                    for release in releases
                ),
                problem="" if state.is_well or state.is_busy else state.reason,
            )

    def _flows(self) -> Iterator[FlowStatus]:
        for machine in self._deployed.machines.values():
            counts = Counter(run.status for run in self._executions.of(machine, _COUNTED))
            yield FlowStatus(flow=machine.flow, id=machine.arn, runs=counts)

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
            return logs.lines(self._aws, self._deployed.logs, None if run is None else run.id, since)

    def send(self, event: str, payload: Json, *, key: str | None, run: str | None) -> str:
        with translated():
            return sending.send(
                self._aws, self._deployed, self._app, event, {"payload": payload, "key": key, "run": run}
            )

    def approvals(self) -> Sequence[CloudApproval]:
        with translated():
            return self._decisions.open()

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        with translated():
            return self._decisions.decide(approval_id, approved=approved, comment=comment, by=by, form=form)

    # --- made when they are first needed ---

    @cached_property
    def _aws(self) -> Aws:
        return Aws(self._settings.region, self._settings.account)

    @cached_property
    def _deployment(self) -> Deployment:
        return Deployment(self._aws, self._app, self._environment)

    @cached_property
    def _remover(self) -> Remover:
        return Remover(self._aws, self._app, self._environment)

    @cached_property
    def _deployed(self) -> Deployed:
        """The stack that is there. Raises UserError (SKY643) where there is none."""
        state = stacks.find(self._aws, self._deployment.stack)
        if state is None or state.is_absent:
            raise self._deployment.absent()
        return Deployed(self._aws, state)

    @cached_property
    def _executions(self) -> Executions:
        return Executions(self._aws, self._deployed, self._app)

    @cached_property
    def _decisions(self) -> Decisions:
        return Decisions(self._aws, self._deployed.state.outputs)
