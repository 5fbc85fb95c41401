"""The language: everything a flow is written with. Importing it loads neither pydantic, Prefect nor an SDK.

Every name is loaded when it is first asked for: a function that runs one task starts without the rest.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from skyloom.flows.app import App, Environment
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
    from skyloom.flows.resources import Bucket, EmailNotifier, Queue, Secret, WebhookNotifier
    from skyloom.flows.task_context import context
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

HOMES = {
    name: module
    for module, names in {
        "skyloom.errors": (
            "ApprovalTimedOut EventTimedOut FlowCancelled FlowError FlowTimedOut PromptFailed TaskFailed TaskTimedOut"
        ),
        "skyloom.flows.app": "App Environment",
        "skyloom.flows.constructs": "Decision approval each emit now parallel race sha256 sleep uuid wait_for",
        "skyloom.flows.definitions": "Flow Prompt Task flow prompt task",
        "skyloom.flows.policy": "Retry days hours minutes seconds",
        "skyloom.flows.resources": "Bucket EmailNotifier Queue Secret WebhookNotifier",
        "skyloom.flows.task_context": "context",
        "skyloom.flows.triggers": "Http Iam Jwt ObjectCreated OnEvent Public QueueMessage Schedule StoredObject",
    }.items()
    for name in names.split()
}
"""The module in which each name is defined."""


def __getattr__(name: str) -> Any:
    module = HOMES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(module), name)
    return value
