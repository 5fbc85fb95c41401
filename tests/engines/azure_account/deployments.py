"""Deployments of templates: what they would change, carrying them out, and the record of their operations.

Not here: nested and linked templates, scripts, complete mode, policies, quotas.
https://learn.microsoft.com/rest/api/resources/deployments
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engines.azure_account.answers import AzureError
from engines.azure_account.expressions import Json, Later, TemplateError
from engines.azure_account.names import SUBSCRIPTION, TENANT
from engines.azure_account.resources import Resources, delta
from engines.azure_account.templates import Context, Declared, Template, values

_NOISE = {
    "microsoft.storage/storageaccounts": ("properties.encryption", {"keySource": "Microsoft.Storage"}),
    "microsoft.web/sites": ("properties.siteConfig.localMySqlEnabled", False),
}
"""What Azure fills in, and what-if shows as if a deployment would take it away.
https://github.com/Azure/arm-template-whatif/issues"""


def moment() -> str:
    """Now, as the Resource Manager writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "0Z")


@dataclass
class Trouble:
    """A change that is to fail, or to wait until it is released. `what` is a part of an id or a type."""

    what: str
    message: str = ""
    code: int = 500
    hold: bool = False
    times: int = 1


class Troubles:
    """What is to go wrong."""

    def __init__(self) -> None:
        self._waiting: list[Trouble] = []
        self._released = threading.Condition()

    def add(self, trouble: Trouble) -> None:
        with self._released:
            self._waiting.append(trouble)

    def release(self) -> None:
        with self._released:
            self._waiting.clear()
            self._released.notify_all()

    def waits_for(self, what: str) -> bool:
        """Whether something is asked for that `meet` would do."""
        with self._released:
            return any(one.what.lower() in what.lower() for one in self._waiting)

    def meet(self, what: str) -> None:
        """Fails or waits, where that is asked for. Raises AzureError."""
        with self._released:
            found = next((one for one in self._waiting if one.what.lower() in what.lower()), None)
            if found is None:
                return
            if found.hold:
                self._released.wait_for(lambda: found not in self._waiting, timeout=60)
                return
            found.times -= 1
            if found.times <= 0:
                self._waiting.remove(found)
        raise AzureError(found.code, "InternalServerError", found.message)


@dataclass
class Operation:
    """One resource of a deployment."""

    id: str
    type: str
    state: str = "Running"
    error: Json = None
    began: str = field(default_factory=moment)
    number: str = field(default_factory=lambda: uuid.uuid4().hex[:16].upper())

    def to_json(self, deployment: str) -> dict[str, Json]:
        properties: dict[str, Json] = {
            "provisioningOperation": "Create",
            "provisioningState": self.state,
            "timestamp": self.began,
            "statusCode": {"Succeeded": "OK", "Failed": "Conflict"}.get(self.state, "Created"),
            "targetResource": {
                "id": self.id, "resourceType": self.type, "resourceName": self.id.rpartition("/")[2],
            },
        }  # fmt: skip
        if self.error is not None:
            properties["statusMessage"] = {"status": "Failed", "error": self.error}
        return {"id": f"{deployment}/operations/{self.number}", "operationId": self.number, "properties": properties}


@dataclass
class Deployed:
    """A deployment."""

    id: str
    template: Template
    operations: list[Operation] = field(default_factory=list)
    outputs: Json = None
    error: Json = None

    @property
    def failed(self) -> list[Operation]:
        return [one for one in self.operations if one.state == "Failed"]


class Deployments:
    """Plans and carries out templates."""

    def __init__(self, resources: Resources, troubles: Troubles) -> None:
        self._resources, self._troubles = resources, troubles
        self.done: dict[str, Deployed] = {}
        self._numbers = itertools.count(1)

    def template(self, group: str, properties: Mapping[str, Any]) -> Template:
        """A template with its parameters. Raises AzureError."""
        document = properties.get("template")
        if not isinstance(document, dict):
            raise AzureError(400, "InvalidTemplate", "there is no template")
        location = self._resources.groups[group.lower()]["location"]
        variables = document.get("variables") or {}
        context = Context(SUBSCRIPTION, group, location, TENANT, {}, variables, self._look, self._lists)
        given = {name: one["value"] for name, one in (properties.get("parameters") or {}).items()}
        try:
            context.parameters = values(document, given, context)
            return Template(document, context)
        except TemplateError as error:
            raise AzureError(400, error.code, f"Deployment template validation failed: '{error.message}'.") from None

    def _look(self, id_: str, full: bool) -> Json:
        found = self._resources.get(id_)
        return None if found is None else found.to_json() if full else found.properties

    def _lists(self, function: str, id_: str) -> Json:
        # What is asked for is that of a resource, or of a part of one, such as a Logic App's trigger.
        there = self._resources.get(id_) or self._resources.get(id_.rpartition("/")[0].rpartition("/")[0])
        return {"value": f"https://callback.invalid/{function}"} if there else Later(id_)

    def validate(self, template: Template) -> None:
        """What is found before anything is deployed. Raises AzureError."""
        self._troubles.meet("validate")
        try:
            for one in template.in_order():
                template.body(one)
        except TemplateError as error:
            raise AzureError(400, error.code, f"Deployment template validation failed: '{error.message}'.") from None

    # --- what would change ---

    def changes(self, group: str, template: Template) -> list[dict[str, Json]]:
        """What a template would change in the group."""
        self.validate(template)
        found = [self._change(template, one) for one in template.resources]
        wanted = {one.id.lower() for one in template.resources}
        others = (one for one in self._resources.all(group) if one.id.lower() not in wanted)
        return found + [
            {"resourceId": other.id, "changeType": "Ignore", "before": other.to_json()}
            for other in others
            if other.type.count("/") == 1
        ]

    def _change(self, template: Template, one: Declared) -> dict[str, Json]:
        body, there = template.body(one), self._resources.get(one.id)
        after = {**_known(body), "id": one.id, "type": one.type, "name": one.name}
        if there is None:
            return {"resourceId": one.id, "resourceType": one.type, "changeType": "Create", "after": after}
        found = delta(there.declared, body)
        noise = _NOISE.get(one.type.lower())
        if noise is not None:
            found.append({"path": noise[0], "propertyChangeType": "Delete", "before": noise[1]})
        kind = "Modify" if found else "NoChange"
        whole = {"resourceId": one.id, "resourceType": one.type, "changeType": kind}
        return {**whole, "before": there.to_json(), "after": after, "delta": found}

    # --- carrying out ---

    def begun(self, group: str, template: Template) -> Deployed:
        """A deployment that has done nothing so far."""
        name = f"skyloom-{next(self._numbers):05}"
        root = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Resources/deployments"
        deployed = Deployed(f"{root}/{name}", template)
        self.done[name] = deployed
        return deployed

    def carry_out(self, deployed: Deployed, pause: float = 0.0) -> None:
        """Makes its resources, as far as that goes; `pause` is what each one takes, in seconds."""
        bad: set[str] = set()
        for one in deployed.template.in_order():
            if one.needs & bad:
                bad.add(one.id.lower())
                continue
            operation = Operation(one.id, one.type)
            deployed.operations.append(operation)
            if pause:
                time.sleep(pause)
            try:
                self._troubles.meet(one.id)
                self._resources.put(one.id, deployed.template.body(one))
                operation.state = "Succeeded"
            except TemplateError as error:
                operation.state, operation.error = "Failed", {"code": error.code, "message": error.message}
            except AzureError as error:
                operation.state, operation.error = "Failed", error.to_json()
            if operation.state == "Failed":
                bad.add(one.id.lower())
        if bad:
            told = "At least one resource deployment operation failed. Please list deployment operations for details."
            details = [one.error for one in deployed.failed]
            deployed.error = {"code": "DeploymentFailed", "message": told, "details": details}
            return
        try:
            deployed.outputs = deployed.template.outputs()
        except TemplateError as error:
            deployed.error = {"code": error.code, "message": error.message}


def _known(value: Any) -> Json:
    """A value without what is not known yet: what-if writes the expression there."""
    if isinstance(value, dict):
        return {name: _known(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_known(part) for part in value]
    return f"[reference('{value.of}')]" if isinstance(value, Later) else value
