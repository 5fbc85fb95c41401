"""Ending work that takes too long, and errors on the wire."""

from __future__ import annotations

import json
import signal
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyloom.adapters.hosts.deadline import Expired, within
from skyloom.adapters.hosts.wire import MOST_BYTES, on_the_wire
from skyloom.flows.outcome import ErrorValue


def test_work_in_time_gives_its_result_and_leaves_no_alarm() -> None:
    before = signal.getsignal(signal.SIGALRM)
    assert within(5, lambda: 42) == 42
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_an_error_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_slow_work_is_interrupted_and_tidies_up() -> None:
    tidied = []

    def work() -> None:
        try:
            time.sleep(10)
        finally:
            tidied.append(True)

    started = time.monotonic()
    with pytest.raises(Expired):
        within(0.1, work)
    assert time.monotonic() - started < 5
    assert tidied == [True]


def test_what_swallows_the_alarm_has_timed_out_all_the_same() -> None:
    def work() -> str:
        try:
            time.sleep(10)
        except BaseException:
            return "done"
        return "slept"

    with pytest.raises(Expired):
        within(0.1, work)


def test_in_another_thread_slow_work_is_left_alone() -> None:
    outcomes: list[object] = []

    def attempt() -> None:
        outcomes.append(within(5, lambda: 1))
        try:
            within(0.05, lambda: time.sleep(0.5))
        except Expired:
            outcomes.append("expired")
        try:
            within(5, lambda: 1 // 0)
        except ZeroDivisionError:
            outcomes.append("error")

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert outcomes == [1, "expired", "error"]


ERROR = ErrorValue("VeryBroken", ("Broken", "ValueError", "Exception"), "no")


@pytest.mark.parametrize(
    ("never", "on", "name"),
    [
        ((), (), "VeryBroken"),
        ((), ("Exception",), "VeryBroken"),
        ((), ("OSError", "Broken"), "Broken"),
        (("ValueError",), ("Broken",), "ValueError"),
        ((), ("VeryBroken", "Broken"), "VeryBroken"),
    ],
)
def test_the_name_on_the_wire(never: tuple[str, ...], on: tuple[str, ...], name: str) -> None:
    raised = on_the_wire(ERROR, never, on)
    assert type(raised).__name__ == name
    assert json.loads(str(raised)) == ERROR.to_json()


@given(message=st.text(max_size=50), times=st.integers(300, 3000))
def test_a_message_is_cut_to_what_fits(message: str, times: int) -> None:
    text = str(on_the_wire(ErrorValue("E", ("Exception",), message * times)))
    assert len(text.encode()) <= MOST_BYTES
    told = json.loads(text)["message"]
    assert (message * times).startswith(told.removesuffix(" … (cut)"))
