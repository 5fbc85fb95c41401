"""A local Azure: one subscription, all its services behind one server by https.

What it is: the Resource Manager with templates, deployments, what-if and deployment stacks; storage accounts with
blobs and roles; function apps that run what is published to them; Log Analytics; tokens. What runs around an app
(its identity, vault, topic, queues) is `engines.azure_app.places`. What each of them leaves out stands in its module.
It was written from Microsoft's documentation and the types of its SDK, and has never been compared with Azure itself.
"""

from __future__ import annotations

import itertools
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engines.azure_account.answers import AzureError, Json
from engines.azure_account.blobs import Blobs
from engines.azure_account.deployments import Deployments, Trouble, Troubles
from engines.azure_account.login import Login
from engines.azure_account.logs import Logs
from engines.azure_account.manager import Manager
from engines.azure_account.messages import Messages
from engines.azure_account.resources import ROLE, Resource, Resources
from engines.azure_account.sites import Sites
from engines.azure_account.stacks import Stacks
from engines.azure_app.places import Places
from engines.gcp_account.front import Front, Request, route

_STORAGE = "microsoft.storage/storageaccounts"
_QUEUE = "microsoft.servicebus/namespaces/queues"
_VAULT = "microsoft.keyvault/vaults"
_SITE = "microsoft.web/sites"
SMART_DETECTION = "Application Insights Smart Detection"
_NO_ACCOUNT = re.compile(r"[^a-z0-9]|^.{0,2}$|^.{25,}$")
_MINUTES = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


