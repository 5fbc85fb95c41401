"""The clock starts runs.

A timer of Azure Functions counts in UTC, whatever a schedule's own zone is, knows no minutes that do not divide an
hour, and fires once, late, when the app was down. So the timer fires at all moments that could be right, and here is
decided whether one is. A run is named after its moment, so that it is started once.

A moment that was missed because the app was down is made up for, once and for a day.

Environment: SKYLOOM_STORAGE; the schedules stand in `schedules.json`.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from skyloom.deployers.azure.services.instances import Instances, in_thread
from skyloom.flows.cron import Cron

if TYPE_CHECKING:
    import azure.functions as func

Json = Any

SCHEDULES = Path(__file__).with_name("schedules.json")
"""The schedules, written into the package, by name."""
_EARLY = 30.0
"""Seconds by which a timer may fire before its moment."""
_MADE_UP = 24 * 60
"""Minutes for which a missed moment is made up for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """When a flow is started: `cron` in `timezone`, or every so many `minutes`."""

    flow: str
    input: Mapping[str, Json] = field(default_factory=dict)
    cron: str | None = None
    minutes: int | None = None
    timezone: str = "UTC"

    def strikes(self, minute: int) -> bool:
        """Whether a run starts at that minute since 1970."""
        if self.minutes is not None:
            return minute % self.minutes == 0
        assert self.cron is not None, "a schedule has `cron` or `every`"
        local = datetime.fromtimestamp(minute * 60, UTC).astimezone(_zone(self.timezone))
        cron = _cron(self.cron)
        # In the hour that comes twice when the clocks go back, what has a named hour happens the first time.
        return matches(cron, local) and (local.fold == 0 or cron.hours is None)


async def tick(timer: func.TimerRequest, client: Any, name: str) -> None:
    """Starts the run of a schedule, if it is time for one."""
    late = timer.past_due
    await in_thread(client, lambda runs: strike(name, late, time.time(), runs))


def strike(name: str, late: bool, now: float, runs: Instances) -> None:
    """Starts the run of the schedule `name`, if it is time for one at `now`, in seconds since 1970."""
    clock = read_schedules()[name]
    this = int((now + _EARLY) // 60)
    minutes = range(this, this - _MADE_UP, -1) if late else [this]
    moment = next((minute for minute in minutes if clock.strikes(minute)), None)
    if moment is not None:
        runs.start(clock.flow, dict(clock.input), f"{name}\n{moment}")


def matches(cron: Cron, at: datetime) -> bool:
    """Whether a moment is one of the expression's."""
    # A day of the week counts from Sunday, which is 0 there and 7 here.
    day = ((cron.days, at.day), (cron.months, at.month), (cron.weekdays, at.isoweekday() % 7))
    fields = ((cron.minutes, at.minute), (cron.hours, at.hour), *day)
    return all(named is None or value in named for named, value in fields)


@functools.cache
def read_schedules() -> dict[str, Clock]:
    """The schedules of the package, by name."""
    return {name: Clock(**told) for name, told in json.loads(SCHEDULES.read_text(encoding="utf-8")).items()}


@functools.cache
def _cron(text: str) -> Cron:
    return Cron.parse(text)


@functools.cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


# --- what timers are told -------------------------------------------------------------------------------------------


def timer(schedule: Clock) -> str:
    """The NCRONTAB expression of a timer that fires at all moments of a schedule, and at as few others as it takes.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
    """
    if schedule.minutes is not None:
        return _every(schedule.minutes)
    assert schedule.cron is not None
    cron = _cron(schedule.cron)
    minutes = set(range(60) if cron.minutes is None else cron.minutes)
    offsets = _offsets(schedule.timezone)
    if offsets == {0}:
        rest = (_list(cron.hours), _list(cron.days), _list(cron.months), _list(cron.weekdays))
        return " ".join(("0", _list(cron.minutes), *rest))
    shifted = sorted({(minute - offset) % 60 for minute in minutes for offset in offsets})
    return f"0 {_list(tuple(shifted) if len(shifted) < 60 else None)} * * * *"


def _every(minutes: int) -> str:
    if minutes % 60 == 0 and 24 * 60 % minutes == 0:
        hours = minutes // 60
        return "0 0 0 * * *" if hours == 24 else f"0 0 */{hours} * * *" if hours > 1 else "0 0 * * * *"
    step = next(step for step in (60, 30, 20, 15, 12, 10, 6, 5, 4, 3, 2, 1) if minutes % step == 0)
    return "0 0 * * * *" if step == 60 else "0 * * * * *" if step == 1 else f"0 */{step} * * * *"


def _list(values: tuple[int, ...] | None) -> str:
    return "*" if values is None else ",".join(map(str, values))


def _offsets(zone: str) -> set[int]:
    """The minutes between a zone and UTC, over the years that it may be deployed for."""
    found, at = set(), datetime(2020, 1, 1, tzinfo=UTC)
    while at.year < 2038:
        offset = at.astimezone(_zone(zone)).utcoffset()
        assert offset is not None
        found.add(int(offset.total_seconds() // 60))
        at += timedelta(days=7)
    return found
