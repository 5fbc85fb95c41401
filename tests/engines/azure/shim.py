"""What the extension does with the actions of an SDK: it awaits one after the other, and schedules what it comes to.

https://github.com/Azure/azure-functions-durable-extension/blob/dev/src/WebJobs.Extensions.DurableTask/Listener/OutOfProcOrchestrationShim.cs
(`ProcessAsyncActionsV2`, `InvokeAPIFromAction`). An action behind one that is not done is not scheduled, and an
orchestration whose actions are not all done does not complete, whatever the SDK says of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from azure.durable_functions.models.actions import ActionType
from azure.durable_functions.models.history import HistoryEventType as Kind
from engines.azure.history import Event

Action = dict[str, Any]
SIMPLE = (
    ActionType.CALL_ACTIVITY,
    ActionType.CALL_SUB_ORCHESTRATOR,
    ActionType.CREATE_TIMER,
    ActionType.WAIT_FOR_EXTERNAL_EVENT,
)


class ActionRefused(Exception):
    """The extension does not take an action, or the project does without it."""


@dataclass(frozen=True)
class Command:
    """An action that was scheduled: its number is what its completion names; events have none."""

    number: int
    action: Action

    @property
    def kind(self) -> ActionType:
        """What it does."""
        return ActionType(self.action["actionType"])


@dataclass
class Replayed:
    """What the extension came to.

    Attributes:
        commands: What was scheduled, in order.
        open: Those that have no answer; waits for events do not count.
        finished: Whether all actions are done.
        renewed: The input with which the orchestration starts again, as JSON text, or None.
    """

    commands: list[Command] = field(default_factory=list)
    open: list[Command] = field(default_factory=list)
    finished: bool = True
    renewed: str | None = None


def replay(actions: list[Action], history: list[Event]) -> Replayed:
    """Replays actions over what has happened so far."""
    return _Replay(history).over(actions)


class _Replay:
    def __init__(self, history: list[Event]) -> None:
        self.numbers, self.arrived, self.waits = set[int](), set[str](), set[str]()
        for happened in history:
            match Kind(happened["EventType"]):
                case Kind.TASK_COMPLETED | Kind.TASK_FAILED:
                    self.numbers.add(happened["TaskScheduledId"])
                case Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED | Kind.SUB_ORCHESTRATION_INSTANCE_FAILED:
                    self.numbers.add(happened["TaskScheduledId"])
                case Kind.TIMER_FIRED:
                    self.numbers.add(happened["TimerId"])
                case Kind.EVENT_RAISED:
                    self.arrived.add(happened["Name"].lower())
        self.next = 0
        self.found = Replayed()

    def over(self, actions: list[Action]) -> Replayed:
        for action in actions:
            if not self.done(action):
                self.found.finished = False
                break
        return self.found

    def done(self, action: Action) -> bool:
        """Schedules an action; whether it is done."""
        match ActionType(action["actionType"]):
            case ActionType.WHEN_ALL:
                return all(self.each(action))
            case ActionType.WHEN_ANY:
                if not action["compoundActions"]:
                    raise ActionRefused("Task.WhenAny of no tasks: an ArgumentException")
                return any(self.each(action))
            case ActionType.CONTINUE_AS_NEW:
                self.found.renewed = action["input"]
                return True
            case ActionType.WAIT_FOR_EXTERNAL_EVENT:
                return self.waited(action)
            case kind if kind in SIMPLE:
                number, self.next = self.next, self.next + 1
                command = Command(number, action)
                self.found.commands.append(command)
                done = number in self.numbers or bool(action.get("isCanceled"))
                self.found.open += [] if done else [command]
                return done
            case kind:
                raise ActionRefused(f"{kind.name}: no generated orchestrator needs it, so these tests do not play it")

    def waited(self, action: Action) -> bool:
        """Waits for an event. Two waits for one name are refused: 1.7.0 loses an event or gives it to both, and the
        extension answers the youngest wait first (`WaitForExternalEvent` of DurableOrchestrationContext.cs).
        """
        name = action["externalEventName"].lower()
        if name in self.waits:
            raise ActionRefused(f"a second wait for the event {name}")
        self.waits.add(name)
        self.found.commands.append(Command(-1, action))
        return name in self.arrived

    def each(self, action: Action) -> list[bool]:
        """Schedules all parts, also behind one that decides."""
        return list(map(self.done, action["compoundActions"]))
