"""Runs a task hub by the machine's own clock: orchestrators one after the other, activities in threads."""

from __future__ import annotations

import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from engines.azure.clock import RealClock
from engines.azure.functions import Functions
from engines.azure.hub import Activity, TaskHub
from engines.azure.instance import Instance

_ACTIVITIES = 32
"""How many activities run at once."""
_LONGEST_PAUSE = 0.5


class RunningHub:
    """A task hub that runs. Who looks at the hub, or changes it, does so inside `changing`.

    Args:
        version: what new orchestrations get.
        state: a file that holds what an earlier host has left, and takes what this one leaves.
    """

    def __init__(self, functions: Functions, version: str = "", state: Path | None = None) -> None:
        self._hub, self._state = TaskHub(functions, RealClock(), version=version), state
        self._under_way: list[Activity] = []
        if state is not None and state.exists():
            self._hub.instances, activities, self._hub.timers = pickle.loads(state.read_bytes())
            self._hub.activities.extend(activities)
        self._changed = threading.Condition(threading.RLock())
        self._pool = ThreadPoolExecutor(_ACTIVITIES)
        self._closed = False
        threading.Thread(target=self._run, daemon=True).start()

    @contextmanager
    def changing(self) -> Iterator[TaskHub]:
        """The hub, which nobody else changes while the block lasts."""
        with self._changed:
            yield self._hub
            self._changed.notify_all()

    def close(self) -> None:
        """Lets nothing more happen. What is under way is done again by whoever goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            if self._state is not None:
                activities = [*self._under_way, *self._hub.activities]
                self._state.write_bytes(pickle.dumps((self._hub.instances, activities, self._hub.timers)))
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                if not self._advanced():
                    self._changed.wait(self._pause())

    def _advanced(self) -> bool:
        """Whether something happened."""
        now, acts = self._hub.clock.now(), list[Callable[[], None]]()
        waiting = [one for one in self._hub.instances.values() if one.inbox and not one.over]
        acts += [lambda one=one: self._step(one) for one in waiting]  # type: ignore[misc]
        while self._hub.activities:
            activity = self._hub.activities.popleft()
            acts.append(lambda activity=activity: self._begin(activity))  # type: ignore[misc]
        due = [timer for timer in self._hub.timers if timer.due <= now]
        acts += [lambda timer=timer: self._hub.fire(timer) for timer in due]  # type: ignore[misc]
        for act in acts:
            act()
        return bool(acts)

    def _pause(self) -> float:
        now = self._hub.clock.now()
        return max(0.0, min([_LONGEST_PAUSE, *(timer.due - now for timer in self._hub.timers)]))

    def _step(self, instance: Instance) -> None:
        try:
            self._hub.step(instance, len(instance.inbox))
        except Exception as problem:
            # Whatever the hub refuses is a mistake of the app: it must not look as if the run went on.
            traceback.print_exc(file=sys.stderr)
            self._hub.terminate(instance.id, f"refused by the test host: {problem!r}")

    def _begin(self, activity: Activity) -> None:
        self._under_way.append(activity)
        self._pool.submit(self._carry_out, activity)

    def _carry_out(self, activity: Activity) -> None:
        outcome: dict[str, object]
        try:
            outcome = self._hub.run(activity)
        except Exception as problem:
            traceback.print_exc(file=sys.stderr)
            outcome = {"Reason": f"refused by the test host: {problem!r}", "Details": ""}
        with self.changing() as hub:
            if not self._closed:
                self._under_way.remove(activity)
                hub.complete(activity, outcome)
