"""Shows plans, and what happens while they are applied."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from skyloom.cli.output import clean, console, duration, show, show_table

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from skyloom.deployers.events import Changed, Event, Finished
    from skyloom.deployers.plan import Action, Change, Plan

_MARKS: dict[Action, tuple[str, str]] = {
    "create": ("+", "green"),
    "import": ("<", "green"),
    "update": ("~", "yellow"),
    "replace": ("!", "bold magenta"),
    "delete": ("-", "red"),
    "keep": ("=", "dim"),
}
"""For each action the sign in front of it, and its style."""

_DOING: dict[Action, str] = {
    "create": "creating",
    "import": "taking over",
    "update": "updating",
    "replace": "replacing",
    "delete": "deleting",
    "keep": "keeping",
}


def show_plan(plan: Plan) -> None:
    """The plan as a table on stdout, with what it would cost in data."""
    show(f"{plan.app} in {plan.environment} ({plan.target}, {plan.place})", "bold")
    if plan.changes:
        show_table(("", "CHANGE", "KIND", "NAME", "DETAILS"), map(_row, plan.changes))
    show(plan.summary, "" if plan.is_empty else "bold")
    for note in plan.notes:
        show(note, "yellow")
    lost = [f"{change.kind} {change.name}" for change in plan.changes if change.loses_data]
    if lost:
        show(f"with all their data: {', '.join(lost)}", "bold red")


def _row(change: Change) -> Sequence[str | Text]:
    from rich.text import Text

    sign, style = _MARKS[change.action]
    action = change.action if change.certain else f"perhaps {change.action}"
    return Text(sign, style), Text(action, style), change.kind, change.name, ", ".join(change.details)


class Shown(Protocol):
    """Shows what happens."""

    def event(self, event: Event) -> None: ...


def follow(events: Iterable[Event], *, quiet: bool) -> Finished | None:
    """Shows the events as they come, on stderr, and gives the last one; None where nothing had to be done."""
    from skyloom.deployers.events import Finished

    ended: Finished | None = None
    with _showing(quiet=quiet) as shown:
        for event in events:
            if isinstance(event, Finished):
                ended = event
            else:
                shown.event(event)
    return ended


@contextmanager
def _showing(*, quiet: bool) -> Iterator[Shown]:
    screen = console(stderr=True)
    if quiet:
        yield Silent()
    elif screen.is_terminal and not screen.is_dumb_terminal:
        from rich.live import Live

        picture = Picture(screen)
        with Live(get_renderable=picture.drawn, console=screen, refresh_per_second=8, redirect_stdout=False):
            yield picture
    else:
        yield Lines(screen)


class Silent:
    """Shows nothing."""

    def event(self, event: Event) -> None: ...


class Lines:
    """A line for everything that happens, for logs and pipes."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen

    def event(self, event: Event) -> None:
        text, style = told(event)
        self._screen.print(clean(f"  {text}"), style=style, soft_wrap=True)


@dataclass(slots=True)
class _Open:
    """Something that is being changed."""

    event: Changed
    since: float


class Picture:
    """What is being changed at the moment, below the lines of what has happened."""

    def __init__(self, screen: Console) -> None:
        from rich.spinner import Spinner

        self._screen = screen
        self._spinner = Spinner("line", style="cyan")
        self._open: dict[tuple[str, str], _Open] = {}

    def event(self, event: Event) -> None:
        from skyloom.deployers.events import Changed

        if isinstance(event, Changed):
            what = (event.kind, event.name)
            if event.state == "started":
                self._open.setdefault(what, _Open(event, time.monotonic())).event = event
                return
            began = self._open.pop(what, None)
            took = "" if began is None else f" ({duration(time.monotonic() - began.since)})"
        else:
            took = ""
        text, style = told(event)
        self._screen.print(clean(text + took), style=style, soft_wrap=True)

    def drawn(self) -> RenderableType:
        """The rows of what is open, as many as fit."""
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 1))
        for row in [*self._open.values()][: max(1, self._screen.height - 3)]:
            text, _ = told(row.event)
            table.add_row(self._spinner, Text(clean(text)), Text(duration(time.monotonic() - row.since), "dim"))
        return table


def told(event: Event) -> tuple[str, str]:
    """The event as a line, and its style."""
    from typing import assert_never

    from skyloom.deployers.events import Changed, Finished, Said, Uploaded

    match event:
        case Said(text=text):
            return text, "dim"
        case Uploaded(name=name, size=size, new=new):
            return f"{'uploaded' if new else 'there already'}: {name} ({_size(size)})", "dim"
        case Changed():
            sign, style = _MARKS[event.action]
            undoing = "taking back: " if event.undoing else ""
            if event.state == "failed":
                return f"x {event.kind} {event.name}: {event.reason}", "bold red"
            if event.state == "started":
                return f"{sign} {undoing}{_DOING[event.action]} {event.kind} {event.name}", "dim"
            return f"{sign} {undoing}{event.kind} {event.name}: done", style
        case Finished(text=text):
            return text, "bold green"
        case _ as never:
            return assert_never(never)


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
