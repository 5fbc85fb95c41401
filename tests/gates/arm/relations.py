"""What resources of a template say of each other: who may do what where, who is watched, whose log is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from gates.arm.names import plain_name
from gates.arm.scanning import address, at
from gates.scanners import Finding

Json = Any

_ROLE = "Microsoft.Authorization/roleAssignments"
_LOGGED = {
    "Microsoft.CognitiveServices/accounts",
    "Microsoft.EventGrid/systemTopics",
    "Microsoft.EventGrid/topics",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ServiceBus/namespaces",
}
_WATCHED = {
    "Microsoft.EventGrid/systemTopics": "DeadLetteredCount",
    "Microsoft.EventGrid/topics": "DeadLetteredCount",
    "Microsoft.Insights/components": "requests/failed",
    "Microsoft.ServiceBus/namespaces": "DeadletteredMessages",
}


def relations(template: Json) -> Iterator[Finding]:
    """What is missing between resources."""
    resources = at(template)
    ids = {place: written_id(made) for place, made in resources.items()}
    yield from _roles(template, set(ids.values()))
    yield from _identities(resources)
    for place, made in resources.items():
        if made["type"] == "Microsoft.Web/sites" and _policies(template, made) != {"ftp", "scm"}:
            yield Finding("publishing", place)
        if _is_logged(made) and not _about(template, "Microsoft.Insights/diagnosticSettings", ids[place]):
            yield Finding("log-setting", place)
        if _delivers(resources, made, place) and not _alarmed(template, _WATCHED.get(made["type"]), ids[place]):
            yield Finding("alarms", place)
        if made["type"] == "Microsoft.OperationalInsights/workspaces" and not _failures(template, ids[place]):
            yield Finding("alarms", place)
        if "skyloom-keep" in made.get("tags", {}) and "storageAccounts" in made["type"]:
            below = f"{made['type']}/managementPolicies."
            if not any(other.startswith(below) for other in resources):
                yield Finding("lifecycle", place)


def _roles(template: Json, ids: set[str]) -> Iterator[Finding]:
    """A role is at one resource of the template, or at one secret of its vault."""
    for made in template["resources"]:
        scope = made.get("scope", "")[1:-1]
        if made["type"] == _ROLE and scope not in ids and "'Microsoft.KeyVault/vaults/secrets'" not in scope:
            yield Finding("role-scope", address(template, made))


def _identities(resources: dict[str, Json]) -> Iterator[Finding]:
    """No two function apps are the same somebody."""
    taken: dict[str, str] = {}
    for place, made in resources.items():
        if made["type"] == "Microsoft.Web/sites":
            for identity in made.get("identity", {}).get("userAssignedIdentities", {}):
                if taken.setdefault(identity, place) != place:
                    yield Finding("shared-identity", place)


def written_id(made: Json) -> str:
    """The id of a resource as the template writes it."""
    name = made["name"]
    if not name.startswith("["):
        parts = ", ".join(f"'{part}'" for part in name.split("/"))
    elif found := re.fullmatch(r"\[format\('\{0\}/([^']*)', (.*)\)\]", name):
        parts = ", ".join([found[2], *(f"'{part}'" for part in found[1].split("/"))])
    else:
        parts = name[1:-1]
    if "scope" in made:
        return f"extensionResourceId({made['scope'][1:-1]}, '{made['type']}', {parts})"
    return f"resourceId('{made['type']}', {parts})"


def _policies(template: Json, site: Json) -> set[str]:
    type_, name = f"{site['type']}/basicPublishingCredentialsPolicies", plain_name(template, site["name"])
    names = (plain_name(template, made["name"]) for made in template["resources"] if made["type"] == type_)
    return {one.rpartition("/")[2] for one in names if one.rpartition("/")[0] == name}


def _is_logged(made: Json) -> bool:
    """Whether it is kept who did what there: of data, not of what hosts keep for themselves."""
    blobs = made["type"].endswith("/blobServices") and made["properties"].get("isVersioningEnabled") is True
    return blobs or made["type"] in _LOGGED


def _delivers(resources: dict[str, Json], made: Json, place: str) -> bool:
    """Whether something can be lost there: a topic without subscriptions delivers nothing."""
    below = f"{made['type']}/eventSubscriptions{place.removeprefix(made['type'])}/"
    return made["type"] in _WATCHED and (
        "EventGrid" not in made["type"] or any(other.startswith(below) for other in resources)
    )


def _about(template: Json, type_: str, id_: str) -> bool:
    return any(made["type"] == type_ and made.get("scope") == f"[{id_}]" for made in template["resources"])


def _alarmed(template: Json, metric: str | None, id_: str) -> bool:
    alerts = [made["properties"] for made in template["resources"] if made["type"] == "Microsoft.Insights/metricAlerts"]
    return any(
        alert["scopes"] == [f"[{id_}]"] and alert["criteria"]["allOf"][0]["metricName"] == metric for alert in alerts
    )


def _failures(template: Json, id_: str) -> bool:
    asked = [made for made in template["resources"] if made["type"] == "Microsoft.Insights/scheduledQueryRules"]
    return any(made["properties"]["scopes"] == [f"[{id_}]"] and "Failed" in json.dumps(made) for made in asked)
