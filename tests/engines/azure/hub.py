"""A task hub: orchestrations, the activities and timers that they wait for, and the messages between them.

It knows no time of its own and runs nothing by itself: somebody asks what there is to do and does it, with a clock
that jumps (host.py) or with the machine's. What it does with the answers of orchestrators is in shim.py.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from azure.durable_functions.models.actions import ActionType
from azure.durable_functions.models.history import HistoryEventType as Kind
from engines.azure import history, limits
from engines.azure.clock import Clock
from engines.azure.functions import Functions, run_activity
from engines.azure.history import Event
from engines.azure.instance import Instance, Parent
from engines.azure.newtonsoft import reread
from engines.azure.sdk import NotDeterministic, State, called
from engines.azure.shim import Command, Replayed, replay


@dataclass(frozen=True)
class Activity:
    """An activity that is to run, or ran: payload and result are JSON texts."""

    instance: str
    execution: int
    number: int
    name: str
    payload: str


@dataclass(frozen=True)
class Timer:
    """A timer, due at a time in seconds since 1970."""

    instance: str
    execution: int
    number: int
    due: float


class UnknownFunction(AssertionError):
    """An orchestrator calls what the app has not."""


class LeftOpen(AssertionError):
    """An orchestration returned and left a timer running: it must be cancelled."""


@dataclass
class TaskHub:
    """The hub.

    Attributes:
        functions: The app.
        clock: Its time.
        instances: All orchestrations, by id.
        activities: Those that nobody has begun.
        timers: Those that have not fired.
        done: Activities that were run.
        version: What new orchestrations get: `defaultVersion` of host.json.
        watching: Whether orchestrators are watched for what they must not do, which takes most of the time.
    """

    functions: Functions
    clock: Clock
    instances: dict[str, Instance] = field(default_factory=dict)
    activities: deque[Activity] = field(default_factory=deque)
    timers: list[Timer] = field(default_factory=list)
    done: list[Activity] = field(default_factory=list)
    version: str = ""
    watching: bool = True
    _executions: Iterator[int] = field(default_factory=itertools.count)

    def start(self, name: str, payload: str, instance_id: str, parent: Parent | None = None) -> Instance:
        """Starts an orchestration with a JSON text: `client.start_new`, or a call from another."""
        function = self.functions.orchestrators.get(name.lower())
        if function is None:
            raise UnknownFunction(f"no orchestrator {name}")
        limits.check_id(instance_id)
        limits.check_payload(payload, f"the input of {name}")
        held = self.instances.get(instance_id)
        if held is not None and not held.over:
            raise ValueError(f"an instance {instance_id} is running")
        now = self.clock.now()
        instance = Instance(instance_id, function.name, payload, now, parent, execution=next(self._executions))
        instance.version = self.version
        fields = {"Name": function.name, "Version": instance.version, "Input": payload}
        instance.inbox.append(history.event(Kind.EXECUTION_STARTED, now, -1, fields))
        self.instances[instance_id] = instance
        return instance

    def raise_event(self, instance_id: str, name: str, data: str) -> None:
        """Sends an event with a JSON text. To an orchestration that has ended it is lost."""
        limits.check_payload(data, f"the event {name}")
        event = history.event(Kind.EVENT_RAISED, self.clock.now(), -1, {"Name": name, "Input": reread(data)})
        self.send(instance_id, event)

    def terminate(self, instance_id: str, reason: str) -> None:
        """Ends an orchestration at once. Those it called run on.

        https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-instance-management
        """
        instance = self.instances[instance_id]
        if not instance.over:
            instance.status, instance.output = "Terminated", json.dumps(reason)
            self._ended(instance)

    def send(self, instance_id: str, event: Event, execution: int | None = None) -> None:
        """A message to an orchestration; answers to one that has since begun anew are dropped."""
        instance = self.instances.get(instance_id)
        if instance is not None and not instance.over and execution in (None, instance.execution):
            instance.inbox.append(event)

    def step(self, instance: Instance, take: int) -> None:
        """Lets an orchestrator go on with the first messages of its inbox."""
        now = self.clock.now()
        for past in instance.history:
            past["IsPlayed"] = True
        arrived, instance.inbox = instance.inbox[:take], instance.inbox[take:]
        instance.history += [history.started(now), *({**event, "Timestamp": history.moment(now)} for event in arrived)]
        instance.status, instance.updated = "Running", now
        instance.episodes += 1
        state = called(self.functions.orchestrators[instance.name.lower()], instance, self.watching)
        replayed = replay(state.actions, instance.history)
        self._scheduled(instance, replayed)
        instance.history.append(history.completed(now))
        if state.status is not None:
            instance.custom_status = json.dumps(state.status)
            limits.check_status(instance.custom_status)
        instance.says_done = state.done or state.error is not None
        if instance.says_done:
            self._no_timer_runs(instance, replayed)
        if replayed.finished and not (instance.says_done and replayed.open):
            self._after(instance, state, replayed)

    def _no_timer_runs(self, instance: Instance, replayed: Replayed) -> None:
        """An orchestration stays open while activities, others and timers that it started run; timers it can cancel.

        https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-timers, `HasOpenTasks` in
        https://github.com/Azure/durabletask/blob/main/src/DurableTask.Core/TaskOrchestrationExecutor.cs
        """
        if replayed.renewed is None and any(one.kind is ActionType.CREATE_TIMER for one in replayed.open):
            raise LeftOpen(f"{instance.id} has returned, and a timer runs on")

    def _scheduled(self, instance: Instance, replayed: Replayed) -> None:
        """Does what an orchestrator asked for since it ran last; what it asked for before must be the same."""
        known, commands = instance.commands, replayed.commands
        for before, now in zip(known, commands, strict=False):
            if {**before.action, "isCanceled": None} != {**now.action, "isCanceled": None}:
                raise NotDeterministic(f"{instance.name}: {before.action} became {now.action}")
        if len(commands) < len(known):
            raise NotDeterministic(f"{instance.name}: {known[len(commands)].action} is not asked for any more")
        for command in commands[len(known) :]:
            self._schedule(instance, command)
        instance.commands = commands

    def _schedule(self, instance: Instance, command: Command) -> None:
        now, action, number = self.clock.now(), command.action, command.number
        match command.kind:
            case ActionType.CALL_ACTIVITY:
                name, payload = action["functionName"], action["input"]
                if name.lower() not in self.functions.activities:
                    raise UnknownFunction(f"{instance.name} calls the activity {name}, which the app has not")
                limits.check_activity(payload, f"the input of {name}")
                self.activities.append(Activity(instance.id, instance.execution, number, name, payload))
                instance.history.append(history.event(Kind.TASK_SCHEDULED, now, number, {"Name": name}))
            case ActionType.CREATE_TIMER:
                due = history.seconds(action["fireAt"])
                self.timers.append(Timer(instance.id, instance.execution, number, due))
                instance.history.append(history.event(Kind.TIMER_CREATED, now, number, {"FireAt": action["fireAt"]}))
            case ActionType.CALL_SUB_ORCHESTRATOR:
                name, child = action["functionName"], action.get("instanceId") or instance.child(number)
                kind = Kind.SUB_ORCHESTRATION_INSTANCE_CREATED
                instance.history.append(history.event(kind, now, number, {"Name": name, "InstanceId": child}))
                self.start(name, json.dumps(action["input"]), child, Parent(instance.id, instance.execution, number))
            case _:
                pass

    def _after(self, instance: Instance, state: State, replayed: Replayed) -> None:
        """What becomes of an orchestration whose actions are all done."""
        if replayed.renewed is not None:
            self._renew(instance, replayed.renewed)
        elif state.error is not None:
            instance.status = "Failed"
            instance.output = json.dumps(f"Orchestrator function '{instance.name}' failed: {state.error}")
            self._ended(instance)
        elif state.done:
            instance.status, instance.output = "Completed", json.dumps(state.output)
            limits.check_payload(instance.output, f"the output of {instance.name}")
            self._ended(instance)

    def _renew(self, instance: Instance, payload: str) -> None:
        """Continues as new: the history begins again, messages that were not looked at stay."""
        now = self.clock.now()
        instance.history, instance.commands, instance.input = [], [], json.dumps(payload)
        instance.execution = next(self._executions)
        self.timers = [timer for timer in self.timers if timer.instance != instance.id]
        fields = {"Name": instance.name, "Version": instance.version, "Input": instance.input}
        instance.inbox.insert(0, history.event(Kind.EXECUTION_STARTED, now, -1, fields))

    def _ended(self, instance: Instance) -> None:
        instance.updated = self.clock.now()
        instance.inbox.clear()
        self.timers = [timer for timer in self.timers if timer.instance != instance.id]
        if instance.parent is not None:
            self._tell(instance, instance.parent)

    def _tell(self, instance: Instance, parent: Parent) -> None:
        kind, outcome = Kind.SUB_ORCHESTRATION_INSTANCE_COMPLETED, {"Result": instance.output}
        if instance.status != "Completed":
            kind, outcome = Kind.SUB_ORCHESTRATION_INSTANCE_FAILED, {"Reason": instance.value, "Details": ""}
        fields = {"TaskScheduledId": parent.number, **outcome}
        self.send(parent.id, history.event(kind, self.clock.now(), -1, fields), parent.execution)

    def cancelled(self, timer: Timer) -> bool:
        """Whether the orchestrator has let go of a timer; its message comes all the same."""
        held = [one for one in self.instances[timer.instance].commands if one.number == timer.number]
        return any(one.kind is ActionType.CREATE_TIMER and one.action["isCanceled"] for one in held)

    def fire(self, timer: Timer) -> None:
        """A timer is due."""
        self.timers.remove(timer)
        fired = history.event(Kind.TIMER_FIRED, self.clock.now(), -1, {"TimerId": timer.number})
        self.send(timer.instance, fired, timer.execution)

    def run(self, activity: Activity) -> dict[str, Any]:
        """Runs an activity; the fields of its completion. An exception fails it, with the worker's text."""
        try:
            result = run_activity(self.functions.activities[activity.name.lower()], activity.payload)
            limits.check_payload(result, f"the result of {activity.name}")
        except limits.TooLarge:
            raise
        except Exception as problem:
            text = f"Result: Failure\nException: {type(problem).__name__}: {problem}"
            return {"Reason": f"Activity function '{activity.name}' failed: {text}", "Details": ""}
        return {"Result": reread(result)}

    def complete(self, activity: Activity, outcome: dict[str, Any]) -> None:
        """Hands an activity's outcome to its orchestration."""
        self.done.append(activity)
        kind = Kind.TASK_COMPLETED if "Result" in outcome else Kind.TASK_FAILED
        fields = {"TaskScheduledId": activity.number, **outcome}
        self.send(activity.instance, history.event(kind, self.clock.now(), -1, fields), activity.execution)
