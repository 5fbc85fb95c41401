"""Models: an account of Foundry with the models that prompts ask, where skyloom.toml names no place that has them.

https://learn.microsoft.com/azure/foundry/how-to/create-resource-template
"""

from __future__ import annotations

from skyloom.deployers.azure.resources.arm import Expression, Name, Resources, joined, value
from skyloom.deployers.azure.resources.identities import app_identity, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import MODEL_USER
from skyloom.deployers.declared import merged

RESTORE = Expression("parameters('modelsRestore')")
"""Whether an account of this name was deleted and is not gone yet: it can be had back for two days.
https://learn.microsoft.com/azure/ai-services/recover-purge-resources"""
_THOUSAND_TOKENS = 10
"""Thousands of tokens a minute that a model may take. https://learn.microsoft.com/azure/foundry/openai/quotas-limits"""


def models(layout: Layout) -> Resources:
    """The account and its models; nothing where none is asked, or another account answers."""
    if not layout.own_models:
        return {}
    properties = {
        "customSubDomainName": value(joined(*layout.model_account.names)),
        "disableLocalAuth": True,
        "publicNetworkAccess": "Enabled",
        "restore": value(RESTORE),
    }
    itself = {"type": "SystemAssigned"}
    sku = {"name": "S0"}
    found = layout.made(layout.model_account, "models", properties, kind="AIServices", sku=sku, identity=itself)
    before: list[Expression] = []
    for name in layout.own_models:
        at = layout.model_account.below("deployments", name)
        deployed = {"model": {"format": "OpenAI", "name": name}}
        # One after the other: an account changes one of its models at a time.
        share = {"name": "GlobalStandard", "capacity": _THOUSAND_TOKENS}
        found |= layout.made(at, name, deployed, after=before, sku=share)
        before = [at.id]
    askers = [app_identity(key) for key in layout.app_keys if asks(layout, key)]
    return merged(found, *(grant(layout, who, MODEL_USER, layout.model_account, "asks models") for who in askers))


def asks(layout: Layout, key: str) -> bool:
    """Whether a function app asks the app's own account."""
    return bool(layout.asked(key))


def endpoint(layout: Layout) -> Name:
    """Where the models answer."""
    return joined("https://", *layout.model_account.names, ".openai.azure.com")
