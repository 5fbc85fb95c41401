"""An orchestration in the task hub: its history, what it waits for, how it ended."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from engines.azure.history import Event
from engines.azure.shim import Command

Status = Literal["Pending", "Running", "Completed", "Failed", "Terminated"]
Json = Any


@dataclass(frozen=True)
class Parent:
    """The orchestration that called this one, and the number of the call."""

    id: str
    execution: int
    number: int


@dataclass
class Instance:
    """An orchestration.

    Attributes:
        id: Its id.
        name: The orchestrator's name.
        input: JSON text.
        parent: Who called it, if an orchestration did.
        created: When it was started, in seconds since 1970.
        history: What has happened, as the SDK sees it.
        inbox: What has happened since the orchestrator ran last.
        commands: What it has scheduled.
        status: How it stands.
        output: What it returned as JSON text, or the text of its failure as a JSON string.
        custom_status: What it says of itself, JSON text.
        updated: When it last changed.
        episodes: How often the orchestrator ran.
        execution: Tells apart runs of one id: continued as new, or started again.
        version: Of the app's flows, when it began.
        said: What the SDK said last, JSON text.
        says_done: Whether the orchestrator's code has ended; the host may still await what it left open.
    """

    id: str
    name: str
    input: str
    created: float
    parent: Parent | None = None
    history: list[Event] = field(default_factory=list)
    inbox: list[Event] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    status: Status = "Pending"
    output: str | None = None
    custom_status: str | None = None
    updated: float = 0.0
    episodes: int = 0
    execution: int = 0
    version: str = ""
    said: str = ""
    says_done: bool = False

    def child(self, number: int) -> str:
        """The id of an orchestration that it calls without giving it one."""
        return f"{hashlib.sha256(f'{self.id} {self.execution}'.encode()).hexdigest()[:32]}:{number:x}"

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status not in ("Pending", "Running")

    @property
    def value(self) -> Json:
        """Its output as JSON."""
        return None if self.output is None else json.loads(self.output)
