"""The clock on Azure: timers fire whenever a run may have to start, and runs start when they have to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from engines.azure_app.timers import Ncrontab

from skyloom.deployers.azure.services import rates, schedules
from skyloom.deployers.azure.services.rates import Rate
from skyloom.deployers.azure.services.schedules import Clock, strike, timer
from skyloom.deployers.services.objects import NEW, Changed, Found

CLOCKS = [
    (Clock(flow="f", cron="0 8 * * MON-FRI"), "0 0 8 * * 1,2,3,4,5"),
    (Clock(flow="f", cron="*/15 8-10 1 * *"), "0 0,15,30,45 8,9,10 1 * *"),
    (Clock(flow="f", cron="* * * * *"), "0 * * * * *"),
    (Clock(flow="f", cron="0 8 * * MON-FRI", timezone="Europe/Berlin"), "0 0 * * * *"),
    (Clock(flow="f", cron="30 2 * * *", timezone="Europe/Berlin"), "0 30 * * * *"),
    (Clock(flow="f", cron="0 0 1 1 *", timezone="Asia/Kathmandu"), "0 15 * * * *"),
    (Clock(flow="f", cron="0 9 * * SUN", timezone="Australia/Lord_Howe"), "0 0,30 * * * *"),
    (Clock(flow="f", cron="* 9 * * *", timezone="Asia/Tokyo"), "0 * * * * *"),
    (Clock(flow="f", minutes=5), "0 */5 * * * *"),
    (Clock(flow="f", minutes=7), "0 * * * * *"),
    (Clock(flow="f", minutes=25), "0 */5 * * * *"),
    (Clock(flow="f", minutes=90), "0 */30 * * * *"),
    (Clock(flow="f", minutes=120), "0 0 */2 * * *"),
    (Clock(flow="f", minutes=300), "0 0 * * * *"),
    (Clock(flow="f", minutes=1440), "0 0 0 * * *"),
    (Clock(flow="f", minutes=2880), "0 0 * * * *"),
]


def strikes(clock: Clock, since: datetime, hours: int) -> Iterator[datetime]:
    begin = int(since.timestamp()) // 60
    for minute in range(begin, begin + hours * 60):
        if clock.strikes(minute):
            yield datetime.fromtimestamp(minute * 60, UTC)


@pytest.mark.parametrize(("clock", "expression"), CLOCKS, ids=lambda value: str(value)[-40:])
def test_a_timer_fires_whenever_a_run_has_to_start(clock: Clock, expression: str) -> None:
    assert timer(clock) == expression
    ncrontab = Ncrontab.parse(expression)
    # Over a change of the clocks in each half of the year, and the turn of a year.
    for month, day in ((3, 27), (4, 3), (10, 23), (12, 30)):
        since = datetime(2026, month, day, tzinfo=UTC)
        for moment in strikes(clock, since, 36 * 4):
            assert ncrontab.fires(moment), moment


def test_a_schedule_counts_in_its_own_zone() -> None:
    berlin = Clock(flow="f", cron="0 8 * * *", timezone="Europe/Berlin")
    found = [moment.hour for moment in strikes(berlin, datetime(2026, 10, 24, tzinfo=UTC), 48)]
    assert found == [6, 7]


def test_an_hour_that_there_is_not_is_left_out_and_one_that_comes_twice_counts_once() -> None:
    night = Clock(flow="f", cron="30 2 * * *", timezone="Europe/Berlin")
    # On 29 March 2026 there is no half past two; on 25 October 2026 there are two.
    assert [moment.day for moment in strikes(night, datetime(2026, 3, 28, tzinfo=UTC), 72)] == [28, 30]
    autumn = [*strikes(night, datetime(2026, 10, 24, 12, tzinfo=UTC), 24)]
    assert autumn == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
    often = Clock(flow="f", cron="*/30 * * * *", timezone="Europe/Berlin")
    assert len([*strikes(often, datetime(2026, 10, 25, tzinfo=UTC), 3)]) == 6


def test_every_so_many_minutes_has_no_gap_at_midnight() -> None:
    found = [*islice(strikes(Clock(flow="f", minutes=25), datetime(2026, 1, 1, tzinfo=UTC), 72), 60)]
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=25)}


class Started:
    """Notes what is started."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def start(self, flow: str, given: Any, name: str) -> None:
        assert (flow, given) == ("f", {"day": 1})
        self.names.append(name)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    known = {"clock": Clock(flow="f", input={"day": 1}, cron="0 8 * * *")}
    monkeypatch.setattr(schedules, "read_schedules", lambda: known)
    return Started()


def at(hour: int, minute: int, second: int = 0) -> float:
    return datetime(2026, 5, 4, hour, minute, second, tzinfo=UTC).timestamp()


EIGHT = f"clock\n{int(at(8, 0)) // 60}"


@pytest.mark.parametrize(
    ("late", "now", "names"),
    [
        (False, at(8, 0), [EIGHT]),
        (False, at(7, 59, 59), [EIGHT]),
        (False, at(8, 0, 20), [EIGHT]),
        (False, at(9, 0), []),
        (False, at(7, 30), []),
        (True, at(11, 17), [EIGHT]),
        (True, at(7, 59), [f"clock\n{int(at(8, 0)) // 60 - 24 * 60}"]),
    ],
)
def test_a_run_is_named_after_its_moment(started: Started, late: bool, now: float, names: list[str]) -> None:
    strike("clock", late, now, started)  # type: ignore[arg-type]
    assert started.names == names


def test_a_rate_is_kept_to_the_request() -> None:
    rate, now, used, let = Rate(2.0, 4), 1000.0, 0.0, []
    for step in range(100):
        moment = now + step / 10
        if rate.wait(used, moment) == 0:
            used = max(used, moment) + 1 / rate.second
            let.append(step)
    # Four at once, and then two in each second.
    assert let[:4] == [0, 1, 2, 3] and len(let) == 4 + 2 * 10 - 1
    assert rate.wait(used, now + 9.9) == pytest.approx(rate.wait(used, now + 9.8) - 0.1)


class Shared:
    """Objects that several instances change at once."""

    def __init__(self) -> None:
        self.found: Found | None = None
        self._lock = threading.Lock()

    def read(self, name: str) -> Found | None:
        return self.found

    def write(self, name: str, document: Any, *, before: str = NEW, until: Any = None, marks: Any = None) -> str:
        with self._lock:
            if before != (self.found.generation if self.found else NEW):
                raise Changed(name)
            self.found = Found(dict(document), str(int(before or 0) + 1))
            return self.found.generation

    def listed(self, prefix: str) -> Iterator[Any]:
        raise NotImplementedError


def test_instances_share_a_rate() -> None:
    shared, let = Shared(), []

    def ask(instance: rates._Seen) -> None:
        if rates._taken(shared, "rates/x.json", Rate(0.01, 5), instance) == 0:
            let.append(instance)

    instances = [rates._Seen() for _ in range(4)]
    threads = [threading.Thread(target=ask, args=(instance,)) for instance in instances * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # However many ask at once, no more than five are let in.
    assert 1 <= len(let) <= 5
    while rates._taken(shared, "rates/x.json", Rate(0.01, 5), instances[0]) == 0:
        let.append(instances[0])
    assert len(let) == 5
