"""Waiting in an orchestration: for time, for people's decisions, for events from outside.

A wait is opened by the app's activity for waits, which tells people or notes who waits for what; the answer comes as an
external event of Durable, `{"value": ...}` or `{"error": ...}`, under a name that no other wait of the run has.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from skyloom.adapters.hosts.durable_calls import WAITS, ask, outcome, pause
from skyloom.adapters.hosts.durable_strands import (
    Json,
    Open,
    Running,
    Strand,
    is_over,
    moment,
    outcome_of,
    until,
    waits,
)
from skyloom.adapters.hosts.durable_values import carried, whole
from skyloom.errors import ApprovalTimedOut, EventTimedOut
from skyloom.flows.outcome import Raised

if TYPE_CHECKING:
    from skyloom.adapters.hosts.durable import Run


def written(time: datetime) -> str:
    """A time as flows have it: UTC, RFC 3339, six digits of a second."""
    return time.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sleep(run: Run, path: str, seconds: float) -> Strand:
    """Waits for so many seconds; 0 or less does not wait."""
    yield from pause(run, path, seconds, "timer")
    return None


def approval(
    run: Run,
    path: str,
    message: str,
    *,
    show: Json = None,
    to: str | None = None,
    timeout: float | None = None,
    default: bool | None = None,
    form: Json = None,
) -> Strand:
    """Asks people for a decision, and waits for it: a `Decision` object.

    Args:
        show: what they see beside the message.
        to: whom to ask.
        timeout: seconds after which `default` decides, or without one ApprovalTimedOut is raised.
        form: the JSON Schema of what they fill in.
    """
    asked = {"message": message, "show": carried(whole(show), "what an approval shows"), "to": to, "form": form}
    answer = yield from _answer(run, path, "approval", asked, timeout)
    if answer is not None:
        return outcome(answer)
    if default is None:
        raise Raised.of(ApprovalTimedOut(f"nobody decided within {timeout:g} s: {message}"))
    return {"approved": default, "comment": "timed out", "by": "", "answer": None}


def wait_for(
    run: Run,
    path: str,
    event: str,
    *,
    key: str | None = None,
    timeout: float | None = None,
    payload: Json = None,
) -> Strand:
    """Waits for an event and gives its payload.

    Args:
        key: the correlation key that the event must have.
        timeout: seconds after which EventTimedOut is raised.
        payload: the JSON Schema of the payload; one that does not fit is a TaskFailed.
    """
    asked = {"event": event, "key": key, "payload": payload}
    answer = yield from _answer(run, path, "event", asked, timeout)
    if answer is None:
        raise Raised.of(EventTimedOut(f"no event {event} within {timeout:g} s"))
    return outcome(answer)


def _answer(run: Run, path: str, kind: str, asked: dict[str, Json], timeout: float | None) -> Strand:
    """What came of a wait; None when the time is over."""
    known = {name: value for name, value in asked.items() if value is not None}
    # The client writes an event's name into an address as it is, so paths of steps are none.
    token = f"wait-{sha256(f'{run.id} {path}'.encode()).hexdigest()[:32]}"
    request = {"kind": kind, "token": token, "execution": run.context.instance_id, "run": run.id, **known}
    timers: list[Running] = []
    if timeout is not None:
        request["timeout"] = timeout
        time = moment(run.context, timeout)
        timers = [Running(lambda _: until(run.context, time, path, "time limit"), 0)]
    # The event is waited for from the moment on at which the wait is opened: an answer can come at once.
    event = Open(run.context.wait_for_external_event(token), path, kind)
    opening = Running(lambda _: ask(run, path, WAITS, request), 0)
    closing = {name: value for name, value in request.items() if name in _NAMED} | {"kind": "close"}
    try:
        yield from _first(event, opening, timers)
        if not is_over(event.task):
            # A wait is closed when it has been opened.
            yield from _to_its_end(opening)
    except GeneratorExit:
        # Nobody waits any more: whoever answers shall hear it.
        run.tidying.append(_withdrawn(run, path, opening.opens, closing))
        raise
    for one in (opening, *timers):
        one.drop()
    if is_over(event.task):
        return outcome_of(event.task)
    if opening.error is not None:
        raise opening.error
    closed = yield from _closed(run, path, closing)
    # Somebody may have decided in the last moment: then that counts.
    return closed["answer"]


def _closed(run: Run, path: str, closing: dict[str, Json]) -> Strand:
    """Closes a wait whose time is over: what the activity says. Whoever gives this up leaves it to be closed."""
    call = Running(lambda _: ask(run, path, WAITS, closing), 0)
    try:
        yield from _to_its_end(call)
    except GeneratorExit:
        run.tidying.append(_withdrawn(run, path, call.opens, closing, asked=True))
        raise
    if call.error is not None:
        raise call.error
    return call.value


def _to_its_end(running: Running) -> Strand:
    while not running.ended:
        running.go_on((yield running.opens))
    return None


def _withdrawn(run: Run, path: str, under_way: list[Open], closing: dict[str, Json], asked: bool = False) -> Strand:
    """Closes a wait that was given up, when the call that opens it is over; or where the call that closes it, which
    was `asked` already, fails. A pause before another such call is not waited for: timers of what is given up are
    cancelled."""
    begun = [one for one in under_way if not hasattr(one.task, "cancel")]
    if begun:
        yield begun
    if asked and begun and not isinstance(outcome_of(begun[0].task), Exception):
        return None
    return (yield from ask(run, path, WAITS, closing))


def _first(event: Open, opening: Running, timers: list[Running]) -> Strand:
    """Waits until the answer has come, the time is over, or the wait could not be opened."""
    while not (is_over(event.task) or opening.error or any(timer.ended for timer in timers)):
        done = yield [event, *waits([opening, *timers])]
        for one in (opening, *timers):
            one.go_on(done)


_NAMED = ("token", "run", "event", "key")
"""What names a wait; its step does as well."""
