"""What a run looks like at a moment."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from skyloom.cli.board import MOST_ROWS, Board, event_command
from skyloom.cli.progress import Lines, picture
from skyloom.errors import Span
from skyloom.flows.runner.engine import Place
from skyloom.flows.runner.events import RunEvent
from skyloom.flows.runner.store import RunStore, Wait

AT = Span(1, 1, 1, 2)


def event(what: Any, path: str, kind: str = "call_task", name: str = "", detail: str = "") -> RunEvent:
    step = re.split(r"[/\[#.]", path)[-1]
    return RunEvent(what, Place("answer-1", f"answer/{path}", step, AT), kind, name or step, detail)


def no_question(wait_id: str) -> Wait:
    raise AssertionError(f"nobody asked about {wait_id}")


def board_of(*events: RunEvent, question: Any = no_question) -> Board:
    """The board after the events, one a second."""
    board = Board(question)
    for second, happened in enumerate(events):
        board.apply(happened, float(second))
    return board


def states(board: Board) -> dict[str, str]:
    return {row.label: row.state for row in board.rows.values()}


def test_a_step_runs_and_ends() -> None:
    board = board_of(event("started", "search"), event("started", "load"), event("done", "search"))
    assert states(board) == {"search": "done", "load": "running"}
    row = board.rows["answer/search"]
    assert (row.started, row.ended, row.is_open) == (0.0, 2.0, False)


def test_an_attempt_that_failed_is_told_and_forgotten() -> None:
    board = board_of(event("started", "search"), event("retrying", "search", detail="OSError: away; again in 1.0 s"))
    assert states(board) == {"search": "retrying"}
    assert board.rows["answer/search"].note == "OSError: away; again in 1.0 s"
    board.apply(event("done", "search"), 9.0)
    assert (board.rows["answer/search"].state, board.rows["answer/search"].note) == ("done", "")


def test_an_error_stays_visible() -> None:
    board = board_of(event("started", "search"), event("failed", "search", detail="ValueError: no"))
    assert (board.rows["answer/search"].state, board.rows["answer/search"].note) == ("failed", "ValueError: no")


def test_a_step_of_an_earlier_process_is_done_before() -> None:
    board = board_of(event("replayed", "search"))
    assert states(board) == {"search": "done"}
    assert board.rows["answer/search"].before


def test_an_approval_waits_with_its_commands() -> None:
    board = board_of(
        event("started", "approval", "approval"), event("waiting", "approval", "approval", "Send it?", "1f0c")
    )
    row = board.rows["answer/approval"]
    assert (row.state, row.note) == ("waiting", "Send it?")
    assert row.commands == ("skyloom approvals approve 1f0c", "skyloom approvals reject 1f0c")
    board.apply(event("done", "approval", "approval"), 5.0)
    assert row.state == "done"
    assert not row.commands


def test_an_event_waits_with_its_command() -> None:
    store = RunStore()
    run = store.start_run(flow="answer", file="a.py", program="p", environment="dev", input={})
    wait = store.open_wait(run.id, "answer/wait_payment", "event", "payment", None, key="order 7")
    board = board_of(
        event("started", "wait_payment", "wait_for"),
        event("waiting", "wait_payment", "wait_for", "payment", wait.id),
        question=store.wait,
    )
    row = board.rows["answer/wait_payment"]
    assert row.note == "event payment"
    assert row.commands == ("skyloom events send payment JSON --key 'order 7'",)
    assert event_command(wait) == row.commands[0]


def test_a_map_is_one_row_that_counts() -> None:
    board = board_of(event("started", "draft_map", "map", detail="3"))
    for index in (1, 0):
        board.apply(event("started", f"draft_map[{index}]/draft"), 1.0)
        board.apply(event("done", f"draft_map[{index}]/draft"), 2.0)
        board.apply(event("done", "draft_map", "map_item", detail=str(index)), 2.0)
    board.apply(event("retrying", "draft_map[2]/draft", detail="OSError: away; again in 1.0 s"), 2.5)
    (row,) = board.rows.values()
    assert (row.total, row.items, row.failures, row.state) == (3, 2, 0, "retrying")
    assert row.note == "[2]/draft: OSError: away; again in 1.0 s"
    board.apply(event("failed", "draft_map[2]/draft", detail="OSError: away"), 3.0)
    board.apply(event("failed", "draft_map", "map", detail="OSError: away"), 3.0)
    assert (row.failures, row.state, row.note) == (1, "failed", "OSError: away")


def test_a_question_inside_a_map_has_its_own_row() -> None:
    board = board_of(
        event("started", "ask_map", "map", detail="2"),
        event("started", "ask_map[1]/approval", "approval"),
        event("waiting", "ask_map[1]/approval", "approval", "Item 1?", "aa"),
    )
    assert states(board) == {"ask_map": "running", "ask_map[1]/approval": "waiting"}
    board.apply(event("done", "ask_map[1]/approval", "approval"), 4.0)
    assert states(board)["ask_map[1]/approval"] == "done"


def test_a_map_inside_a_map_does_not_count_for_the_outer_one() -> None:
    board = board_of(
        event("started", "outer_map", "map", detail="1"),
        event("started", "outer_map[0]/inner_map", "map", detail="7"),
        event("done", "outer_map[0]/inner_map", "map_item", detail="0"),
        event("done", "outer_map[0]/inner_map", "map"),
    )
    (row,) = board.rows.values()
    assert (row.label, row.total, row.items) == ("outer_map", 1, 0)


def test_losers_of_a_race_are_stopped_when_it_is_decided() -> None:
    board = board_of(
        event("started", "race", "race"),
        event("started", "race.0/slow"),
        event("started", "race.1/quick"),
        event("started", "other"),
        event("done", "race.1/quick"),
        event("done", "race", "race"),
    )
    assert states(board) == {"race": "done", "race.0/slow": "stopped", "race.1/quick": "done", "other": "running"}


def test_when_the_run_ends_nothing_runs_on() -> None:
    board = board_of(event("started", "search"), event("started", "load"), event("done", "load"))
    board.stop(9.0)
    assert states(board) == {"search": "stopped", "load": "done"}


def drawn(board: Board, *, width: int = 80, height: int = 24, now: float = 10.0) -> str:
    screen = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    with screen.capture() as captured:
        screen.print(picture(board, now, screen, "*"))
    return captured.get()


def test_the_picture_of_a_run() -> None:
    board = board_of(
        event("started", "triage"),
        event("done", "triage"),
        event("started", "draft_map", "map", detail="4"),
        event("done", "draft_map", "map_item", detail="0"),
        event("started", "approval", "approval"),
        event("waiting", "approval", "approval", "Send it?", "1f0c"),
    )
    lines = [line.rstrip() for line in drawn(board).splitlines()]
    assert re.fullmatch(r"✓ triage +1\.00 s", lines[0])
    assert re.fullmatch(r"\* draft_map ━+[╸╺]?━* +1/4 +8\.00 s", lines[1])
    assert re.fullmatch(r"\? approval +Send it\? +6\.00 s", lines[2])
    assert [line.strip() for line in lines[3:]] == ["skyloom approvals approve 1f0c", "skyloom approvals reject 1f0c"]


def test_a_long_run_fits_the_screen_and_keeps_what_is_open() -> None:
    board = board_of(
        event("started", "slow"),
        *(event(what, f"step#{number}") for number in range(50) for what in ("started", "done")),
    )
    lines = drawn(board, height=14).splitlines()
    assert len(lines) == 11
    assert lines[0].strip() == "41 earlier steps have ended"
    assert lines[1].split()[1] == "slow"
    assert lines[-1].split()[1] == "step#49"


def test_what_is_inside_a_step_stands_below_it() -> None:
    board = board_of(
        event("started", "review", "call_flow"),
        event("started", "parallel.0/load"),
        event("started", "review/search"),
        event("started", "race", "race"),
        event("started", "review/more", "call_flow"),
        event("started", "review/more/deep"),
        event("started", "race.0/slow"),
    )
    labels = [re.split(r" +\d+\.\d+ s", line[2:])[0].rstrip() for line in drawn(board).splitlines()]
    assert labels == ["review", "  search", "  more", "    deep", "parallel.0/load", "race", "  0/slow"]


def test_a_very_long_run_keeps_few_rows() -> None:
    steps = [event(what, f"step#{number}") for number in range(MOST_ROWS * 2) for what in ("started", "done")]
    board = board_of(event("started", "slow"), *steps)
    assert (len(board.rows), board.forgotten) == (MOST_ROWS, MOST_ROWS + 1)
    assert board.rows["answer/slow"].is_open
    lines = drawn(board, height=14).splitlines()
    assert lines[0].strip() == f"{MOST_ROWS * 2 + 1 - 10} earlier steps have ended"


@pytest.mark.parametrize("width", [20, 40, 200])
def test_the_picture_keeps_within_the_width(width: int) -> None:
    board = board_of(
        event("started", "a_step_with_a_very_long_name_indeed"),
        event("failed", "a_step_with_a_very_long_name_indeed", detail="ValueError: " + "word " * 30),
    )
    assert all(len(line) <= width for line in drawn(board, width=width).splitlines())


def test_lines_for_a_log() -> None:
    stream = io.StringIO()
    lines = Lines(Console(file=stream, width=200, color_system=None))
    for happened in (
        event("started", "search"),
        event("retrying", "search", detail="OSError: away; again in 1.0 s"),
        event("failed", "search", detail="OSError: \x1b[2Jaway"),
        event("replayed", "load"),
        event("started", "draft_map", "map", detail="2"),
        event("started", "draft_map[0]/draft"),
        event("done", "draft_map[0]/draft"),
        event("done", "draft_map", "map_item", detail="0"),
        event("done", "draft_map", "map_item", detail="1"),
        event("done", "draft_map", "map"),
        event("started", "approval", "approval"),
        event("waiting", "approval", "approval", "Send it?", "1f0c"),
    ):
        lines.observe(happened)
    assert re.sub(r"\(\d\.\d\d s\)", "(T)", stream.getvalue()).splitlines() == [
        "  search: started",
        "  search: attempt failed, OSError: away; again in 1.0 s",
        "  search: failed: OSError: \\x1b[2Jaway (T)",
        "  load: done before",
        "  draft_map: started, 2 items",
        "  draft_map: 2/2 items done (T)",
        "  approval: started",
        "  approval: waiting: Send it?",
        "      skyloom approvals approve 1f0c",
        "      skyloom approvals reject 1f0c",
    ]
