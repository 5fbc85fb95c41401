"""The live picture on a real (pseudo) terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

PROGRAM = """
import sys, time
from skyloom.cli.progress import progress
from skyloom.errors import Span
from skyloom.flows.runner.engine import Place
from skyloom.flows.runner.events import RunEvent

def event(what, path, kind="call_task", name="", detail=""):
    place = Place("answer-1", "answer/" + path, path, Span(1, 1, 1, 2))
    shown.observe(RunEvent(what, place, kind, name, detail))

shown = progress(quiet=False)
with shown.showing():
    shown.line("run answer-1")
    event("started", "search")
    print("a task speaks", file=sys.stderr)
    time.sleep(0.4)
    event("done", "search")
    event("started", "draft_map", "map", detail="2")
    event("done", "draft_map", "map_item", detail="0")
    event("started", "approval", "approval")
    event("waiting", "approval", "approval", "Send it?", "1f0c")
    time.sleep(0.4)
print("result")
"""


def on_terminal(columns: int, rows: int, **environment: str) -> str:
    """What the program writes to a terminal of that size."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": str(rows), **environment},
    )
    os.close(slave)
    written, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.2)
        if not ready:
            if process.poll() is not None:
                break
            continue
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        written += chunk
    os.close(master)
    assert process.wait(timeout=10) == 0, written.decode()
    return written.decode()


def final_screen(written: str) -> list[str]:
    """The lines that remain, for output that moves up, erases lines and writes, as rich does."""
    lines, row = [""], 0
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\r\n|\r|\n)", written):
        if part in ("\n", "\r\n"):
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\r":
            continue
        elif re.fullmatch(r"\x1b\[\d*A", part):
            row -= int(part[2:-1] or 1)
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith("\x1b["):
            lines[row] += part
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize("columns", [60, 100])
def test_what_remains_on_the_screen(columns: int) -> None:
    written = on_terminal(columns, 24)
    assert "\x1b[?25l" in written and "\x1b[?25h" in written.rpartition("\x1b[?25l")[2]
    screen = final_screen(written)
    assert screen[0] == "run answer-1"
    assert "a task speaks" in screen[1:3]
    text = "\n".join(screen)
    assert re.search(r"✓ search +0\.[4-9]\d s", text)
    assert re.search(r"draft_map ━+.* 1/2 +0\.[4-9]\d s", text)
    assert re.search(r"approval +Send it\? +0\.[4-9]\d s", text)
    # The run has ended: nobody is asked any more.
    assert "skyloom approvals approve" not in text
    assert "skyloom approvals approve 1f0c" in written
    assert screen[-2:] == ["result", ""]
    assert all(len(line) <= columns for line in screen)


def test_a_terminal_that_can_do_nothing_gets_lines() -> None:
    written = on_terminal(80, 24, TERM="dumb")
    assert "\x1b" not in written
    assert "  approval: waiting: Send it?\r\n      skyloom approvals approve 1f0c\r\n" in written


def test_no_color_is_no_color() -> None:
    written = on_terminal(80, 24, NO_COLOR="1")
    colours = {code for codes in re.findall(r"\x1b\[([0-9;]*)m", written) for code in codes.split(";")}
    assert colours <= {"", "0", "1", "2"}
