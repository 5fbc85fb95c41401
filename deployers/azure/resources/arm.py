"""The words of ARM templates: resources, names, expressions.

https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
Resources = dict[str, dict[str, Json]]
"""Resources by the expression of their id."""

API = {
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.CognitiveServices/accounts": "2025-09-01",
    "Microsoft.CognitiveServices/accounts/deployments": "2025-09-01",
    "Microsoft.Communication/communicationServices": "2025-09-01",
    "Microsoft.Communication/emailServices": "2025-09-01",
    "Microsoft.Communication/emailServices/domains": "2025-09-01",
    "Microsoft.DurableTask/schedulers": "2026-02-01",
    "Microsoft.DurableTask/schedulers/retentionPolicies": "2026-02-01",
    "Microsoft.DurableTask/schedulers/taskHubs": "2026-02-01",
    "Microsoft.EventGrid/systemTopics": "2025-02-15",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": "2025-02-15",
    "Microsoft.EventGrid/topics": "2025-02-15",
    "Microsoft.EventGrid/topics/eventSubscriptions": "2025-02-15",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.KeyVault/vaults": "2025-05-01",
    "Microsoft.KeyVault/vaults/keys": "2025-05-01",
    "Microsoft.Logic/workflows": "2019-05-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2024-11-30",
    "Microsoft.OperationalInsights/workspaces": "2025-07-01",
    "Microsoft.ServiceBus/namespaces": "2026-01-01",
    "Microsoft.ServiceBus/namespaces/queues": "2026-01-01",
    "Microsoft.Storage/storageAccounts": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2025-06-01",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "2025-06-01",
    "Microsoft.Storage/storageAccounts/managementPolicies": "2025-06-01",
    "Microsoft.Web/serverfarms": "2025-05-01",
    "Microsoft.Web/sites": "2025-05-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "2025-05-01",
}
"""Every type that the template has, and the version of its API that it was written for (tests/gates/arm)."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What ARM evaluates when it deploys: the text that stands between `[` and `]`."""

    text: str


Name = str | Expression
"""Text that is known, or that ARM finds."""


@dataclass(frozen=True, slots=True)
class Address:
    """A resource of the template: its type, and its names from the outermost to its own."""

    type: str
    names: tuple[Name, ...]

    @property
    def id(self) -> Expression:
        """The id of the resource."""
        return call("resourceId", self.type, *self.names)

    @property
    def name(self) -> str:
        """The name as the template writes it, with those of what the resource lies in."""
        parts: list[Name] = []
        for name in self.names:
            parts += ["/", name] if parts else [name]
        return value(joined(*parts))

    def below(self, kind: str, name: Name) -> Address:
        """What lies in the resource."""
        return Address(f"{self.type}/{kind}", (*self.names, name))

    def get(self, path: str) -> Expression:
        """One of the properties that the resource has once it is there, such as `principalId`."""
        return Expression(f"reference({self.id.text}, {literal(API[self.type])}).{path}")


def literal(text: str) -> str:
    """The text as expressions write it."""
    return "'" + text.replace("'", "''") + "'"


def call(function: str, *arguments: Name) -> Expression:
    """A call of one of ARM's functions."""
    return Expression(f"{function}({', '.join(map(_argument, arguments))})")


def _argument(given: Name) -> str:
    return given.text if isinstance(given, Expression) else literal(given)


def joined(*parts: Name) -> Name:
    """The parts as one text."""
    if all(isinstance(part, str) for part in parts):
        return "".join(str(part) for part in parts)
    found = [part for part in parts if isinstance(part, Expression)]
    if len(found) == len(parts) == 1:
        return found[0]
    numbers = iter(range(len(parts)))
    pattern = "".join(
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{next(numbers)}}}"
        for part in parts
    )
    return call("format", pattern, *found)


def value(given: Name) -> str:
    """The text as a property of a resource writes it: what would be taken for an expression is escaped.

    https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions#escape-characters
    """
    if isinstance(given, Expression):
        return f"[{given.text}]"
    return f"[{given}" if given.startswith("[") and given.endswith("]") else given


LOCATION = Expression("parameters('location')")


def without_none(properties: Mapping[str, Json]) -> dict[str, Json]:
    """The properties that are not None."""
    return {name: given for name, given in properties.items() if given is not None}
