"""Deployment stacks in resource groups: made, changed, deleted, with what they manage.

Not here: deny settings, stacks of subscriptions and management groups, parameters from vaults, what-if of stacks.
https://learn.microsoft.com/rest/api/resources/deployment-stacks
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.azure_account.answers import AzureError
from engines.azure_account.deployments import Deployments, Troubles, moment
from engines.azure_account.expressions import Json
from engines.azure_account.names import SUBSCRIPTION
from engines.azure_account.resources import Resources, type_of
from engines.azure_account.templates import Template

_UNDELETABLE = {
    "microsoft.keyvault/vaults/keys",
    "microsoft.storage/storageaccounts/blobservices",
    "microsoft.web/sites/basicpublishingcredentialspolicies",
}
"""Types without a call that deletes them: they go with what they lie in."""
_BUSY = ("creating", "deploying", "deletingResources", "deleting")


@dataclass
class Stack:
    """A stack."""

    id: str
    tags: Mapping[str, str]
    asked: Mapping[str, Any]
    state: str = "creating"
    deployment: str = ""
    outputs: Json = None
    error: Json = None
    managed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    detached: list[str] = field(default_factory=list)
    failed: list[dict[str, Json]] = field(default_factory=list)
    changed: str = field(default_factory=moment)

    def to_json(self) -> dict[str, Json]:
        kept = ("actionOnUnmanage", "denySettings", "description", "parameters")
        properties: dict[str, Json] = {name: self.asked[name] for name in kept if name in self.asked}
        properties |= {
            "provisioningState": self.state,
            "resources": [{"id": id_, "status": "managed", "denyStatus": "none"} for id_ in self.managed],
            "deletedResources": [{"id": id_} for id_ in self.deleted],
            "detachedResources": [{"id": id_} for id_ in self.detached],
            "failedResources": self.failed,
        }
        if self.deployment:
            properties["deploymentId"] = self.deployment
        if self.outputs is not None:
            properties["outputs"] = self.outputs
        if self.error is not None:
            properties["error"] = self.error
        about = {"createdAt": self.changed, "lastModifiedAt": self.changed, "lastModifiedBy": "tests"}
        name = self.id.rpartition("/")[2]
        return {
            "id": self.id, "name": name, "type": "Microsoft.Resources/deploymentStacks", "tags": dict(self.tags),
            "systemData": about, "properties": properties,
        }  # fmt: skip


class Stacks:
    """The stacks of all groups."""

    def __init__(self, resources: Resources, deployments: Deployments, troubles: Troubles) -> None:
        self._resources, self._deployments, self._troubles = resources, deployments, troubles
        self._there: dict[tuple[str, str], Stack] = {}
        self.pause = 0.0
        self._threads: list[threading.Thread] = []

    def get(self, group: str, name: str) -> Stack:
        found = self._there.get((group.lower(), name.lower()))
        if found is None:
            raise AzureError(404, "DeploymentStackNotFound", f"The deployment stack '{name}' could not be found.")
        return found

    def all(self) -> list[str]:
        return [stack.id for stack in self._there.values()]

    def of_group(self, group: str) -> list[Stack]:
        return [stack for (of, _), stack in self._there.items() if of == group.lower()]

    def put(self, group: str, name: str, body: Mapping[str, Any]) -> Stack:
        """Begins to make or change a stack."""
        asked = body["properties"]
        for part in ("actionOnUnmanage", "denySettings"):
            if part not in asked:
                raise AzureError(400, "InvalidRequestContent", f"'{part}' is required")
        template = self._deployments.template(group, asked)
        self._deployments.validate(template)
        known = self._there.get((group.lower(), name.lower()))
        if known is not None and known.state in _BUSY:
            message = f"The deployment stack '{name}' is in a non-terminal state '{known.state}'."
            raise AzureError(409, "DeploymentStackInNonTerminalState", message)
        root = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Resources/deploymentStacks"
        stack = Stack(f"{root}/{name}", body.get("tags") or {}, asked)
        if known is not None:
            stack.managed, stack.outputs = list(known.managed), known.outputs
        self._there[group.lower(), name.lower()] = stack
        self._begin(lambda: self._carry_out(group, stack, template))
        return stack

    def _begin(self, work: Any) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def settle(self) -> None:
        """Waits until nothing is under way."""
        for thread in self._threads:
            thread.join(60)
        self._threads.clear()

    def _carry_out(self, group: str, stack: Stack, template: Template) -> None:
        stack.state = "deploying"
        deployed = self._deployments.begun(group, template)
        stack.deployment = deployed.id
        self._deployments.carry_out(deployed, self.pause)
        stack.changed = moment()
        made = [one.id for one in deployed.operations if one.state == "Succeeded"]
        if deployed.error is not None:
            stack.failed = [{"id": one.id, "error": one.error} for one in deployed.failed]
            stack.managed = list(dict.fromkeys([*stack.managed, *made]))
            told = f"One or more resources could not be deployed. Correlation id: '{deployed.id}'."
            details = [deployed.error]
            stack.error = {"code": "DeploymentStackDeploymentFailed", "message": told, "details": details}
            # No page says that it has any then: a deployment that failed has none.
            stack.outputs = None
            stack.state = "failed"
            return
        wanted = {id_.lower() for id_ in made}
        gone = [id_ for id_ in stack.managed if id_.lower() not in wanted]
        stack.outputs = deployed.outputs
        stack.managed = [*made, *gone]
        if stack.asked["actionOnUnmanage"]["resources"] == "delete":
            stack.state = "deletingResources"
            self._delete(stack, gone, stack.asked["actionOnUnmanage"].get("resourcesWithoutDeleteSupport", "fail"))
        else:
            stack.detached = gone
        stack.managed = [id_ for id_ in stack.managed if id_ not in stack.deleted and id_ not in stack.detached]
        stack.state = "failed" if stack.failed else "succeeded"

    def _delete(self, stack: Stack, ids: list[str], undeletable: str) -> None:
        for id_ in sorted(ids, key=len, reverse=True):
            try:
                if type_of(id_).lower() in _UNDELETABLE:
                    if undeletable != "detach":
                        raise AzureError(405, "DeleteNotSupported", f"{id_} does not support deletion")
                    stack.detached.append(id_)
                    stack.managed = [one for one in stack.managed if one != id_]
                    continue
                self._troubles.meet(f"delete {id_}")
                self._resources.delete(id_)
                stack.deleted.append(id_)
                stack.managed = [one for one in stack.managed if one != id_]
            except AzureError as error:
                stack.failed.append({"id": id_, "error": error.to_json()})
                behind = [error.to_json()]
                stack.error = {"code": "DeploymentStackDeleteResourcesFailed", "message": "", "details": behind}

    def delete(self, group: str, name: str, unmanaged: str, undeletable: str) -> Stack:
        """Begins to delete a stack."""
        stack = self.get(group, name)
        if stack.state in _BUSY:
            message = f"The deployment stack '{name}' is in a non-terminal state '{stack.state}'."
            raise AzureError(409, "DeploymentStackInNonTerminalState", message)
        stack.state, stack.failed, stack.deleted = "deleting", [], []
        self._begin(lambda: self._remove(group, name, stack, unmanaged, undeletable))
        return stack

    def _remove(self, group: str, name: str, stack: Stack, unmanaged: str, undeletable: str) -> None:
        self._troubles.meet("delete stack")
        if unmanaged == "delete":
            stack.state = "deletingResources"
            self._delete(stack, list(stack.managed), undeletable)
        if stack.failed:
            stack.state = "failed"
        else:
            self._there.pop((group.lower(), name.lower()), None)

    def forget(self, group: str | None = None) -> None:
        """Forgets stacks; what they manage stays."""
        for key in [key for key in self._there if group is None or key[0] == group.lower()]:
            del self._there[key]
