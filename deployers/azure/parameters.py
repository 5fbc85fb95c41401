"""The values of a template's parameters: what only Azure knows when it is deployed.

A vault, or an account of models, that was deleted keeps its name for some time, and can only be brought back.
https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
https://learn.microsoft.com/azure/ai-services/recover-purge-resources
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployments import StackState
from skyloom.deployers.azure.groups import Group
from skyloom.deployers.azure.kinds import type_of
from skyloom.deployers.azure.refusals import status
from skyloom.flows.outcome import Json

LOCATION = "location"


@dataclass(frozen=True, slots=True)
class _Restored:
    """A type of resources that outlive their deletion, and the value with which they are brought back."""

    type: str
    deleted: str
    version: str
    value: Json


_RESTORED: Mapping[str, _Restored] = {
    "vaultMode": _Restored("microsoft.keyvault/vaults", "Microsoft.KeyVault/deletedVaults", "2023-07-01", "recover"),
    "modelsRestore": _Restored(
        "microsoft.cognitiveservices/accounts", "Microsoft.CognitiveServices/deletedAccounts", "2024-10-01", True
    ),
}
"""By the parameter that says it."""


def parameters(azure: Azure, template: Mapping[str, Json], state: StackState | None, group: Group) -> dict[str, Json]:
    """The values that the template asks for; what is left out has its default."""
    asked = template.get("parameters", {})
    found: dict[str, Json] = {LOCATION: azure.region} if LOCATION in asked else {}
    there = {type_of(id_).lower() for id_ in state.managed} if state is not None else set()
    for name, restored in _RESTORED.items():
        if name in asked and restored.type not in there and _was_deleted(azure, group, restored):
            found[name] = restored.value
    return found


def _was_deleted(azure: Azure, group: Group, restored: _Restored) -> bool:
    path = f"/subscriptions/{azure.subscription}/providers/{restored.deleted}"
    try:
        found = azure.arm("GET", path, restored.version)
    except azure.refused as error:
        # Who may not list them deploys as if there were none; Azure then says what is in the way.
        if status(error) in (403, 404):
            return False
        raise
    wanted = f"/resourcegroups/{group.name}/".lower()
    ids = (f"{one.get('id', '')} {(one.get('properties') or {}).get('vaultId', '')}" for one in found.get("value", []))
    return any(wanted in id_.lower() for id_ in ids)
