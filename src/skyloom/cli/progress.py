"""Shows a run while it runs, on stderr: a live picture on a terminal, plain lines everywhere else."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from skyloom.cli.board import Board, Row, State
from skyloom.cli.output import clean, console, duration

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from skyloom.flows.runner.events import RunEvent
    from skyloom.flows.runner.store import Run, Wait

_SYMBOLS: dict[State, tuple[str, str, str]] = {
    "running": ("·", ".", "cyan"),
    "waiting": ("?", "?", "bold yellow"),
    "retrying": ("↻", "~", "yellow"),
    "done": ("✓", "+", "green"),
    "failed": ("✗", "x", "bold red"),
    "stopped": ("-", "-", "dim"),
}
"""For each state the symbol, the symbol where only ASCII can be shown, and the style."""


class Progress(Protocol):
    """Shows a run. `showing` is the context in which the run runs."""

    def showing(self) -> AbstractContextManager[None]: ...
    def announce(self, run: Run) -> None: ...
    def observe(self, event: RunEvent) -> None: ...
    def line(self, text: str, style: str = "") -> None: ...


def progress(*, quiet: bool) -> Progress:
    """The display that fits stderr."""
    screen = console(stderr=True)
    if quiet:
        return Silent()
    return LivePicture(screen) if screen.is_terminal and not screen.is_dumb_terminal else Lines(screen)


class Silent:
    """Shows nothing."""

    def showing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def announce(self, run: Run) -> None: ...
    def observe(self, event: RunEvent) -> None: ...
    def line(self, text: str, style: str = "") -> None: ...


class Lines:
    """A line for everything that happens, for logs and pipes."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen
        self._board = Board(_question)

    def showing(self) -> AbstractContextManager[None]:
        return nullcontext()

    def announce(self, run: Run) -> None:
        self.line(f"run {run.id}")

    def observe(self, event: RunEvent) -> None:
        row = self._board.apply(event, time.monotonic())
        if row is not None:
            self.line(f"  {row.label}: {_told(row, event)}")

    def line(self, text: str, style: str = "") -> None:
        self._screen.print(clean(text), style=style, soft_wrap=True)


def _told(row: Row, event: RunEvent) -> str:
    took = "" if row.ended is None else f" ({duration(row.ended - row.started)})"
    match event.what:
        case "started":
            return "started" if row.total is None else f"started, {row.total} item{'' if row.total == 1 else 's'}"
        case "replayed":
            return "done before"
        case "retrying":
            return f"attempt failed, {row.note}"
        case "waiting":
            return f"waiting: {row.note}" + "".join(f"\n      {command}" for command in row.commands)
        case "done":
            return ("done" if row.total is None else f"{row.items}/{row.total} items done") + took
        case "failed":
            # What fails inside a map may be caught there.
            return f"failed: {row.note}{took}" if row.ended is not None else f"an item failed, {row.note}"


class LivePicture:
    """A table of the steps that is drawn anew several times a second. Other threads may report to it."""

    def __init__(self, screen: Console) -> None:
        from rich.spinner import Spinner

        self._screen = screen
        self._lock = threading.Lock()
        self._board = Board(_question)
        self._spinner = Spinner("dots" if _is_unicode(screen) else "line", style="cyan")

    @contextmanager
    def showing(self) -> Iterator[None]:
        from rich.live import Live

        with Live(get_renderable=self._picture, console=self._screen, refresh_per_second=8, redirect_stdout=False):
            try:
                yield
            finally:
                with self._lock:
                    self._board.stop(time.monotonic())

    def announce(self, run: Run) -> None:
        self.line(f"run {run.id}", "bold")

    def observe(self, event: RunEvent) -> None:
        with self._lock:
            self._board.apply(event, time.monotonic())

    def line(self, text: str, style: str = "") -> None:
        self._screen.print(clean(text), style=style, soft_wrap=True)

    def _picture(self) -> RenderableType:
        with self._lock:
            return picture(self._board, time.monotonic(), self._screen, self._spinner)


def picture(board: Board, now: float, screen: Console, spinner: RenderableType) -> RenderableType:
    """The rows as a tree that fits the height of the screen: what is open stays, what ended first goes first."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    kept = _fitting(list(board.rows.values()), max(4, screen.height - 4))
    hidden = board.forgotten + len(board.rows) - len(kept)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=max(12, screen.width // 2))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True, style="dim")
    for depth, label, row in _tree(kept):
        symbol, ascii_symbol, style = _SYMBOLS[row.state]
        shown = symbol if _is_unicode(screen) else ascii_symbol
        mark = spinner if row.state == "running" else Text(shown, style=style)
        took = "before" if row.before else duration((row.ended or now) - row.started)
        table.add_row(mark, Text(clean("  " * depth + label)), _detail(row, style), took)
    if not hidden:
        return table
    return Group(Text(f"  {hidden} earlier steps have ended", style="dim"), table)


def _detail(row: Row, style: str) -> RenderableType:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    note = Text(clean(row.note), style="" if row.state == "done" else style)
    if row.total is not None:
        failed = f", {row.failures} failed" if row.failures else ""
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=max(row.total, 1), completed=row.items if row.total else 1, width=24),
            Text(f"{row.items}/{row.total}{failed}"),
        )
        return Group(bar, note) if row.note else bar
    if row.commands:
        return Group(note, *(Text(clean(command), style="bold") for command in row.commands))
    return note


def _fitting(rows: list[Row], height: int) -> list[Row]:
    """The rows that fit."""
    lines = {row.path: 1 + len(row.commands) + (row.total is not None and bool(row.note)) for row in rows}
    excess = sum(lines.values()) - height
    left_out: set[str] = set()
    for row in sorted(rows, key=lambda row: (row.is_open, row.ended or row.started)):
        if excess <= 0:
            break
        left_out.add(row.path)
        excess -= lines[row.path]
    return [row for row in rows if row.path not in left_out]


def _tree(rows: list[Row]) -> list[tuple[int, str, Row]]:
    """The rows with those that are inside a step below it: how deep each stands, and its label there."""
    by_path = {row.path: row for row in rows}
    inside: dict[str, list[Row]] = {}
    for row in rows:
        inside.setdefault(_around(row.path, by_path), []).append(row)
    found: list[tuple[int, str, Row]] = []

    def add(path: str, depth: int) -> None:
        for row in inside.get(path, ()):
            found.append((depth, row.path.removeprefix(path).lstrip("/.") if path else row.label, row))
            add(row.path, depth + 1)

    add("", 0)
    return found


def _around(path: str, rows: Mapping[str, Row]) -> str:
    """The path of the innermost row that the path leads through; empty where there is none."""
    for end in reversed([cut.start() for cut in re.finditer(r"[/.\[]", path)]):
        if path[:end] in rows:
            return path[:end]
    return ""


def _is_unicode(screen: Console) -> bool:
    return screen.encoding.startswith("utf")


def _question(wait_id: str) -> Wait:
    from skyloom.flows.runner.store import RunStore

    store = RunStore()
    try:
        return store.wait(wait_id)
    finally:
        store.close()
