"""The Durable Task Scheduler, which keeps the state of runs, and forgets them some time after their end."""

from __future__ import annotations

from skyloom.deployers.azure.resources.arm import Name, Resources, joined
from skyloom.deployers.azure.resources.identities import MAIN_APP, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import HUB, MAIN, TASK_CONTRIBUTOR
from skyloom.deployers.declared import merged

_KEPT_DAYS = 30
"""Days in which a run that is over can be looked at: as long as the scheduler keeps it at the Consumption tier.
https://learn.microsoft.com/azure/durable-task/scheduler/durable-task-scheduler-auto-purge,
https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler-billing"""


def scheduler(layout: Layout) -> Resources:
    """The scheduler and its one task hub."""
    properties = {"sku": {"name": "Consumption"}, "ipAllowlist": ["0.0.0.0/0"], "publicNetworkAccess": "Enabled"}
    purge = {"retentionPolicies": [{"retentionPeriodInDays": _KEPT_DAYS}]}
    return merged(
        layout.made(layout.scheduler, "runs", properties),
        layout.made(layout.hub, HUB, {}),
        layout.made(layout.scheduler.below("retentionPolicies", "default"), "runs", purge),
        grant(
            layout,
            MAIN_APP,
            TASK_CONTRIBUTOR,
            layout.hub,
            "runs orchestrations, starts them and looks at them",
        ),
    )


def connection(layout: Layout) -> Name:
    """The setting by which the host finds the scheduler.

    https://learn.microsoft.com/azure/azure-functions/durable/durable-task-scheduler/durable-task-scheduler-identity
    """
    client = layout.identity(MAIN).get("clientId")
    endpoint = layout.scheduler.get("endpoint")
    return joined("Endpoint=", endpoint, ";Authentication=ManagedIdentity;ClientID=", client)