class Cloud:
    """The subscription. Everything in it is gone with it."""

    def __init__(self) -> None:
        self._folder, self._identities = tempfile.TemporaryDirectory(), itertools.count(1)
        self.front = Front()
        self.front.listen("apis", tls=True)
        self.places = Places()
        self.resources, self.troubles = Resources(), Troubles()
        self.blobs = Blobs(self.front, self.resources.roles)
        folder = Path(self._folder.name)
        self.sites = Sites(self.front, self.resources, self.troubles, folder, self._app_started)
        trusted = {name: os.environ[name] for name in ("SSL_CERT_FILE",) if name in os.environ}
        self.sites.surroundings = {**self.places.variables, **trusted}
        self.deployments = Deployments(self.resources, self.troubles)
        self.stacks = Stacks(self.resources, self.deployments, self.troubles)
        self.manager = Manager(self.front, self.resources, self.deployments, self.stacks, self.sites)
        self.login = Login(self.front)
        self.logs = Logs(self.front, self.sites)
        self._add_effects()
        self.messages = Messages(self.resources, self.places)
        self.front.add(
            route("GET", "/tests/inventory", lambda _: self.inventory()),
            route("POST", "/tests/trouble", self._trouble),
            route("DELETE", "/tests/trouble", self._release),
            route("POST", "/tests/empty", lambda _: self.empty()),
            route("POST", "/tests/pause", self._pause),
        )

    def close(self) -> None:
        self.sites.close()
        self.places.close()
        self.front.close()
        self._folder.cleanup()

    # --- what resources do ---

    def _add_effects(self) -> None:
        effects, checks = self.resources.effects, self.resources.checks
        effects[_STORAGE] = self._account
        effects[f"{_STORAGE}/blobservices/containers"] = self._container
        effects[_VAULT] = self._vault
        effects["microsoft.operationalinsights/workspaces"] = self._workspace
        effects["microsoft.managedidentity/userassignedidentities"] = self._identity
        effects["microsoft.eventgrid/topics"] = self._filled("endpoint", "https://topic.invalid/api/events")
        effects["microsoft.durabletask/schedulers"] = self._filled("endpoint", "https://scheduler.invalid")
        effects["microsoft.insights/components"] = self._telemetry
        effects["microsoft.keyvault/vaults/keys"] = self._key
        effects["microsoft.communication/communicationservices"] = self._filled("hostName", "mail.invalid")
        effects["microsoft.communication/emailservices/domains"] = self._filled("fromSenderDomain", "mail.invalid")
        effects["microsoft.servicebus/namespaces"] = self._filled("serviceBusEndpoint", "https://bus.invalid:443/")
        checks[_QUEUE] = _check_queue
        checks[_STORAGE] = _check_account
        checks[ROLE] = self._check_role
        checks[_VAULT] = self._check_vault

    def _filled(self, name: str, value: Json) -> Any:
        def fill(one: Resource, there: bool) -> None:
            one.filled = {name: value}

        return fill

    def _account(self, one: Resource, there: bool) -> None:
        if not there:
            self.blobs.close(one.name)
            return
        if not one.filled:
            one.filled = {"primaryEndpoints": {"blob": f"{self.blobs.open(one.name, one.id)}/"}}

    def _container(self, one: Resource, there: bool) -> None:
        account = one.id.split("/")[8]
        if there:
            self.blobs.make(account, one.name)
        else:
            self.blobs.unmake(account, one.name)

    def _vault(self, one: Resource, there: bool) -> None:
        one.filled = {"vaultUri": f"https://{one.name}.invalid/"}
        if there:
            self.manager.vaults.pop(one.name, None)
        else:
            self.manager.vaults[one.name] = one.id

    def _key(self, one: Resource, there: bool) -> None:
        address = f"https://{one.id.split('/')[8]}.invalid/keys/{one.name}"
        one.filled = {"keyUri": address, "keyUriWithVersion": f"{address}/1"}

    def _check_vault(self, id_: str, body: dict[str, Json]) -> None:
        name = id_.rpartition("/")[2]
        recovers = body["properties"].get("createMode") == "recover"
        if name in self.manager.vaults and not recovers:
            message = f"A vault with the same name already exists in deleted state: {name}."
            raise AzureError(409, "ConflictError", message)
        if recovers and name not in self.manager.vaults and self.resources.get(id_) is None:
            raise AzureError(404, "VaultNotFound", f"There is no deleted vault {name}.")

    def _workspace(self, one: Resource, there: bool) -> None:
        one.filled = {"customerId": "55555555-5555-5555-5555-555555555555"}

    def _telemetry(self, one: Resource, there: bool) -> None:
        """Azure makes an action group of its own beside it, which is in no stack."""
        one.filled = {"ConnectionString": "InstrumentationKey=0"}
        if there:
            group = one.id.partition("/providers/")[0]
            self.resources.put(f"{group}/providers/Microsoft.Insights/actionGroups/{SMART_DETECTION}", {"tags": {}})

    def _identity(self, one: Resource, there: bool) -> None:
        """One that is made again under its name is another one, and has none of the roles."""
        if not one.filled:
            number = next(self._identities)
            one.filled = {"principalId": f"principal-{number}", "clientId": f"client-{number}"}

    def _check_role(self, id_: str, body: dict[str, Json]) -> None:
        """A principal has a role on something once, under whatever name; and what has a name keeps its principal.

        https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
        """
        scope, asked = id_.lower().partition("/providers/microsoft.authorization/")[0], body["properties"]
        for one in self.resources.all():
            known = one.properties
            same = all(known.get(part) == asked.get(part) for part in ("principalId", "roleDefinitionId"))
            same &= one.id.lower().partition("/providers/microsoft.authorization/")[0] == scope
            if one.id.lower() == id_.lower() and known.get("principalId") != asked.get("principalId"):
                message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
                raise AzureError(400, "RoleAssignmentUpdateNotPermitted", message)
            if one.type.lower() == ROLE and same and one.id.lower() != id_.lower():
                raise AzureError(409, "RoleAssignmentExists", "The role assignment already exists.")

    def _app_started(self, name: str, address: str) -> None:
        site = next(one for one in self.resources.all() if one.type.lower() == _SITE and one.name == name)
        if site.declared.get("tags", {}).get("skyloom-name") == "main":
            # Queues are emptied by the app that has the flows.
            self.places.bus.host = f"{address}/tests/queues"

    # --- for the tests ---

    def inventory(self) -> Mapping[str, Json]:
        """What is there, by kind; nothing where nothing is."""
        found = {
            "groups": sorted(self.resources.groups),
            "stacks": sorted(self.stacks.all()),
            "resources": sorted(f"{one.type}: {one.name}" for one in self.resources.all()),
        }
        return {kind: names for kind, names in found.items() if names}

    def _trouble(self, request: Request) -> Json:
        self.troubles.add(Trouble(**request.json()))
        return {}

    def _release(self, request: Request) -> Json:
        self.troubles.release()
        return {}

    def _pause(self, request: Request) -> Json:
        self.stacks.pause = float(request.json()["seconds"])
        return {}

    def empty(self) -> Json:
        """Forgets everything."""
        self.troubles.release()
        self.stacks.settle()
        self.stacks.forget()
        self.stacks.pause = 0.0
        self.resources.empty()
        self.manager.vaults.clear()
        self.deployments.done.clear()
        self.places.blobs.blobs.clear()
        return {}


def _check_queue(id_: str, body: dict[str, Json]) -> None:
    """https://learn.microsoft.com/azure/service-bus-messaging/message-transfers-locks-settlement"""
    found = _MINUTES.fullmatch(str((body.get("properties") or {}).get("lockDuration", "PT1M")))
    hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (9, 0, 0)
    if hours * 3600 + minutes * 60 + seconds > 300:
        message = "The value for LockDuration must be between PT5S and PT5M."
        raise AzureError(400, "BadRequest", message)


def _check_account(id_: str, body: dict[str, Json]) -> None:
    name = id_.rpartition("/")[2]
    if _NO_ACCOUNT.search(name):
        raise AzureError(400, "AccountNameInvalid", f"{name} is not a valid storage account name.")
