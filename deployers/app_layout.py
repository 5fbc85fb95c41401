"""What follows from an app before any resource is written, the same for every cloud: who starts it, what it waits for,
whom it tells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from skyloom.errors import Diagnostic, Span
from skyloom.flows.app import App, Environment
from skyloom.flows.expr.nodes import Literal
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.resources import Bucket, EmailNotifier, Notifier, Queue, Secret, WebhookNotifier
from skyloom.flows.triggers import Http, ObjectCreated, OnEvent, QueueMessage, Schedule


@dataclass(frozen=True, slots=True, order=True)
class Wait:
    """A wait in a flow: for a decision, or for an event; None where its name is known only while the flow runs."""

    flow: str
    kind: str
    event: str | None


class AppLayout(ABC):
    """What follows from an app in an environment."""

    def __init__(self, app: App, environment: str) -> None:
        self.app = app
        self.prefix = f"{app.name}-{environment}"
        self._environment = environment

    @cached_property
    def settings(self) -> Environment:
        """The settings of the environment."""
        return self.app.environment(self._environment)

    def problem(self, code: str, message: str, hint: str) -> Diagnostic:
        """A diagnostic of the app. Where it was written is as near as its triggers and notifiers can be told."""
        written = self.app.written
        if written is None:
            return Diagnostic(code, message, self.app.name, hint=hint)
        return Diagnostic(code, message, written.file, Span(written.line, 1, written.line, 1), hint)

    # --- waits --------------------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def waits(self) -> tuple[Wait, ...]:
        """Everything that flows wait for, sorted."""

    def waiting(self, kind: str) -> list[str]:
        """The flows that wait for something of that kind, sorted."""
        return sorted({wait.flow for wait in self.waits if wait.kind == kind})

    @property
    def asks(self) -> bool:
        """Whether a flow asks people."""
        return bool(self.waiting("approval"))

    @property
    def listens(self) -> bool:
        """Whether a flow waits for events."""
        return bool(self.waiting("event"))

    # --- triggers -----------------------------------------------------------------------------------------------

    @cached_property
    def https(self) -> tuple[Http, ...]:
        return tuple(trigger for trigger in self.app.triggers if isinstance(trigger, Http))

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        return tuple(trigger for trigger in self.app.triggers if isinstance(trigger, Schedule))

    @cached_property
    def objects(self) -> tuple[ObjectCreated, ...]:
        return tuple(trigger for trigger in self.app.triggers if isinstance(trigger, ObjectCreated))

    @cached_property
    def messages(self) -> tuple[QueueMessage, ...]:
        return tuple(trigger for trigger in self.app.triggers if isinstance(trigger, QueueMessage))

    @cached_property
    def on_events(self) -> tuple[OnEvent, ...]:
        return tuple(trigger for trigger in self.app.triggers if isinstance(trigger, OnEvent))

    # --- what the app owns --------------------------------------------------------------------------------------

    @cached_property
    def own_buckets(self) -> tuple[Bucket, ...]:
        return tuple(found for found in self.app.resources if isinstance(found, Bucket))

    @cached_property
    def own_queues(self) -> tuple[Queue, ...]:
        return tuple(found for found in self.app.resources if isinstance(found, Queue))

    @cached_property
    def own_secrets(self) -> tuple[Secret, ...]:
        """The app's secrets, those of notifiers included; each once."""
        owned = [found for found in self.app.resources if isinstance(found, Secret)]
        return tuple({found.name: found for found in [*owned, *(one.url for one in self.webhooks)]}.values())

    # --- who is told --------------------------------------------------------------------------------------------

    def notifiers(self, *, alarms: bool) -> tuple[Notifier, ...]:
        """Who is told of alarms, or of approvals."""
        return tuple(one for one in self.app.notify if (one.alarms if alarms else one.approvals))

    @property
    def tells(self) -> bool:
        """Whether somebody is told of approvals."""
        return self.asks and bool(self.notifiers(alarms=False))

    @property
    def emails(self) -> tuple[EmailNotifier, ...]:
        return tuple(one for one in self.app.notify if isinstance(one, EmailNotifier))

    @property
    def webhooks(self) -> tuple[WebhookNotifier, ...]:
        return tuple(one for one in self.app.notify if isinstance(one, WebhookNotifier))

    @property
    def hooks(self) -> dict[str, tuple[WebhookNotifier, ...]]:
        """The webhooks by the secrets that hold their addresses: one address may serve several audiences."""
        names = dict.fromkeys(notifier.url.name for notifier in self.webhooks)
        return {name: tuple(one for one in self.webhooks if one.url.name == name) for name in names}


def waits_of(flows: Iterable[str], programs: Mapping[str, Program]) -> tuple[Wait, ...]:
    """The waits of flows and of the flows that they call, sorted."""
    return tuple(sorted({wait for flow in flows for wait in _waits(flow, programs[flow])}, key=repr))


def _waits(flow: str, program: Program) -> Iterator[Wait]:
    for below in program.flows.values():
        for statement in ir.walk(below.body):
            match statement:
                case ir.Approval():
                    yield Wait(flow, "approval", None)
                case ir.WaitFor(event=event):
                    yield Wait(flow, "event", str(event.value) if isinstance(event, Literal) else None)
                case _:
                    pass
