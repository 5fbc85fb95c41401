"""What a function app tells its host: `host.json`.

https://learn.microsoft.com/azure/azure-functions/functions-host-json
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-host-json-settings
"""

from __future__ import annotations

import math

from skyloom.deployers.azure.resources.words import SCHEDULER_CONNECTION, TASK_HUB
from skyloom.deployers.bundle import json_bytes
from skyloom.flows.outcome import Json

_BUNDLE = {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.32.0, 5.0.0)"}
"""The extensions of the host; the first version of them that knows the Durable Task Scheduler."""

_TOLD = ("Function", "Host.Function.Console", "Host.Results", "Host.Triggers.DurableTask")
"""What is written into the log: what functions log and print, that they ran, and what became of runs, which an alarm
counts."""
_LEAST_SECONDS, _ABOVE = 30 * 60, 60
"""The time that a function has where nothing is said, and what it has besides that of its longest task, so that the run
hears from the host of an attempt that took too long."""

ACTIVITIES, ORCHESTRATORS = 16, 8
"""How many of them one instance carries out at once: together less than the worker has threads (`THREADS`), so that
tasks that wait for a model leave room for flows and requests."""
THREADS = 32
"""The setting `PYTHON_THREADPOOL_THREAD_COUNT`; more there cannot be.
https://learn.microsoft.com/azure/azure-functions/functions-app-settings#python_threadpool_thread_count"""


def host_json(longest: float, *, version: str | None = None, activities: int | None = None) -> bytes:
    """The file.

    Args:
        longest: seconds that an attempt of a task may take.
        version: that of the flows, which new runs get; None for an app that has none.
        activities: how many activities an instance carries out at once; None: the usual number.
    """
    document: dict[str, Json] = {
        "version": "2.0",
        "functionTimeout": _timespan(max(_LEAST_SECONDS, math.ceil(longest) + _ABOVE)),
        "logging": {
            # Every attempt leaves one record, and none of them may be left out.
            "applicationInsights": {
                "samplingSettings": {"isEnabled": True, "excludedTypes": "Exception;Request;Trace"}
            },
            "logLevel": {"default": "Warning", **dict.fromkeys(_TOLD, "Information")},
        },
        "extensions": {"http": {"routePrefix": ""}},
        "extensionBundle": _BUNDLE,
    }
    if version is not None:
        at_once = min(activities or ACTIVITIES, ACTIVITIES)
        durable = {"defaultVersion": version, **_DURABLE, "maxConcurrentActivityFunctions": at_once}
        document["extensions"] |= {"durableTask": durable, "serviceBus": _SERVICE_BUS}
    return json_bytes(document)


_DURABLE: dict[str, Json] = {
    # The app's own code finds the flow of a run's version.
    "versionMatchStrategy": "None",
    "hubName": f"%{TASK_HUB}%",
    "storageProvider": {"type": "azureManaged", "connectionStringName": SCHEDULER_CONNECTION},
    "maxConcurrentOrchestratorFunctions": ORCHESTRATORS,
    "tracing": {"distributedTracingEnabled": True, "version": "V2"},
}
_SERVICE_BUS: dict[str, Json] = {"autoCompleteMessages": True, "maxConcurrentCalls": 8}


def _timespan(seconds: int) -> str:
    """A duration as .NET writes it: `1.02:03:04`."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    return f"{f'{days}.' if days else ''}{hours:02}:{minutes:02}:{seconds:02}"
