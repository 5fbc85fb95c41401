"""Which code carries out a run of an app that has been deployed anew meanwhile: that with which it began.

An orchestrator is replayed whenever its run goes on, and has to do again what it did; the code of another version would
do something else. So an app that is published has the flows of earlier versions beside its own, in packages
`flows_<version>`, and the scheduler keeps for each run which version it has.
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-orchestration-versioning
"""

from __future__ import annotations

import json
from importlib import import_module
from types import ModuleType
from typing import Protocol


class Context(Protocol):
    """What is known of a run: `azure.durable_functions.DurableOrchestrationContext`."""

    @property
    def version(self) -> str | None: ...


class Versions:
    """The versions of an app's flows.

    Args:
        current: that of the flows as they are now: `defaultVersion` in host.json, which new runs get.
    """

    def __init__(self, current: str) -> None:
        self._current = current

    def of(self, context: Context, module: ModuleType) -> ModuleType:
        """A flow's module as it was when the run began. `module` is what it is now.

        Raises:
            RuntimeError: the app has no longer the flows of that version, or this host not yet, which cannot be told
                apart; the message is an error as JSON. Why it does not wait: docs/decisions/0033.
        """
        version = context.version
        if not version or version == self._current:
            return module
        package, _, name = module.__name__.rpartition(".")
        earlier = f"{package}_{version}"
        try:
            return import_module(f"{earlier}.{name}")
        except ModuleNotFoundError as problem:
            if problem.name not in (earlier, f"{earlier}.{name}"):
                raise
            message = f"the run began with version {version} of its flow, which is no longer deployed"
            raise RuntimeError(json.dumps(_failed(message))) from None


def gone(name: str) -> str:
    """The outcome of an activity that only earlier versions have had. Without an activity of this name the scheduler
    would wait for it for ever."""
    message = f"{name} is no longer deployed: the run began with an earlier version of its flow"
    return json.dumps({"error": _failed(message)})


def _failed(message: str) -> dict[str, str | list[str]]:
    return {"type": "TaskFailed", "bases": ["FlowError", "SkyloomError", "Exception"], "message": message}
