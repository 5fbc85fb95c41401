"""Destroys an app: takes what is kept out of its deployment, deletes that and what it was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Event, Finished
from skyloom.deployers.gcp import deployments, statefiles
from skyloom.deployers.gcp.artifacts import Artifacts
from skyloom.deployers.gcp.client import Google, code
from skyloom.deployers.gcp.deploying import Deployment
from skyloom.deployers.gcp.leftovers import BUCKET, Kept, Leftovers
from skyloom.deployers.gcp.naming import named, parsed
from skyloom.deployers.gcp.settling import Settling
from skyloom.deployers.gcp.statefiles import Present
from skyloom.deployers.plan import Action, Change, Plan
from skyloom.flows.outcome import Json

_WORKFLOW = "google_workflows_workflow"


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be deleted: the deployment where there is one, and what earlier ones or this one leave behind."""

    here: bool
    kept: tuple[Kept, ...]
    buckets: tuple[str, ...]
    main: Mapping[str, Json]
    delete_data: bool


class Remover:
    """Deletes all of an app in an environment."""

    def __init__(self, google: Google, app: str, environment: str, deployment: Deployment) -> None:
        self._google, self._app, self._environment = google, app, environment
        self._deployment = deployment
        self._artifacts: Artifacts = deployment.artifacts
        self._settling = Settling(google, deployment.id, self._artifacts)
        self._leftovers = Leftovers(google, app, environment)

    # --- planning ---

    def plan(self, *, delete_data: bool) -> Plan:
        """What would go, and what would stay."""
        state = deployments.find(self._google, self._deployment.id)
        rows = [] if state is None else statefiles.present(self._google, self._deployment.id)
        main = self._main(state.digest) if state is not None else {}
        kept = [_kept(row, main) for row in rows if named(row.address, row.type, main).kept]
        left, unknown = self._leftovers.found()
        here = {(row.type, row.id.rpartition("/")[2]) for row in rows}
        kept += [one for one in left if (one.type, one.short) not in here]
        staying = {one.address for one in kept}
        changes = [_removed(row, main) for row in rows if row.address not in staying]
        changes += [self._fate(one, delete_data=delete_data) for one in kept]
        buckets = tuple(row.id for row in rows if row.type == BUCKET)
        handle = Removal(state is not None, tuple(kept), buckets, main, delete_data)
        return self._deployment.planning.made("", changes, handle, notes=(*self._notes(rows), *unknown))

    def _main(self, digest: str) -> Mapping[str, Json]:
        main = self._artifacts.main_file(digest) if digest else None
        return {} if main is None else parsed(main)

    def _fate(self, one: Kept, *, delete_data: bool) -> Change:
        goes = delete_data and (one.address or self._leftovers.deletes(one.type))
        action: Action = "delete" if goes else "keep"
        return Change(action=action, kind=one.kind, name=one.name, details=(one.id,), holds_data=True)

    def _notes(self, rows: list[Present]) -> tuple[str, ...]:
        running = sum(1 for row in rows if row.type == _WORKFLOW for _ in self._running(row.id))
        return (f"{running} runs are under way and will be stopped",) if running else ()

    def _running(self, workflow: str) -> Iterator[str]:
        """Runs that are under way. Deleting a workflow stops them.
        https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows/delete"""
        try:
            asked = {"parent": workflow, "filter": 'state="ACTIVE"'}
            yield from (row.name for row in self._google.executions.list_executions(request=asked))
        except self._google.refused as error:
            if code(error) != 404:
                raise

    # --- applying ---

    def apply(self, removal: Removal) -> Iterator[Event]:
        """Deletes what the plan says.

        Raises:
            DeployFailed: something cannot be deleted; repeat it when the reason is gone.
        """
        state = yield from self._settling.settle()
        staying = [] if removal.delete_data else [one.address for one in removal.kept if one.address]
        if state is not None:
            if staying:
                there = {row.address for row in statefiles.present(self._google, self._deployment.id)}
                self._settling.forget([address for address in staying if address in there])
            if removal.delete_data:
                for bucket in removal.buckets:
                    yield from self._leftovers.empty(bucket)
            ended = yield from self._deployment.delete([removal.main])
            if ended.state is not None:
                raise DeployFailed(f"{self._deployment.id} cannot be deleted: {'; '.join(ended.reasons)}")
        if removal.delete_data:
            for one in removal.kept:
                if self._leftovers.deletes(one.type):
                    yield from self._leftovers.delete(one)
        yield from self._artifacts.remove()
        kept = () if removal.delete_data else removal.kept
        told = f"kept: {', '.join(f'{one.kind} {one.id}' for one in kept)}" if kept else "everything is deleted"
        yield Finished(text=told)


def _kept(row: Present, main: Mapping[str, Json]) -> Kept:
    it = named(row.address, row.type, main)
    return Kept(row.type, it.kind, it.name, row.id, row.address)


def _removed(row: Present, main: Mapping[str, Json]) -> Change:
    it = named(row.address, row.type, main)
    return Change(action="delete", kind=it.kind, name=it.name, holds_data=it.holds_data)
