"""The vault: the key that signs links to approvals and never leaves it, and the secrets that people fill in."""

from __future__ import annotations

from skyloom.deployers.azure.resources.arm import Expression, Resources, value
from skyloom.deployers.azure.resources.identities import MAIN_APP, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import CRYPTO_USER, LINK_KEY, SECRETS_USER
from skyloom.deployers.declared import merged

VAULT_MODE = Expression("parameters('vaultMode')")
"""`default`; `recover` where a vault of this name was deleted and is not gone yet: it cannot be, for three months.
https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview"""
_KEPT_DAYS = 90
_ROTATED = "P90D"


def keys(layout: Layout) -> Resources:
    """The vault with what is in it, where it is needed."""
    if not layout.has_vault:
        return {}
    properties = {
        "tenantId": "[tenant().tenantId]",
        "sku": {"family": "A", "name": "standard"},
        "createMode": value(VAULT_MODE),
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "enablePurgeProtection": True,
        "softDeleteRetentionInDays": _KEPT_DAYS,
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"defaultAction": "Allow", "bypass": "AzureServices"},
    }
    vault = layout.made(layout.vault, "vault", properties, keep=True)
    return merged(vault, _link_key(layout) if layout.asks else {}, _webhooks(layout))


def _link_key(layout: Layout) -> Resources:
    """RSA signatures of one text are always the same (PKCS #1 v1.5): links can be checked by signing again."""
    rotate = {"trigger": {"timeAfterCreate": _ROTATED}, "action": {"type": "rotate"}}
    properties = {
        "kty": "RSA",
        "keySize": 3072,
        "keyOps": ["sign"],
        "attributes": {"enabled": True},
        "rotationPolicy": {"lifetimeActions": [rotate]},
    }
    return merged(
        layout.made(layout.link_key, LINK_KEY, properties),
        grant(layout, MAIN_APP, CRYPTO_USER, layout.link_key, "signs links to approvals"),
    )


def _webhooks(layout: Layout) -> Resources:
    """The app itself posts what people are asked."""
    found: Resources = {}
    for notifier in layout.webhooks:
        if notifier.approvals and layout.tells:
            name = notifier.url.name
            found |= grant(layout, MAIN_APP, SECRETS_USER, layout.secret(name), f"reads the secret {name}")
    return found
