"""The deployer of Google Cloud: what each command of an operator means there. The work is done in the modules it
names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property

from skyloom.deployers.base import Compiled, LogLine
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.cloud_deployer import COUNTED, CloudDeployer, FlowRuns, Standing
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
from skyloom.deployers.releases import Release
from skyloom.flows.app import App
from skyloom.flows.outcome import Json


class GcpDeployer(CloudDeployer[Wanted, Removal]):
    """One app in one environment of Google Cloud. The project is the environment's, or the caller's own."""

    target = TARGET
    resumes = False
    _wanted_type, _removal_type = Wanted, Removal

    def compile(self, app: App) -> Compiled:
        from skyloom.deployers.gcp.compiling import compile_app

        return compile_app(app, self._environment)

    def discard(self, plan: Plan) -> None:
        """Nothing is left of a plan: its preview is deleted as soon as it is read."""

    def _translated(self) -> AbstractContextManager[None]:
        return translated()

    def _wanted(self, bundle: Bundle) -> Wanted:
        return Wanted.of(bundle)

    def _settle(self) -> Iterator[Event]:
        yield from Settling(self._google, self._deployment.id, self._deployment.artifacts).settle()

    def _standing(self) -> Standing:
        state = self._deployed.state
        return Standing(
            words=state.words,
            is_well=state.is_well,
            is_busy=state.is_busy,
            digest=state.digest,
            reason=state.reason,
            changed=state.changed,
            outputs=self._deployed.shown,
        )

    def _releases(self) -> Sequence[Release]:
        return self._deployment.releases.all()

    def _flows(self) -> Iterator[FlowRuns]:
        for workflow in self._deployed.workflows.values():
            yield FlowRuns(workflow.flow, workflow.path, self._executions.of(workflow, COUNTED))

    def _lines(self, run: str | None, since: float) -> Sequence[LogLine]:
        return logs.lines(self._google, self._deployed.logs, run, since)

    def _sent(self, event: str, detail: Mapping[str, Json]) -> str:
        return sending.send(self._google, self._deployed, self._app, event, detail)

    # --- made when they are first needed ---

    @property
    def _place(self) -> str:
        return self._google.place

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
            raise self._deployment.planning.absent()
        return Deployed(self._google, state)

    @cached_property
    def _executions(self) -> Executions:
        return Executions(self._google, self._deployed, self._app)

    @cached_property
    def _decisions(self) -> Decisions:
        return Decisions(self._google, self._deployed.bucket)
