"""The deployer of AWS: what each command of an operator means there. The work is done in the modules it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property

from skyloom.deployers.aws import logs, sending, stacks
from skyloom.deployers.aws.client import Aws, translated
from skyloom.deployers.aws.decisions import Decisions
from skyloom.deployers.aws.deployed import Deployed
from skyloom.deployers.aws.deploying import TARGET, Deployment, Wanted, digest_of
from skyloom.deployers.aws.executions import Executions
from skyloom.deployers.aws.releases import releases
from skyloom.deployers.aws.removing import Removal, Remover
from skyloom.deployers.aws.settling import settle
from skyloom.deployers.base import Compiled, LogLine
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.cloud_deployer import COUNTED, CloudDeployer, FlowRuns, Standing
from skyloom.deployers.events import Event
from skyloom.deployers.plan import Plan
from skyloom.deployers.releases import Release
from skyloom.flows.app import App
from skyloom.flows.outcome import Json


class AwsDeployer(CloudDeployer[Wanted, Removal]):
    """One app in one environment of AWS. The account is that of the caller's credentials."""

    target = TARGET
    resumes = True
    _wanted_type, _removal_type = Wanted, Removal

    def compile(self, app: App) -> Compiled:
        from skyloom.deployers.aws.compiling import compile_app

        return compile_app(app, self._environment)

    def discard(self, plan: Plan) -> None:
        with translated():
            if isinstance(plan.handle, Wanted):
                self._deployment.discard(plan.handle)

    def _translated(self) -> AbstractContextManager[None]:
        return translated()

    def _wanted(self, bundle: Bundle) -> Wanted:
        return Wanted.of(bundle)

    def _settle(self) -> Iterator[Event]:
        yield from settle(self._aws, self._deployment.stack)

    def _standing(self) -> Standing:
        state = self._deployed.state
        return Standing(
            words=state.words,
            is_well=state.is_well,
            is_busy=state.is_busy,
            digest=digest_of(self._deployed.template),
            reason=state.reason,
            changed=state.changed,
            outputs=state.outputs,
        )

    def _releases(self) -> Sequence[Release]:
        bucket = self._deployment.artifacts.bucket()
        return [] if bucket is None else releases(self._aws, self._deployment.artifacts, bucket).all()

    def _flows(self) -> Iterator[FlowRuns]:
        for machine in self._deployed.machines.values():
            yield FlowRuns(machine.flow, machine.arn, self._executions.of(machine, COUNTED))

    def _lines(self, run: str | None, since: float) -> Sequence[LogLine]:
        return logs.lines(self._aws, self._deployed.logs, run, since)

    def _sent(self, event: str, detail: Mapping[str, Json]) -> str:
        return sending.send(self._aws, self._deployed, self._app, event, detail)

    # --- made when they are first needed ---

    @property
    def _place(self) -> str:
        return self._aws.place

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
            raise self._deployment.planning.absent()
        return Deployed(self._aws, state)

    @cached_property
    def _executions(self) -> Executions:
        return Executions(self._aws, self._deployed, self._app)

    @cached_property
    def _decisions(self) -> Decisions:
        return Decisions(self._aws, self._deployed.state.outputs)
