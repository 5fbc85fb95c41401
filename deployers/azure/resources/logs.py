"""Logs with an end: one workspace for everything that the app and its services write."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.azure.resources.arm import Address, Resources, value
from skyloom.deployers.azure.resources.identities import app_identity, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import METRICS_PUBLISHER
from skyloom.deployers.declared import merged

FEWEST_DAYS, MOST_DAYS = 30, 730
"""https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure"""


def logs(layout: Layout) -> Resources:
    """The workspace, what takes the logs of functions, and what sends it those of services."""
    workspace = {
        "sku": {"name": "PerGB2018"},
        "retentionInDays": kept_days(layout.settings.log_days),
        "features": {"disableLocalAuth": True, "enableLogAccessUsingOnlyResourcePermissions": True},
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    insights = {
        "Application_Type": "web",
        "WorkspaceResourceId": value(layout.workspace.id),
        "DisableLocalAuth": True,
        "DisableIpMasking": False,
        "IngestionMode": "LogAnalytics",
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    return merged(
        layout.made(layout.workspace, "logs", workspace),
        layout.made(layout.insights, "logs", insights, kind="web"),
        *(
            grant(layout, app_identity(key), METRICS_PUBLISHER, layout.insights, "writes logs")
            for key in layout.app_keys
        ),
        *(_sent(layout, name, of, group) for name, of, group in _watched(layout)),
    )


def kept_days(wanted: int) -> int:
    """The days for which logs are kept where `wanted` were asked for."""
    return min(max(wanted, FEWEST_DAYS), MOST_DAYS)


def _watched(layout: Layout) -> Iterator[tuple[str, Address, str]]:
    """What is logged of whom: who touched data and keys, and what queues and topics could not do."""
    yield "storage", layout.storage.below("blobServices", "default"), "audit"
    if layout.has_vault:
        yield "vault", layout.vault, "audit"
    if layout.has_bus:
        yield "queues", layout.bus, "allLogs"
    if layout.has_topic:
        yield "events", layout.topic, "allLogs"
    if layout.own_models:
        yield "models", layout.model_account, "audit"
    if layout.objects:
        yield "objects", layout.system_topic, "allLogs"


def _sent(layout: Layout, name: str, of: Address, group: str) -> Resources:
    """https://learn.microsoft.com/azure/azure-monitor/essentials/resource-logs-schema"""
    properties = {
        "workspaceId": value(layout.workspace.id),
        "logs": [{"categoryGroup": group, "enabled": True}],
    }
    at = Address("Microsoft.Insights/diagnosticSettings", (f"logs-of-{name}",))
    return layout.made(at, name, properties, scope=of)
