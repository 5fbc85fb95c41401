"""What resources of Azure are called for people: a word for each type, and the name that the app gives them.

A name stands in the tag `skyloom-name`; of a role assignment, which has no tags, in its description; of everything else
the last part of its own name is one that people know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from skyloom.flows.outcome import Json

APP_TAG, ENVIRONMENT_TAG, NAME_TAG, KEEP_TAG = "skyloom-app", "skyloom-environment", "skyloom-name", "skyloom-keep"

KINDS: Mapping[str, str] = {
    "microsoft.authorization/roleassignments": "permission",
    "microsoft.cognitiveservices/accounts": "model account",
    "microsoft.cognitiveservices/accounts/deployments": "model",
    "microsoft.communication/communicationservices": "mail service",
    "microsoft.communication/emailservices": "mail service",
    "microsoft.communication/emailservices/domains": "mail domain",
    "microsoft.durabletask/schedulers": "scheduler",
    "microsoft.durabletask/schedulers/retentionpolicies": "retention",
    "microsoft.durabletask/schedulers/taskhubs": "task hub",
    "microsoft.eventgrid/systemtopics": "system topic",
    "microsoft.eventgrid/systemtopics/eventsubscriptions": "subscription",
    "microsoft.eventgrid/topics": "topic",
    "microsoft.eventgrid/topics/eventsubscriptions": "subscription",
    "microsoft.insights/actiongroups": "action group",
    "microsoft.insights/components": "telemetry",
    "microsoft.insights/diagnosticsettings": "log setting",
    "microsoft.insights/metricalerts": "alarm",
    "microsoft.insights/scheduledqueryrules": "alarm",
    "microsoft.keyvault/vaults": "vault",
    "microsoft.keyvault/vaults/keys": "key",
    "microsoft.logic/workflows": "webhook",
    "microsoft.managedidentity/userassignedidentities": "identity",
    "microsoft.operationalinsights/workspaces": "log",
    "microsoft.resources/resourcegroups": "resource group",
    "microsoft.servicebus/namespaces": "service bus",
    "microsoft.servicebus/namespaces/queues": "queue",
    "microsoft.storage/storageaccounts": "storage account",
    "microsoft.storage/storageaccounts/blobservices": "blob service",
    "microsoft.storage/storageaccounts/blobservices/containers": "container",
    "microsoft.storage/storageaccounts/managementpolicies": "lifecycle",
    "microsoft.web/serverfarms": "plan",
    "microsoft.web/sites": "function app",
    "microsoft.web/sites/basicpublishingcredentialspolicies": "publishing policy",
    "microsoft.web/sites/config": "configuration",
}
"""By type, in lower case: Azure writes types in several ways."""

HOLDING = frozenset(
    {
        "microsoft.durabletask/schedulers/taskhubs",
        "microsoft.keyvault/vaults",
        "microsoft.operationalinsights/workspaces",
        "microsoft.servicebus/namespaces/queues",
        "microsoft.storage/storageaccounts",
        "microsoft.storage/storageaccounts/blobservices/containers",
    }
)
"""Types that hold what cannot be made again."""

_ROLE = "microsoft.authorization/roleassignments"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Named:
    """A resource for people. `keep`: it outlives its deployment."""

    kind: str
    name: str
    holds_data: bool = False
    keep: bool = False


def named(type_: str, name: str, resource: Mapping[str, Json] | None) -> Named:
    """What a resource is called.

    Args:
        type_: its type.
        name: its name in Azure; what it is, or the expression that makes it.
        resource: what is known of it, as a template or Azure writes it.
    """
    known = resource or {}
    tags = known.get("tags") or {}
    type_ = type_.lower()
    said = tags.get(NAME_TAG) or _description(type_, known) or _readable(name)
    kind = KINDS.get(type_) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type_.rpartition("/")[2])
    return Named(kind, str(said), type_ in HOLDING, str(tags.get(KEEP_TAG, "")).lower() == "true")


def type_of(id_: str) -> str:
    """The type of a resource by its id: `Microsoft.Web/sites`. The last provider counts: a role assignment's id begins
    with that of what it is for."""
    _, _, path = id_.rpartition("/providers/")
    parts = path.split("/")
    return "/".join([parts[0], *parts[1::2]])


def name_of(id_: str) -> str:
    """The last part of a resource's id."""
    return id_.rstrip("/").rpartition("/")[2]


def declared(template: Mapping[str, Json]) -> Iterator[Named]:
    """What a template declares."""
    for resource in template.get("resources", []):
        yield named(resource["type"], resource["name"], resource)


def _description(type_: str, resource: Mapping[str, Json]) -> str:
    if type_ != _ROLE:
        return ""
    return str((resource.get("properties") or {}).get("description") or "")


def _readable(name: str) -> str:
    """The part of a name, or of the expression that makes it, that people know."""
    if name.startswith("["):
        texts = [re.sub(r"\{\d+\}", "", text).strip("/-") for text in re.findall(r"'([^']*)'", name)]
        # What a format puts together says more than the variables that it takes.
        name = next((text for text in texts if text), name)
    last = name.rpartition("/")[2]
    return "" if _GUID.fullmatch(last) and "/" in name else last
