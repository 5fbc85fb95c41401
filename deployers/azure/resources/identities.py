"""Who may do what: an identity for each function app, and roles at one resource each.

Nobody has a role at the resource group. A role's `description` says what it is there for.
https://learn.microsoft.com/azure/role-based-access-control/role-assignments-template
"""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.azure.resources.arm import Address, Json, Resources, call, value
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import Role

EVENT_GRID, CHAT = "events", "notify"
"""The identities that are no function app's: of Event Grid, and of what posts alarms to web addresses."""

_LONGEST_DESCRIPTION = 512


def identity(layout: Layout, key: str) -> Resources:
    """An identity."""
    return layout.made(layout.identity(key), key, {})


def has_identity(layout: Layout, key: str) -> Json:
    """What a resource says that has the identity."""
    return {"type": "UserAssigned", "userAssignedIdentities": {value(layout.identity(key).id): {}}}


def grant(layout: Layout, who: str, role: Role, at: Address, purpose: str) -> Resources:
    """The identity `who` has a role at one resource: `purpose` says what for."""
    principal = layout.identity(who)
    name = call("guid", at.id, principal.id, role.id)
    properties = {
        "roleDefinitionId": value(call("subscriptionResourceId", "Microsoft.Authorization/roleDefinitions", role.id)),
        "principalId": value(principal.get("principalId")),
        "principalType": "ServicePrincipal",
        "description": value(f"{who}: {purpose}"[:_LONGEST_DESCRIPTION]),
    }
    return layout.made(Address("Microsoft.Authorization/roleAssignments", (name,)), purpose, properties, scope=at)


def identities(layout: Layout) -> Sequence[Resources]:
    """The identities of function apps."""
    return [identity(layout, key) for key in layout.app_keys]
