"""What the commands print."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from skyloom.cli.output import (
    clean,
    deadline_text,
    duration,
    iso,
    say,
    show,
    show_diagnostics,
    show_json,
    show_table,
)
from skyloom.errors import Diagnostic, Span

WRONG = Diagnostic(
    "SKY201",
    "`titel` is no field of Ticket",
    "review.py",
    Span(3, 8, 3, 20),
    "did you mean `title`?",
    "    x = ticket.titel",
)


def plain(printed: str) -> str:
    """The text without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", printed)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


Shown = Callable[[Callable[[], None]], str]


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """Calls a function and gives what it writes to a terminal of 60 columns."""

    def shown(action: Callable[[], None]) -> str:
        stream = Terminal()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", stream)
            patch.setenv("TERM", "xterm-256color")
            patch.setenv("COLUMNS", "60")
            action()
        return stream.getvalue()

    return shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.00 s"),
        (0.314, "0.31 s"),
        (12.44, "12.4 s"),
        (59.99, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (11_520, "3 h 12 min"),
        (367_200, "4 d 6 h"),
        (-1, "0.00 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_times_for_programs() -> None:
    assert iso(1_700_000_000.5) == "2023-11-14T22:13:20.500Z"
    assert iso(None) is None


def test_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1000.0)
    assert deadline_text(None) == "no time limit"
    assert deadline_text(1090.0) == "1 min 30 s left"
    assert deadline_text(990.0) == "time is over"


def test_control_characters_are_spelled_out() -> None:
    assert clean("a\x1b[2Jb\r\x9bc\td\n") == "a\\x1b[2Jb\\x0d\\x9bc\td\n"


def test_texts_of_others_do_not_steer_the_terminal(on_terminal: Shown) -> None:
    def action() -> None:
        show("title\x1b]0;owned\x07 [red]x[/red]")
        say("\x1b[2J")
        show_json({"text": "\x1b[31m\x9b31m"})
        show_table(("A",), [("\x1b[5m",)])

    printed = on_terminal(action)
    assert "title\\x1b]0;owned\\x07 [red]x[/red]" in printed
    assert "\\x1b[2J" in printed
    # What remains are the colours that Skyloom itself chose.
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", plain(printed))
    assert "\x1b[5m" not in printed


def test_diagnostics_keep_their_text_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show_diagnostics([WRONG, WRONG])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"{WRONG.render()}\n{WRONG.render()}\n"


@pytest.mark.parametrize(
    ("line", "file", "shown"),
    [(2, "order.py", "    2 | pay(1)\n      | ^^^\n"), (9, "order.py", ""), (0, "order.py", ""), (2, "gone.py", "")],
)
def test_compilers_know_places_only_and_the_line_is_shown(
    line: int,
    file: str,
    shown: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.py").write_text("x = 1\npay(1)\n")
    show_diagnostics([Diagnostic("SKY725", "wrong", file, Span(line, 1, line, 4), hint="mend it")])
    assert capsys.readouterr().err == f"{file}:{line}:1: SKY725 wrong\n{shown}hint: mend it\n"


def test_diagnostics_are_coloured_on_a_terminal_and_say_the_same(on_terminal: Shown) -> None:
    printed = on_terminal(lambda: show_diagnostics([WRONG]))
    assert "\x1b[1;31mSKY201\x1b[0m" in printed
    assert "\x1b[1;31m^^^^^^^^^^^^\x1b[0m" in printed
    assert plain(printed) == f"{WRONG.render()}\n"


def test_no_color_is_respected(on_terminal: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    printed = on_terminal(lambda: show_diagnostics([WRONG]))
    # Bold is no colour.
    assert set(re.findall(r"\x1b\[[0-9;]*m", printed)) <= {"\x1b[1m", "\x1b[2m", "\x1b[0m"}


def test_json_is_indented_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": "Zoë", "long": "x" * 500, "list": [1, None]}
    show_json(value)
    printed = capsys.readouterr().out
    assert printed == json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def test_json_survives_an_encoding_that_lacks_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    show_json({"name": "Zoë", "half": "\ud800"})
    sys.stdout.flush()
    assert json.loads(raw.getvalue()) == {"name": "Zoë", "half": "\ud800"}


def test_half_a_surrogate_pair_can_be_printed(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    show_json(["\ud800"])
    sys.stdout.flush()
    assert json.loads(capfdbinary.readouterr().out) == ["\ud800"]


def test_json_on_a_terminal_is_coloured_and_the_same(on_terminal: Shown) -> None:
    printed = on_terminal(lambda: show_json({"a": "x" * 100, "b": [1, True]}))
    assert "\x1b[" in printed
    assert json.loads(plain(printed)) == {"a": "x" * 100, "b": [1, True]}


def test_tables_in_a_pipe_are_not_folded(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("ID", "TEXT"), [("1", "word " * 25), ("22", "b")])
    assert capsys.readouterr().out == f"ID  TEXT\n1   {('word ' * 25).strip()}\n22  b\n"


def test_tables_on_a_narrow_terminal_are_folded_and_not_cut(on_terminal: Shown) -> None:
    printed = on_terminal(lambda: show_table(("ID", "TEXT"), [("1", "abcdefghij" * 12)]))
    lines = plain(printed).splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert "".join(line.strip().removeprefix("1   ") for line in lines[1:]) == "abcdefghij" * 12
