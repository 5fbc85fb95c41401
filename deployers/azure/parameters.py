"""The values of a template's parameters: what only Azure knows when it is deployed."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployments import StackState
from skyloom.deployers.azure.groups import Group
from skyloom.deployers.azure.kinds import type_of
from skyloom.deployers.azure.refusals import status
from skyloom.flows.outcome import Json

LOCATION, VAULT_MODE = "location", "vaultMode"
_VAULT, _VERSION = "Microsoft.KeyVault/vaults", "2023-07-01"


def parameters(azure: Azure, template: Mapping[str, Json], state: StackState | None, group: Group) -> dict[str, Json]:
    """The values that the template asks for.

    A vault that was deleted keeps its name for some time, and can only be brought back, with its keys.
    https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
    """
    asked = template.get("parameters", {})
    found: dict[str, Json] = {LOCATION: azure.region} if LOCATION in asked else {}
    has_vault = state is not None and any(type_of(id_).lower() == _VAULT.lower() for id_ in state.managed)
    if VAULT_MODE in asked and not has_vault and _has_deleted_vault(azure, group):
        found[VAULT_MODE] = "recover"
    return found


def _has_deleted_vault(azure: Azure, group: Group) -> bool:
    path = f"/subscriptions/{azure.subscription}/providers/Microsoft.KeyVault/deletedVaults"
    try:
        found = azure.arm("GET", path, _VERSION)
    except azure.refused as error:
        # Who may not list them deploys as if there were none; Azure then says what is in the way.
        if status(error) in (403, 404):
            return False
        raise
    wanted = f"/resourcegroups/{group.name}/".lower()
    return any(wanted in str(one["properties"].get("vaultId", "")).lower() for one in found.get("value", []))
