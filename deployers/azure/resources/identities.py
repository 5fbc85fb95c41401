"""Who may do what: an identity for each function app, and roles at one resource each.

Nobody has a role at the resource group. A role's `description` says what it is there for.
https://learn.microsoft.com/azure/role-based-access-control/role-assignments-template
"""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.deployers.azure.resources.arm import Address, Json, Resources, call, value
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import MAIN, Role

EVENT_GRID, ALARMS = "event-grid", "alarms"
"""The identities that are no function app's: of Event Grid, and of what posts alarms to web addresses."""

_LONGEST_DESCRIPTION = 512


def app_identity(key: str) -> str:
    """The identity of a function app. It shares no name with others, whatever the tasks are called."""
    return f"app-{key}"


MAIN_APP = app_identity(MAIN)
"""The identity of the main function app."""


def identity(layout: Layout, who: str) -> Resources:
    """An identity."""
    return layout.made(layout.acts(who), who, {})


def has_identity(layout: Layout, who: str) -> Json:
    """What a resource says that has the identity."""
    return {"type": "UserAssigned", "userAssignedIdentities": {value(layout.acts(who).id): {}}}


def grant(layout: Layout, who: str, role: Role, at: Address, purpose: str) -> Resources:
    """The identity `who` has a role at one resource: `purpose` says what for."""
    principal = layout.acts(who)
    name = call("guid", at.id, principal.id, role.id)
    properties = {
        "roleDefinitionId": value(call("subscriptionResourceId", "Microsoft.Authorization/roleDefinitions", role.id)),
        "principalId": value(principal.get("principalId")),
        "principalType": "ServicePrincipal",
        "description": value(f"{who}: {purpose}"[:_LONGEST_DESCRIPTION]),
    }
    # A secret is there once somebody has set it; its vault has to be there before. Azure looks for what a role is at by
    # the resource that this lies in (Azure/azure-powershell#3771, Azure/azure-cli#15243).
    vault = [layout.vault.id] if at.type.endswith("/secrets") else []
    role_at = Address("Microsoft.Authorization/roleAssignments", (name,))
    return layout.made(role_at, purpose, properties, scope=at, after=vault)


def identities(layout: Layout) -> Sequence[Resources]:
    """The identities of function apps."""
    return [identity(layout, app_identity(key)) for key in layout.app_keys]
