"""The language: everything a flow is written with. Importing it loads neither pydantic, Prefect nor an SDK."""

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

__all__ = [
    "ApprovalTimedOut",
    "Decision",
    "EventTimedOut",
    "Flow",
    "FlowCancelled",
    "FlowError",
    "FlowTimedOut",
    "Prompt",
    "PromptFailed",
    "Retry",
    "Task",
    "TaskFailed",
    "TaskTimedOut",
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
