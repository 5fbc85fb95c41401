"""Runs an app's orchestrations at once: a task hub with a clock that jumps, and orders that a seed decides."""

from __future__ import annotations

import heapq
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from engines.azure.clock import NEW_YEAR, VirtualClock
from engines.azure.functions import Functions
from engines.azure.hub import Activity, TaskHub
from engines.azure.instance import Instance
from engines.azure.sleeping import counted


class Stuck(AssertionError):
    """Nothing is left to happen, and the orchestration has not ended."""


@dataclass(frozen=True)
class Event:
    """An event to send, some seconds after the start."""

    name: str
    data: Any
    after: float = 0.0


@dataclass(frozen=True)
class Ended:
    """How an orchestration ended.

    Attributes:
        status: Completed, Failed or Terminated.
        output: What it returned.
        error: The text of its failure.
        custom_status: What it said of itself last.
        activities: The activities that ran, in order of their completion.
        replays: How often its orchestrator ran, with those it called.
        seconds: How long it took, by the host's clock.
        instance: All else.
    """

    status: str
    output: Any
    error: str | None
    custom_status: Any
    activities: list[Activity]
    replays: int
    seconds: float
    instance: Instance


class DurableHost:
    """Activities run in this process; time that they sleep passes on the host's clock alone.

    Args:
        functions: The app, as `engines.azure.functions.loaded` gives it.
        seed: Decides in which order things happen that happen at the same time.
        start: What time it is at first, in seconds since 1970.
        watch: Is called after everything that happened, and may send events or end the run.
    """

    def __init__(
        self,
        functions: Functions,
        seed: int = 0,
        watch: Callable[[DurableHost], None] | None = None,
        start: float = NEW_YEAR,
    ) -> None:
        self.clock, self.random = VirtualClock(start), random.Random(seed)
        self.hub = TaskHub(functions, self.clock)
        self._watch = watch
        self._due: list[tuple[float, float, Callable[[], None]]] = []

    def run(self, name: str, payload: Any = None, instance_id: str = "r1", events: Iterable[Event] = ()) -> Ended:
        """Starts an orchestration with JSON, as text in a string (which arrives as it is), and waits for its end.

        Raises:
            Stuck: it waits for what never comes.
        """
        instance = self.hub.start(name, json.dumps(json.dumps(payload)), instance_id)
        for event in events:
            self.later(event.after, partial(self.send, instance_id, event.name, event.data))
        return self.finish(instance)

    def finish(self, instance: Instance) -> Ended:
        """Goes on until an orchestration has ended."""
        while not instance.over:
            if not self.advance():
                raise Stuck(_open(instance))
        replays = sum(one.episodes for one in self.hub.instances.values())
        failed = instance.status == "Failed"
        return Ended(
            instance.status,
            None if failed else instance.value,
            instance.value if failed else None,
            None if instance.custom_status is None else json.loads(instance.custom_status),
            list(self.hub.done),
            replays,
            instance.updated - instance.created,
            instance,
        )

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Does something at a later time."""
        heapq.heappush(self._due, (self.clock.now() + seconds, self.random.random(), act))

    def send(self, instance_id: str, name: str, data: Any) -> None:
        """Sends an event: as JSON, or as JSON text in a string, which is how objects arrive at times. Events are
        delivered at least once: at times twice.

        https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-external-events
        """
        text = json.dumps(data)
        told = json.dumps(text) if self.random.random() < 0.5 else text
        self.hub.raise_event(instance_id, name, told)
        if self.random.random() < 0.3:
            self.later(self.random.random(), partial(self.hub.raise_event, instance_id, name, told))

    def advance(self) -> bool:
        """Lets one thing happen; False when there is nothing."""
        choices = self._choices() or self._wait()
        if not choices:
            return False
        self.random.choice(choices)()
        if self._watch is not None:
            self._watch(self)
        return True

    def _choices(self) -> list[Callable[[], None]]:
        now = self.clock.now()
        found: list[Callable[[], None]] = [
            partial(self._step, one) for one in self.hub.instances.values() if one.inbox and not one.over
        ]
        found += [partial(self._begin, one) for one in self.hub.activities]
        found += [partial(self.hub.fire, timer) for timer in self.hub.timers if timer.due <= now]
        if self._due and self._due[0][0] <= now:
            found.append(lambda: heapq.heappop(self._due)[2]())
        return found

    def _wait(self) -> list[Callable[[], None]]:
        """Moves the clock to what comes next; a timer that was let go is nothing to wait for."""
        moments = [timer.due for timer in self.hub.timers if not self.hub.cancelled(timer)]
        moments += [self._due[0][0]] if self._due else []
        if moments:
            self.clock.move_to(min(moments))
        return self._choices() if moments else []

    def _step(self, instance: Instance) -> None:
        """Hands over some of the messages: a host takes what has come, be it one or all."""
        self.hub.step(instance, self.random.randint(1, len(instance.inbox)))

    def _begin(self, activity: Activity) -> None:
        self.hub.activities.remove(activity)
        with counted() as slept:
            outcome = self.hub.run(activity)
        self.later(slept.seconds, lambda: self.hub.complete(activity, outcome))


def _open(instance: Instance) -> str:
    last = json.dumps([command.action for command in instance.commands][-5:])
    if instance.says_done:
        return f"{instance.id} has returned, but the host still awaits what it left open, among {last}"
    return f"{instance.id} waits for what never comes, among {last}"
