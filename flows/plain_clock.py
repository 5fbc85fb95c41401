"""The time of a plain call: virtual in a script, set back by what was cancelled, and bounded by flows' timeouts."""

from __future__ import annotations

import time
from typing import Any

from skyloom.errors import SkyloomError
from skyloom.flows.definitions import Flow
from skyloom.flows.testing import Script


class Stopped(BaseException):
    """A flow's timeout has passed: it ends where it stands, past its own `except`."""

    def __init__(self, flow: Flow[..., Any]) -> None:
        super().__init__(flow.name)
        self.flow = flow


class Never:
    """The result of a call that never ends. A race passes it over; everything else that touches it fails.

    Attributes:
        stopped: for a sub-flow that was still running when the timeout of a flow around it passed.
    """

    stopped: Stopped | None

    def __init__(self, what: str, stopped: Stopped | None = None) -> None:
        self._what = what
        self.stopped = stopped

    def __getattr__(self, name: str) -> Any:
        raise SkyloomError(f"the flow waits for ever for {self._what}")

    def __bool__(self) -> bool:
        raise SkyloomError(f"the flow waits for ever for {self._what}")


class PlainClock:
    """Tells the seconds, and whether a flow that is running ran too long."""

    def __init__(self, script: Script | None) -> None:
        self._script = script
        self._cancelled = 0.0
        """Seconds that passed outside a script, in calls that were cancelled before."""
        self._deadlines: list[tuple[float, Flow[..., Any]]] = []
        """Of the flows with a timeout that are running, from the outside in."""

    def now(self) -> float:
        """Seconds on a clock that only this call has."""
        return time.monotonic() + (self._script.clock if self._script else -self._cancelled)

    def go_on(self, seconds: float) -> None:
        """Lets time pass."""
        if self._script is None:
            time.sleep(max(0.0, seconds))
        else:
            self._script.clock += max(0.0, seconds)

    def set_back(self, seconds: float) -> None:
        """Takes back time that was spent in what an engine cancels."""
        if self._script is None:
            self._cancelled += seconds
        else:
            self._script.clock -= seconds

    def start(self, flow: Flow[..., Any]) -> None:
        """`flow` begins. Every start has its `end`."""
        self._deadlines.append((self.now() + (float("inf") if flow.timeout is None else flow.timeout), flow))

    def end(self) -> None:
        """The flow that began last has ended."""
        self._deadlines.pop()

    def cut(self) -> None:
        """The flow that began last was stopped by its own timeout: what it did later took no time."""
        self.set_back(max(0.0, self.now() - self._deadlines[-1][0]))

    def stop_when_late(self) -> None:
        """Raises Stopped for the flow whose timeout passed first; at a tie, the outer one."""
        if not self._deadlines:
            return
        deadline, flow = min(self._deadlines, key=lambda of: of[0])
        if self.now() > deadline:
            raise Stopped(flow)
