"""The language: everything a flow is written with. Importing it loads neither pydantic, Prefect nor an SDK.

What apps are made of is loaded when it is first asked for: a function that runs one task does without.
"""

from typing import TYPE_CHECKING, Any

from skyloom.errors import (
    ApprovalTimedOut,
    EventTimedOut,
    FlowCancelled,
    FlowError,
    FlowTimedOut,
    PromptFailed,
    TaskFailed,
    TaskTimedOut,
)
from skyloom.flows.constructs import (
    Decision,
    approval,
    each,
    emit,
    now,
    parallel,
    race,
    sha256,
    sleep,
    uuid,
    wait_for,
)
from skyloom.flows.definitions import Flow, Prompt, Task, flow, prompt, task
from skyloom.flows.policy import Retry, days, hours, minutes, seconds
from skyloom.flows.task_context import context

if TYPE_CHECKING:
    from skyloom.flows.app import App, Environment
    from skyloom.flows.resources import Bucket, EmailNotifier, Queue, Secret, WebhookNotifier
    from skyloom.flows.triggers import (
        Http,
        Iam,
        Jwt,
        ObjectCreated,
        OnEvent,
        Public,
        QueueMessage,
        Schedule,
        StoredObject,
    )

__all__ = [
    "App",
    "ApprovalTimedOut",
    "Bucket",
    "Decision",
    "EmailNotifier",
    "Environment",
    "EventTimedOut",
    "Flow",
    "FlowCancelled",
    "FlowError",
    "FlowTimedOut",
    "Http",
    "Iam",
    "Jwt",
    "ObjectCreated",
    "OnEvent",
    "Prompt",
    "PromptFailed",
    "Public",
    "Queue",
    "QueueMessage",
    "Retry",
    "Schedule",
    "Secret",
    "StoredObject",
    "Task",
    "TaskFailed",
    "TaskTimedOut",
    "WebhookNotifier",
    "approval",
    "context",
    "days",
    "each",
    "emit",
    "flow",
    "hours",
    "minutes",
    "now",
    "parallel",
    "prompt",
    "race",
    "seconds",
    "sha256",
    "sleep",
    "task",
    "uuid",
    "wait_for",
]

LAZY = {
    name: module
    for module, names in {
        "skyloom.flows.app": "App Environment",
        "skyloom.flows.resources": "Bucket EmailNotifier Queue Secret WebhookNotifier",
        "skyloom.flows.triggers": "Http Iam Jwt ObjectCreated OnEvent Public QueueMessage Schedule StoredObject",
    }.items()
    for name in names.split()
}
"""Names that are loaded when they are first asked for, and the modules they are in."""


def __getattr__(name: str) -> Any:
    module = LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(module), name)
