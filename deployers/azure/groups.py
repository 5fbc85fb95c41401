"""The resource group that an app in an environment has to itself, and the stack in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skyloom.deployers.azure import deployments
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployments import Ended, Told, Unmanaged
from skyloom.deployers.azure.kinds import APP_TAG, ENVIRONMENT_TAG, name_of, named, type_of
from skyloom.deployers.azure.refusals import status
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed, Event
from skyloom.deployers.pausing import pauses
from skyloom.flows.outcome import Json


@dataclass(frozen=True, slots=True)
class Left:
    """A resource in the group, in a stack or not. `tags` are its own."""

    id: str
    type: str
    tags: Mapping[str, str] = field(default_factory=dict)


class Group:
    """A resource group: `<app>-<environment>`."""

    def __init__(self, azure: Azure, app: str, environment: str) -> None:
        self._azure = azure
        self.name = f"{app}-{environment}"
        self.tags = {APP_TAG: app, ENVIRONMENT_TAG: environment}

    def exists(self) -> bool:
        """Whether it is there.

        Raises:
            DeployFailed: it is, and is not Skyloom's.
        """
        try:
            found = self._azure.resources.resource_groups.get(self.name)
        except self._azure.refused as error:
            if status(error) == 404:
                return False
            raise
        if (found.tags or {}).get(APP_TAG) != self.tags[APP_TAG]:
            raise DeployFailed(f"there is a resource group {self.name}, and Skyloom did not make it")
        return True

    def ensure(self) -> Iterator[Event]:
        """Makes it where it is not there."""
        if self.exists():
            return
        body: Any = {"location": self._azure.region, "tags": self.tags}
        yield Changed(action="create", kind="resource group", name=self.name, state="started")
        self._azure.resources.resource_groups.create_or_update(self.name, body)
        yield Changed(action="create", kind="resource group", name=self.name, state="done")

    def resources(self) -> list[Left]:
        """Everything in it that is in no other resource."""
        try:
            found = list(self._azure.resources.resources.list_by_resource_group(self.name))
        except self._azure.refused as error:
            if status(error) == 404:
                return []
            raise
        return [Left(str(one.id), str(one.type), one.tags or {}) for one in found]

    def delete_stack(self, unmanaged: Unmanaged = "delete", *, undoing: bool = False) -> Generator[Event, None, Ended]:
        """Deletes the stack; its resources go with it, or stay. `state` of what it gives is None where it is gone."""
        state = deployments.find(self._azure, self.name)
        if state is None:
            return Ended(None)
        names = {id_.lower(): named(type_of(id_), name_of(id_), None) for id_ in state.managed}
        names |= {one.id.lower(): named(one.type, name_of(one.id), {"tags": one.tags}) for one in self.resources()}
        told = Told(names, {id_.lower(): "delete" for id_ in state.managed}, undoing)
        deployments.begin_deleting(self._azure, self.name, unmanaged)
        return (yield from self._gone(told, unmanaged))

    def _gone(self, told: Told, unmanaged: Unmanaged) -> Generator[Event, None, Ended]:
        """Tells what goes until the stack is gone."""
        for _ in pauses():
            state = deployments.find(self._azure, self.name)
            there = {one.lower() for one in state.managed} if state is not None else set()
            if unmanaged == "delete":
                for id_ in told.actions:
                    if id_ not in there:
                        yield from told.tell(id_, "done")
            if state is None:
                return Ended(None)
            if not state.is_busy:
                return Ended(state, (state.reason or state.status,))
        raise AssertionError("pauses never ends")

    def delete(self, id_: str, template: Mapping[str, Json]) -> None:
        """Deletes a resource that is in no stack; one that is gone is no error."""
        type_ = type_of(id_).lower()
        versions = (one["apiVersion"] for one in template.get("resources", []) if one["type"].lower() == type_)
        version = next(versions, None) or self._version(type_)
        try:
            self._azure.resources.resources.begin_delete_by_id(id_, api_version=version).result()
        except self._azure.refused as error:
            if status(error) != 404:
                raise

    def _version(self, type_: str) -> str:
        """The newest version of a type's API that is no preview."""
        namespace, _, name = type_.partition("/")
        for known in self._azure.resources.providers.get(namespace).resource_types or []:
            if str(known.resource_type).lower() == name:
                found = [version for version in known.api_versions or [] if "preview" not in version]
                return max(found or known.api_versions or [""])
        raise DeployFailed(f"Azure knows no {type_}")

    def delete_if_empty(self) -> Iterator[Event]:
        """Deletes the group, unless something is in it: somebody else's, or what was kept."""
        if self.exists() and not [one for one in self.resources() if not _comes_by_itself(one)]:
            yield Changed(action="delete", kind="resource group", name=self.name, state="started")
            self._azure.resources.resource_groups.begin_delete(self.name).result()
            yield Changed(action="delete", kind="resource group", name=self.name, state="done")


def _comes_by_itself(one: Left) -> bool:
    """Whether Azure has made it beside Application Insights; nobody asked for it, and it says nothing without that.

    https://learn.microsoft.com/azure/azure-monitor/alerts/proactive-failure-diagnostics
    """
    match one.type.lower():
        case "microsoft.insights/actiongroups":
            return name_of(one.id).lower() == "application insights smart detection"
        case "microsoft.alertsmanagement/smartdetectoralertrules":
            return name_of(one.id).lower().startswith("failure anomalies")
        case _:
            return False
