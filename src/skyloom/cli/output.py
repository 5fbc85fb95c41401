"""What the commands print: consoles, tables, JSON, diagnostics and times. Results go to stdout, all else to stderr."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.errors import Diagnostic
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PLAIN_WIDTH = 200
"""Columns of output that goes to a file or a pipe: wide enough that nothing a program reads is folded."""

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
_JSON_CONTROLS = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""Those that JSON itself lets through."""


def console(*, stderr: bool = False) -> Console:
    """A console for stdout or stderr as they are now. It colours on a terminal only, and respects NO_COLOR."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    wide = PLAIN_WIDTH if not stream.isatty() and "COLUMNS" not in os.environ else None
    return Console(stderr=stderr, width=wide, markup=False, highlight=False, emoji=False)


def shown_width() -> int:
    """The columns of stdout: of the terminal, or `PLAIN_WIDTH`."""
    return console().width


def clean(text: str) -> str:
    """`text` with control characters spelled out: what flows, models and people wrote cannot steer the terminal."""
    return text.translate(_CONTROLS)


def say(text: str = "", style: str = "") -> None:
    """A line for the person at the terminal, on stderr."""
    console(stderr=True).print(clean(text), style=style, soft_wrap=True)


def show(text: str = "", style: str = "") -> None:
    """A line of the result, on stdout."""
    console().print(clean(text), style=style, soft_wrap=True)


def show_json(value: Json) -> None:
    """The value on stdout as indented JSON, coloured on a terminal."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(value, indent=2, ensure_ascii=not utf8).translate(_JSON_CONTROLS)
    # Half a surrogate pair has no UTF-8 form; its escape means the same in JSON.
    text = text.encode("utf-8", "backslashreplace").decode()
    if not sys.stdout.isatty():
        show_text(text)
        return
    from rich.highlighter import JSONHighlighter

    console().print(JSONHighlighter()(text), soft_wrap=True)


def show_text(text: str) -> None:
    """Text of Skyloom's own making on stdout, as it is."""
    sys.stdout.write(f"{text}\n")


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Rows in columns on stdout. A cell that does not fit is folded, never cut."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*(clean(cell) if isinstance(cell, str) else cell for cell in row))
    screen = console()
    if screen.is_terminal:
        screen.print(table)
        return
    with screen.capture() as captured:
        screen.print(table)
    for line in captured.get().splitlines():
        show_text(line.rstrip())


def show_diagnostics(diagnostics: Iterable[Diagnostic]) -> None:
    """Every diagnostic on stderr, with its excerpt, caret and hint."""
    screen = console(stderr=True)
    for diagnostic in diagnostics:
        screen.print(_styled(_with_source(diagnostic)), soft_wrap=True)


def _with_source(diagnostic: Diagnostic) -> Diagnostic:
    """The diagnostic with its line of source: compilers know places only."""
    if diagnostic.source is not None or diagnostic.span is None or diagnostic.span.line < 1:
        return diagnostic
    try:
        lines = Path(diagnostic.file).read_text(encoding="utf-8").splitlines()
        return replace(diagnostic, source=lines[diagnostic.span.line - 1])
    except (OSError, ValueError, IndexError):
        return diagnostic


def diagnostic_json(diagnostic: Diagnostic) -> dict[str, Json]:
    """The diagnostic for programs: places are 1-based, ends exclusive, null where there is none."""
    span = diagnostic.span
    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "file": diagnostic.file,
        "line": span and span.line,
        "column": span and span.column,
        "end_line": span and span.end_line,
        "end_column": span and span.end_column,
        "hint": diagnostic.hint,
    }


def _styled(diagnostic: Diagnostic) -> Text:
    from rich.text import Text

    text = Text(clean(diagnostic.render()))
    place = re.escape(clean(diagnostic.file)) + r"(:\d+:\d+)?:"
    text.highlight_regex(rf"\A{place}", "bold")
    text.highlight_regex(rf"(?<=: ){diagnostic.code}\b", "bold red")
    text.highlight_regex(r"(?m)^ +\d* \| ", "dim")
    text.highlight_regex(r"(?m)\^+$", "bold red")
    text.highlight_regex(r"(?m)^hint:", "bold cyan")
    return text


# --- times ----------------------------------------------------------------------------------------------------------


def duration(seconds: float) -> str:
    """`0.31 s`, `12.4 s`, `2 min 5 s`, `3 h 12 min`, `4 d 6 h`."""
    if seconds < 10:
        return f"{max(0.0, seconds):.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, unit, smaller, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {small}" if rest else "")
    raise AssertionError(seconds)


def moment(seconds: float) -> str:
    """A time since the epoch as the user's own date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def iso(seconds: float | None) -> str | None:
    """A time since the epoch as RFC 3339 in UTC, with milliseconds."""
    if seconds is None:
        return None
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def deadline_text(deadline: float | None) -> str:
    """How long a question may still be answered."""
    if deadline is None:
        return "no time limit"
    left = deadline - time.time()
    return f"{duration(left)} left" if left > 0 else "time is over"
