"""Destroys an app: its stack with what is in it, its resource group, and what earlier destroys have kept.

What is kept stays in the stack until all else is gone: the stack is changed to a template that has nothing else, and
then deleted without what is in it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from skyloom.deployers.azure import deployments
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deploying import Deployment
from skyloom.deployers.azure.deployments import StackState, Told
from skyloom.deployers.azure.groups import Left
from skyloom.deployers.azure.keeping import keeps, kept_of, reduced
from skyloom.deployers.azure.kinds import APP_TAG, ENVIRONMENT_TAG, KEEP_TAG, Named, name_of, named, type_of
from skyloom.deployers.azure.parameters import parameters
from skyloom.deployers.azure.refusals import reason
from skyloom.deployers.azure.runs_under_way import running
from skyloom.deployers.azure.settling import settle
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed, Event, Finished, Said
from skyloom.deployers.plan import Action, Change, Plan
from skyloom.flows.outcome import Json


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be deleted: the stack where there is one, and what earlier ones or this one leave behind."""

    here: bool
    kept: tuple[Left, ...]
    delete_data: bool


class Remover:
    """Deletes all of an app in an environment."""

    def __init__(self, azure: Azure, deployment: Deployment) -> None:
        self._azure, self._deployment = azure, deployment
        self._group = deployment.group

    # --- planning ---

    def plan(self, *, delete_data: bool) -> Plan:
        """What would go, and what would stay."""
        state = self._deployment.find()
        there = self._ours() if self._group.exists() else []
        managed = {id_.lower() for id_ in state.managed} if state is not None else set()
        stays = state is not None and keeps(deployments.template_of(self._azure, self._group.name))
        kept = [one for one in there if one.id.lower() not in managed or (stays and one.tags.get(KEEP_TAG) == "true")]
        tags = {one.id.lower(): one.tags for one in there}
        changes = [self._fate(one, delete_data=delete_data) for one in kept]
        staying = {one.id.lower() for one in kept}
        for id_ in state.managed if state is not None else ():
            if id_.lower() not in staying and not id_.lower().startswith(tuple(f"{one}/" for one in staying)):
                it = named(type_of(id_), name_of(id_), {"tags": tags.get(id_.lower(), {})})
                changes.append(Change(action="delete", kind=it.kind, name=it.name, holds_data=it.holds_data))
        if state is not None and (delete_data or not kept):
            changes.append(Change(action="delete", kind="resource group", name=self._group.name))
        handle = Removal(state is not None, tuple(kept), delete_data)
        return self._deployment.planning.made("", changes, handle, notes=tuple(self._notes(state)))

    def _ours(self) -> list[Left]:
        """What of the resources in the group is the app's."""
        tags = self._group.tags
        mine = (APP_TAG, ENVIRONMENT_TAG)
        return [one for one in self._group.resources() if all(one.tags.get(name) == tags[name] for name in mine)]

    def _fate(self, one: Left, *, delete_data: bool) -> Change:
        it = _named(one)
        action: Action = "delete" if delete_data else "keep"
        return Change(action=action, kind=it.kind, name=it.name, details=(name_of(one.id),), holds_data=True)

    def _notes(self, state: StackState | None) -> Iterator[str]:
        count = 0 if state is None else running(self._azure, self._deployment.deployed(state))
        if count:
            yield (
                f"{count} runs are under way and will be stopped"
                if count > 1
                else ("1 run is under way and will be stopped")
            )

    # --- applying ---

    def apply(self, removal: Removal) -> Iterator[Event]:
        """Deletes what the plan says.

        Raises:
            DeployFailed: something cannot be deleted; repeat it when the reason is gone.
        """
        state = yield from settle(self._azure, self._group)
        template: Mapping[str, Json] = {}
        if state is not None:
            template = deployments.template_of(self._azure, self._group.name)
            self._forget_releases(state)
            if removal.delete_data or not removal.kept:
                yield from self._delete_stack("delete")
            else:
                yield from self._reduce(state, template)
                yield from self._delete_stack("detach")
        if removal.delete_data:
            yield from self._delete_left(template)
        yield from self._group.delete_if_empty()
        kept = () if removal.delete_data else removal.kept
        names = ", ".join(f"{_named(one).kind} {name_of(one.id)}" for one in kept)
        yield Finished(text=f"kept: {names}" if kept else "everything is deleted")

    def _forget_releases(self, state: StackState) -> None:
        """Deletes what the app was deployed from: what is kept may be in the same storage account."""
        artifacts = self._deployment.deployed(state).artifacts
        if artifacts is None:
            return
        try:
            artifacts.clear()
        except self._azure.refused as error:
            # The account goes anyhow, or its people have taken the right to it away.
            raise DeployFailed(f"the releases of the app cannot be deleted: {reason(error)}") from error

    def _reduce(self, state: StackState, template: Mapping[str, Json]) -> Generator[Event, None, None]:
        """Changes the stack so that nothing is in it but what is kept. Raises DeployFailed."""
        rest = reduced(template, kept_of(template))
        if len(rest["resources"]) == len(template.get("resources", [])):
            return
        yield Said("deleting everything but what is kept")
        change = deployments.Change(
            digest="",
            template=rest,
            parameters=parameters(self._azure, rest, state, self._group),
            tags=self._group.tags,
        )
        names = {one.id.lower(): _named(one) for one in self._group.resources()}
        deployments.begin(self._azure, self._group.name, change)
        ended = yield from deployments.follow(self._azure, self._group.name, Told(names), state.deployment)
        if ended.state is None or not ended.state.is_well:
            raise DeployFailed(f"{self._group.name} cannot be deleted: {'; '.join(ended.reasons)}")

    def _delete_stack(self, unmanaged: deployments.Unmanaged) -> Generator[Event, None, None]:
        ended = yield from self._group.delete_stack(unmanaged)
        if ended.state is not None:
            raise DeployFailed(f"{self._group.name} cannot be deleted: {'; '.join(ended.reasons)}")

    def _delete_left(self, template: Mapping[str, Json]) -> Iterator[Event]:
        """Deletes what earlier destroys have kept."""
        for one in self._ours() if self._group.exists() else ():
            it = _named(one)
            try:
                self._group.delete(one.id, template)
            except self._azure.refused as error:
                raise DeployFailed(f"{it.kind} {name_of(one.id)} cannot be deleted: {reason(error)}") from error
            yield Changed(action="delete", kind=it.kind, name=it.name, state="done")


def _named(one: Left) -> Named:
    return named(one.type, name_of(one.id), {"tags": one.tags})
