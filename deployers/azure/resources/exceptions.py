"""Where the app departs from what policy scanners ask, and why.

The reasons stand in the template, in the comment of each resource; the gates count nothing as found that is accepted
there. A finding is accepted only where what makes up for it is there."""

from __future__ import annotations

import re

from skyloom.deployers.azure.resources.arm import Json, Resources
from skyloom.deployers.declared import Accepted, reasons

_NO_NETWORK = (
    "There is no virtual network: it would cost money while nothing runs. Nobody gets in without a token of Entra ID "
    "and a role at this very resource"
)

ACCEPTED = (
    Accepted(
        rules=("CKV_AZURE_35", "CKV_AZURE_59"),
        type="Microsoft.Storage/storageAccounts",
        reason=f"{_NO_NETWORK}; there are no keys, and nothing is public.",
        where=lambda id_, made: (
            made["properties"].get("allowSharedKeyAccess") is False
            and made["properties"].get("allowBlobPublicAccess") is False
        ),
    ),
    Accepted(
        rules=("CKV_AZURE_206",),
        type="Microsoft.Storage/storageAccounts",
        reason="Three copies in one place, as every region has them. What is deleted can be had back for two weeks.",
    ),
    Accepted(
        rules=("CKV_AZURE_109", "CKV_AZURE_189"),
        type="Microsoft.KeyVault/vaults",
        reason=f"{_NO_NETWORK}.",
        where=lambda id_, made: made["properties"].get("enableRbacAuthorization") is True,
    ),
    Accepted(
        rules=("CKV_AZURE_40",),
        type="Microsoft.KeyVault/vaults/keys",
        reason="A new version is made every 90 days; old ones count while links that they signed live.",
        where=lambda id_, made: bool(made["properties"].get("rotationPolicy", {}).get("lifetimeActions")),
    ),
    Accepted(
        rules=("CKV_AZURE_112",),
        type="Microsoft.KeyVault/vaults/keys",
        reason="The key signs links that live for days, and cannot be taken out of the vault.",
        where=lambda id_, made: made["properties"].get("keyOps") == ["sign"],
    ),
    Accepted(
        rules=("CKV_AZURE_193",),
        type="Microsoft.EventGrid/topics",
        reason=f"{_NO_NETWORK}; there are no keys.",
        where=lambda id_, made: made["properties"].get("disableLocalAuth") is True,
    ),
    Accepted(
        rules=("CKV_AZURE_134",),
        type="Microsoft.CognitiveServices/accounts",
        reason=f"{_NO_NETWORK}; there are no keys.",
        where=lambda id_, made: made["properties"].get("disableLocalAuth") is True,
    ),
    Accepted(
        rules=("CKV_AZURE_191",),
        type="Microsoft.EventGrid/topics",
        reason="It delivers to nobody by itself, and so needs to be nobody.",
        where=lambda id_, made: "identity" not in made,
    ),
    Accepted(
        rules=("CKV_AZURE_17", "CKV_AZURE_222"),
        type="Microsoft.Web/sites",
        reason="Routes are there to be called: by browsers, and by programs with tokens that the app checks.",
        where=lambda id_, made: made["properties"].get("httpsOnly") is True,
    ),
    Accepted(
        rules=("CKV_AZURE_212", "CKV_AZURE_213"),
        type="Microsoft.Web/sites",
        reason="A Flex Consumption plan has no instance while nothing runs, and looks after those that it starts.",
        where=lambda id_, made: "functionAppConfig" in made["properties"],
    ),
    Accepted(
        rules=("CKV_AZURE_225",),
        type="Microsoft.Web/serverfarms",
        reason="Not every region has zones for Flex Consumption plans. The scheduler keeps what runs.",
        where=lambda id_, made: made.get("sku", {}).get("name") == "FC1",
    ),
)


def excused(resources: Resources) -> Resources:
    """The resources, each with the reasons for what is accepted of it."""
    return {id_: _with_reasons(id_, made) for id_, made in resources.items()}


def _with_reasons(id_: str, made: dict[str, Json]) -> dict[str, Json]:
    found = reasons(ACCEPTED, made["type"], id_, made)
    told = " ".join(f"Accepts {rule}: {reason}" for rule, reason in sorted(found.items()))
    return {**made, "comments": told} if told else made


def accepted(made: Json) -> frozenset[str]:
    """The rules whose findings are accepted of a resource."""
    return frozenset(re.findall(r"Accepts (\w+): ", made.get("comments", "")))
