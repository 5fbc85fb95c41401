"""What a run looks like at a moment: one row a step, one row a map, folded from the events of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from skyloom.flows.runner.events import RunEvent
    from skyloom.flows.runner.store import Wait

State = Literal["running", "waiting", "retrying", "done", "failed", "stopped"]

MOST_ROWS = 300
"""Rows that are kept. Of more, those that ended first are forgotten and only counted."""

_HOLDS_OTHERS = ("call_flow", "race", "map")
"""Kinds of steps with steps inside, which end with them."""


@dataclass(slots=True)
class Row:
    """A step, or a whole map. Times are those of a monotonic clock, in seconds.

    Attributes:
        label: its path without the flow in front.
        note: the last error, or what is waited for.
        commands: what to type to answer it.
        total: how many items the map has; None for every other step.
        items: how many of them are done.
        failures: how often a step inside the map has failed.
        before: whether an earlier process of the run finished it.
    """

    path: str
    label: str
    kind: str
    state: State
    started: float
    ended: float | None = None
    note: str = ""
    commands: tuple[str, ...] = ()
    total: int | None = None
    items: int = 0
    failures: int = 0
    before: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("running", "waiting", "retrying")


class Board:
    """Folds events into rows. What happens inside a map shows in the map's row, except for questions to people.

    Attributes:
        rows: by path, in the order in which the steps started.
        forgotten: how many rows of ended steps are no longer there.
    """

    def __init__(self, question: Callable[[str], Wait]) -> None:
        self._question = question
        self.rows: dict[str, Row] = {}
        self.forgotten = 0

    def apply(self, event: RunEvent, now: float) -> Row | None:
        """Takes an event in, and gives the row that it changed in a way worth telling; None for an item of a map and
        for what ends as expected inside one."""
        path = event.place.path
        if event.kind == "map_item":
            return self._item(path)
        around = self._map_around(path)
        if around is not None and event.kind == "map":
            return None
        if around is not None and event.what != "waiting" and path not in self.rows:
            return self._inside(around, event)
        row = self._row(event, now)
        match event.what:
            case "started":
                if event.kind == "map":
                    row.total = int(event.detail)
            case "replayed":
                row.before = True
                self._end(row, "done", now)
            case "retrying":
                row.state, row.note = "retrying", event.detail
            case "waiting":
                self._ask(row, event)
            case "done":
                self._end(row, "done", now)
            case "failed":
                row.note = event.detail
                self._end(row, "failed", now)
        return row

    def stop(self, now: float) -> None:
        """The run has ended: what had not ended by then never will."""
        self._stop_below("", now)

    def _row(self, event: RunEvent, now: float) -> Row:
        path = event.place.path
        if path not in self.rows:
            self._make_room()
            self.rows[path] = Row(path, event.place.name, event.kind, "running", now)
        row = self.rows[path]
        if event.what == "started":
            row.state, row.note = "running", ""
        return row

    def _make_room(self) -> None:
        if len(self.rows) < MOST_ROWS:
            return
        first = next((row.path for row in self.rows.values() if not row.is_open), None)
        if first is not None:
            del self.rows[first]
            self.forgotten += 1

    def _map_around(self, path: str) -> Row | None:
        """The row of the outermost map that the path leads through."""
        head, bracket, _ = path.partition("[")
        return self.rows.get(head) if bracket else None

    def _item(self, path: str) -> Row | None:
        row = self.rows.get(path)
        if row is not None:
            row.items += 1
            if row.state == "retrying":
                row.state, row.note = "running", ""
        return None

    def _inside(self, row: Row, event: RunEvent) -> Row | None:
        if event.what not in ("retrying", "failed"):
            return None
        row.note = f"{event.place.name.removeprefix(row.label)}: {event.detail}"
        if event.what == "failed":
            row.failures += 1
        else:
            row.state = "retrying"
        return row

    def _ask(self, row: Row, event: RunEvent) -> None:
        row.state = "waiting"
        if event.kind == "approval":
            row.note = event.name
            row.commands = tuple(f"skyloom approvals {verb} {event.detail}" for verb in ("approve", "reject"))
        elif event.kind == "wait_for":
            row.note = f"event {event.name}"
            row.commands = (event_command(self._question(event.detail)),)

    def _end(self, row: Row, state: State, now: float) -> None:
        row.state, row.ended, row.commands = state, now, ()
        if state == "done":
            row.note = ""
        if row.kind in _HOLDS_OTHERS:
            self._stop_below(row.path, now)

    def _stop_below(self, path: str, now: float) -> None:
        for row in self.rows.values():
            if row.is_open and (not path or row.path.startswith((f"{path}/", f"{path}.", f"{path}["))):
                row.state, row.ended, row.commands = "stopped", now, ()


def event_command(wait: Wait) -> str:
    """The command that delivers the event that is waited for."""
    from shlex import quote

    key = "" if wait.key is None else f" --key {quote(wait.key)}"
    return f"skyloom events send {quote(wait.name)} JSON{key}"
