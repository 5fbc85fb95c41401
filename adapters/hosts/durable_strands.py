"""Strands: parts of a run of Durable Functions that stand side by side in one orchestration.

A strand is a generator. It yields what it waits for, a list of `Open`, and is resumed when some of them are over: the
`yield` gives these tasks, `Done`. Parts that run side by side yield together what all of them wait for; at the top
`driven` hands that to Durable, one task or any of several. So there is one order of events, that of the history, and
every replay goes the same way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import datetime, timedelta
from types import GeneratorType
from typing import Any, NamedTuple

Json = Any
Context = Any
"""`azure.durable_functions.DurableOrchestrationContext`. The SDK is not imported here: the worker hands its own in."""
Task = Any

MOST_SHOWN = 10
"""Steps that the custom status names; it may have 16 KB of UTF-16."""
MOST_OF_A_PATH, MOST_OF_A_NAME = 500, 100
"""Characters, as JSON writes them, that it shows of each: the last ones."""


class Open(NamedTuple):
    """A task of Durable that a strand waits for: the path of its step, and what it is, for people."""

    task: Task
    step: str
    what: str


Done = frozenset[Task]
"""Of the tasks that were waited for, those that are over."""
Strand = Generator[list[Open], Done, Json]
Start = Callable[[int], Any]
"""Gives the strand of a number, or its value at once where nothing in it waits."""


def is_over(task: Task) -> bool:
    """Whether a task has ended: 1.x of the SDK says `is_completed`, 2.x `is_complete`."""
    ended: bool = task.is_completed if hasattr(task, "is_completed") else task.is_complete
    return ended


def outcome_of(task: Task) -> Any:
    """What a task that is over gave, or the exception with which it failed: in 1.x of the SDK both are its result."""
    return task.get_exception() if getattr(task, "is_failed", False) else task.result


def let_go() -> bool:
    """Whether the strand is given up: its `finally` blocks do not run. Every replay ends so, and so do the losers of a
    race and whatever stands behind a failed branch."""
    return isinstance(sys.exc_info()[1], GeneratorExit)


def driven(context: Context, strand: Strand, tidying: list[Strand]) -> Generator[Task, Any, Json]:
    """Runs a strand to its end as an orchestration. Raises what it raises.

    Args:
        tidying: strands that are run besides, and to their ends: what was given up adds to them what it leaves to do.
    """
    main = _running(strand)
    besides: list[Running] = []
    while True:
        while tidying:
            besides.append(_running(tidying.pop(0)))
        opens = waits([main, *besides])
        if not opens:
            break
        context.set_custom_status(_standing(opens))
        if len(opens) == 1:
            # A failed task raises here; the strand looks at it itself.
            with suppress(Exception):
                yield opens[0].task
        else:
            yield _any_of(context, [one.task for one in opens])
        done = frozenset(one.task for one in opens if is_over(one.task))
        for one in (main, *besides):
            one.go_on(done)
    context.set_custom_status("done" if main.error is None else "failed")
    if main.error is not None:
        raise main.error
    return main.value


def _running(strand: Strand) -> Running:
    return Running(lambda _: strand, 0)


def _standing(opens: list[Open]) -> Json:
    shown = [
        {"step": _end_of(one.step, MOST_OF_A_PATH), "waits": _end_of(one.what, MOST_OF_A_NAME)}
        for one in opens[:MOST_SHOWN]
    ]
    return {"at": shown} if len(opens) <= MOST_SHOWN else {"at": shown, "more": len(opens) - MOST_SHOWN}


def _end_of(text: str, most: int) -> str:
    """The end of a path or a name, where JSON would write more than so many characters: `é` is six of them."""
    if _written(text) <= most:
        return text
    end = text[-most:]
    while _written(f"…{end}") > most:
        end = end[1:]
    return f"…{end}"


def _written(text: str) -> int:
    # Most are plain names, and this runs at every event.
    return len(text) if text.isascii() and text.isprintable() else len(json.dumps(text)) - 2


def _any_of(context: Context, tasks: list[Task]) -> Task:
    """Any of several tasks, of which some may be waited for already.

    The SDK tells the extension only of those that are new, and the extension schedules nothing further before one of
    these is over: an older one that ends first would wake nobody but the SDK. So something that is over at once is
    added to what the extension is told: all of no tasks.
    (OutOfProcOrchestrationShim.ProcessAsyncActionsV2 in Azure/azure-functions-durable-extension; durable-python #457)
    """
    together = context.task_any(tasks)
    told = getattr(getattr(together, "action_repr", None), "compound_tasks", None)
    if told:
        told.append(context.task_all([]).action_repr)
    return together


class Running:
    """A strand beside others: it stands until one of the tasks that it waits for is over."""

    __slots__ = ("_strand", "ended", "error", "opens", "value")

    def __init__(self, start: Start, number: int) -> None:
        self.opens: list[Open] = []
        self.ended = False
        self.value: Json = None
        self.error: Exception | None = None
        self._strand: Strand | None = None
        try:
            made = start(number)
        except Exception as error:
            self._end(None, error)
            return
        if isinstance(made, GeneratorType):
            self._strand = made
            self._advance(None)
        else:
            self._end(made, None)

    def go_on(self, done: Done) -> None:
        """Resumes the strand where something that it waits for is over."""
        if any(one.task in done for one in self.opens):
            self._advance(done)

    def _advance(self, done: Done | None) -> None:
        assert self._strand is not None
        try:
            self.opens = next(self._strand) if done is None else self._strand.send(done)
        except StopIteration as end:
            self._end(end.value, None)
        except Exception as error:
            self._end(None, error)

    def _end(self, value: Json, error: Exception | None) -> None:
        self.opens, self.ended, self.value, self.error = [], True, value, error

    def drop(self) -> None:
        """Gives the strand up where it stands. Calls that are under way end by themselves; timers are cancelled, for
        an orchestration is not over before its timers are."""
        for task in (one.task for one in self.opens):
            if hasattr(task, "cancel") and not is_over(task):
                task.cancel()
        self.opens, self.ended = [], True
        if self._strand is not None:
            self._strand.close()


def waits(strands: list[Running]) -> list[Open]:
    """What any of them waits for."""
    return [one for strand in strands for one in strand.opens]


def any_of(strands: list[Running]) -> Strand:
    """Waits until one of them can go on, and lets it."""
    done = yield from _over(strands)
    for one in strands:
        one.go_on(done)


def _over(strands: list[Running]) -> Strand:
    """Waits until one of them can go on: gives what is done. Whoever gives this up gives up all of them."""
    try:
        return (yield waits(strands))
    except GeneratorExit:
        for one in strands:
            one.drop()
        raise


def in_order(count: int, limit: int, start: Start) -> Strand:
    """The values of so many strands, at most `limit` at once, as if they ran one after the other.

    Raises:
        Exception: the error of the first failing one in order. Later ones are not started or given up, earlier ones
            run on. (docs/decisions/0001)
    """
    values: list[Json] = [None] * count
    running: dict[int, Running] = {}
    # Whose a task is: no two wait for the same. A map of thousands does not look at all of them at every event.
    numbers: dict[Task, int] = {}
    following, failure = 0, None
    while True:
        while failure is None and following < count and len(running) < limit:
            one = running[following] = Running(start, following)
            numbers.update(dict.fromkeys((each.task for each in one.opens), following))
            failure = _settled([following], running, values, failure)
            following += 1
        if not running:
            break
        done = yield from _over(list(running.values()))
        # What was given up may still end; it is nobody's then.
        woken = sorted({numbers.pop(task) for task in done if task in numbers} & running.keys())
        for number in woken:
            running[number].go_on(done)
            numbers.update(dict.fromkeys((each.task for each in running[number].opens), number))
        failure = _settled(woken, running, values, failure)
    if failure is not None:
        raise failure[1]
    return values


Failure = tuple[int, Exception]
"""The number of a strand, and its error."""


def _settled(
    woken: list[int], running: dict[int, Running], values: list[Json], failure: Failure | None
) -> Failure | None:
    """Takes those of the woken strands out that have ended, and gives up those behind a failed one. Gives the first
    failure in order."""
    for number in [number for number in woken if running[number].ended]:
        ended = running.pop(number)
        values[number] = ended.value
        if ended.error is not None and (failure is None or number < failure[0]):
            failure = number, ended.error
    if failure is not None:
        for number in [number for number in running if number > failure[0]]:
            running.pop(number).drop()
    return failure


def first_to_end(count: int, start: Start) -> Strand:
    """What the first strand to end gives or raises; the others are given up."""
    running: list[Running] = []
    for number in range(count):
        running.append(Running(start, number))
        if running[-1].ended:
            break
    while not any(one.ended for one in running):
        yield from any_of(running)
    first = next(one for one in running if one.ended)
    for one in running:
        if one is not first:
            one.drop()
    if first.error is not None:
        raise first.error
    return first.value


def within(context: Context, seconds: float, step: str, start: Start, late: Callable[[], Exception]) -> Strand:
    """What a strand gives or raises within so many seconds. Raises what `late` gives where it takes longer."""
    limit = Running(lambda _: until(context, moment(context, seconds), step, "time limit"), 0)
    running = Running(start, 0)
    while not running.ended:
        yield from any_of([running, limit])
        if limit.ended and not running.ended:
            running.drop()
            raise late()
    limit.drop()
    if running.error is not None:
        raise running.error
    return running.value


# --- time -------------------------------------------------------------------------------------------------------------

LONGEST_TIMER = timedelta(days=6)
"""Of an app in Python; longer ones are several, one after the other.
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-timers#timer-limitations"""
_LONGEST = timedelta(days=365 * 1000)
"""A thousand years stand for whatever is longer: Python's calendar ends in the year 9999."""


def moment(context: Context, seconds: float) -> datetime:
    """The time in so many seconds."""
    now: datetime = context.current_utc_datetime
    return now + timedelta(seconds=min(seconds, _LONGEST.total_seconds()))


def until(context: Context, time: datetime, step: str, what: str) -> Strand:
    """Waits for a time."""
    while time - context.current_utc_datetime > LONGEST_TIMER:
        yield [Open(context.create_timer(context.current_utc_datetime + LONGEST_TIMER), step, what)]
    yield [Open(context.create_timer(time), step, what)]
