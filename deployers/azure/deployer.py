"""The deployer of Azure: what each command of an operator means there. The work is done in the modules it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property

from skyloom.deployers.azure import logs, sending
from skyloom.deployers.azure.client import Azure, translated
from skyloom.deployers.azure.decisions import Decisions
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.deploying import TARGET, Deployment
from skyloom.deployers.azure.executions import Executions
from skyloom.deployers.azure.removing import Removal, Remover
from skyloom.deployers.azure.settling import settle
from skyloom.deployers.azure.wanted import Wanted
from skyloom.deployers.base import Compiled, LogLine
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.cloud_deployer import COUNTED, CloudDeployer, FlowRuns, Standing
from skyloom.deployers.events import Event
from skyloom.deployers.plan import Plan
from skyloom.deployers.releases import Release
from skyloom.flows.app import App
from skyloom.flows.outcome import Json


class AzureDeployer(CloudDeployer[Wanted, Removal]):
    """One app in one environment of Azure. The subscription is the environment's, or the caller's own."""

    target = TARGET
    resumes = False
    _wanted_type, _removal_type = Wanted, Removal

    def compile(self, app: App) -> Compiled:
        from skyloom.deployers.azure.compiling import compile_app

        return compile_app(app, self._environment)

    def discard(self, plan: Plan) -> None:
        """Nothing is left of a plan: Azure keeps no record of what it was asked to foresee."""

    def _translated(self) -> AbstractContextManager[None]:
        return translated()

    def _wanted(self, bundle: Bundle) -> Wanted:
        return Wanted.of(bundle)

    def _settle(self) -> Iterator[Event]:
        yield from settle(self._azure, self._deployment.group)

    def _standing(self) -> Standing:
        state, newest = self._deployed.state, self._release
        published = self._deployed.artifacts.published() if self._deployed.artifacts is not None else {}
        whole = newest is not None and set(newest.objects) == set(published.values()) and newest.digest == state.digest
        return Standing(
            words=state.status if whole or not state.is_well else "incomplete",
            is_well=state.is_well and whole,
            is_busy=state.is_busy,
            digest="" if newest is None else newest.digest,
            reason=state.reason or "the last deploy did not come to an end; repeat it",
            changed=state.changed,
            outputs=self._deployed.shown,
        )

    def _releases(self) -> Sequence[Release]:
        found = self._deployment.releases(self._deployed.state)
        return [] if found is None else found.all()

    def _flows(self) -> Iterator[FlowRuns]:
        for flow, function in self._deployed.flows.items():
            yield FlowRuns(flow, function, self._executions.of(flow, COUNTED))

    def _lines(self, run: str | None, since: float) -> Sequence[LogLine]:
        return logs.lines(self._azure, self._deployed, run, since)

    def _sent(self, event: str, detail: Mapping[str, Json]) -> str:
        return sending.send(self._azure, self._deployed, self._app, event, detail)

    # --- made when they are first needed ---

    @property
    def _place(self) -> str:
        return self._azure.place

    @cached_property
    def _azure(self) -> Azure:
        return Azure(self._settings.region, self._settings.account)

    @cached_property
    def _deployment(self) -> Deployment:
        return Deployment(self._azure, self._app, self._environment)

    @cached_property
    def _remover(self) -> Remover:
        return Remover(self._azure, self._deployment)

    @cached_property
    def _deployed(self) -> Deployed:
        """The stack that is there. Raises UserError (SKY643) where there is none."""
        state = self._deployment.find()
        if state is None:
            raise self._deployment.planning.absent()
        return self._deployment.deployed(state)

    @property
    def _release(self) -> Release | None:
        """What was deployed last, and answered."""
        found = self._deployment.releases(self._deployed.state)
        return None if found is None else found.newest()

    @cached_property
    def _executions(self) -> Executions:
        return Executions(self._azure, self._deployed, self._deployment.group.name, self._app)

    @cached_property
    def _decisions(self) -> Decisions:
        return Decisions(self._azure, self._deployed)
