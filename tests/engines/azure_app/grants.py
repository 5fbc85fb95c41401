"""Who may do what: the role assignments of an app's template, as far as the services of `places` are concerned.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.azure.resources import words

Json = Any

APP, EVENT_GRID = "app-main", "event-grid"
"""How the names of identities end: that of the main app, and that with which events are delivered."""
CONTAINER = "Microsoft.Storage/storageAccounts/blobServices/containers"
QUEUE = "Microsoft.ServiceBus/namespaces/queues"
TOPIC = "Microsoft.EventGrid/topics"
KEY, SECRET = "Microsoft.KeyVault/vaults/keys", "Microsoft.KeyVault/vaults/secrets"
MAIL = "Microsoft.Communication/communicationServices"


@dataclass(frozen=True)
class Grant:
    """An identity has a role at a resource; `name` is empty where a template's variable holds it."""

    identity: str
    role: str
    type: str
    name: str


class Grants:
    """The grants of a template."""

    def __init__(self, resources: Iterable[Mapping[str, Json]]) -> None:
        kind = "Microsoft.Authorization/roleAssignments"
        self._grants = {_grant(one) for one in resources if one["type"] == kind}

    def may(self, role: words.Role, type_: str, name: str = "", identity: str = APP) -> bool:
        """Whether an identity has the role at that resource."""
        return any(
            one.identity.endswith(f"-{identity}") and (one.role, one.type, one.name) == (role.id, type_, name)
            for one in self._grants
        )


def _grant(assignment: Mapping[str, Json]) -> Grant:
    told = assignment["properties"]
    type_, *names = re.findall(r"'([^']*)'|variables\('\w+'\)", assignment["scope"])
    identity = re.findall(r"userAssignedIdentities', '([^']+)'", told["principalId"])[0]
    return Grant(identity, re.findall(r"'([^']*)'", told["roleDefinitionId"])[-1], type_, names[-1] if names else "")
