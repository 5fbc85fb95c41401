"""Facts: timers, external events, time, status, continuing as new."""

from __future__ import annotations

from datetime import timedelta

from engines.azure.facts import Context, Steps, fact
from engines.azure.host import Event, Stuck
from engines.azure.hub import LeftOpen
from engines.azure.shim import ActionRefused

TIMERS = "docs:durable-functions-timers"
EVENTS = "docs:durable-functions-external-events"
STATUS = "docs:durable-functions-custom-orchestration-status"
ETERNAL = "docs:durable-functions-eternal-orchestrations"
CONSTRAINTS = "docs:durable-functions-code-constraints"


@fact(TIMERS, gives=None, seconds=259_200)
def a_timer(context: Context) -> Steps:
    """Sleeps until a time."""
    yield context.create_timer(context.current_utc_datetime + timedelta(hours=72))


@fact(TIMERS, gives="in time", seconds=3)
def in_time(context: Context) -> Steps:
    """An activity that is done before its timer; the timer is cancelled."""
    return (yield from _timed(context, 3))


@fact(TIMERS, gives="late", seconds=60)
def timed_out(context: Context) -> Steps:
    """The timer is first. The activity is not stopped: the orchestration is held until it ends."""
    return (yield from _timed(context, 60))


def _timed(context: Context, seconds: int) -> Steps:
    work = context.call_activity("slow", seconds)
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=30))
    if (yield context.task_any([work, timer])) is timer:
        return "late"
    timer.cancel()
    return "in time"


@fact(TIMERS, refused=LeftOpen)
def a_timer_left_running(context: Context) -> Steps:
    """A timer that nobody waits for has to be cancelled: the orchestration stays open until it fires."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=30))
    yield context.task_any([context.call_activity("slow", 1), timer])
    return "in time"


@fact(
    "sdk:models/Task.py",
    fails=("Orchestrator function 'cancelled_too_late' failed: Cannot cancel a completed task."),
)
def cancelled_too_late(context: Context) -> Steps:
    """A timer that has fired cannot be cancelled."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=1))
    yield timer
    timer.cancel()


@fact(TIMERS, gives=[None, 1], seconds=40)
def a_cancelled_timer_fires_all_the_same(context: Context) -> Steps:
    """Cancelling does not take the message back: what still holds the timer is woken by it."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=20))
    yield context.task_any([timer, context.call_activity("slow", 1)])
    timer.cancel()
    yield context.call_activity("slow", 39)
    return [(yield timer), 1]


@fact(TIMERS, gives=None, seconds=0)
def a_timer_of_the_past(context: Context) -> Steps:
    """A timer whose time is over fires at once."""
    yield context.create_timer(context.current_utc_datetime - timedelta(seconds=5))


@fact(TIMERS, gives=[1, 2], seconds=2)
def timers_in_order_of_their_times(context: Context) -> Steps:
    """Timers fire when they are due, however they were made."""
    start = context.current_utc_datetime
    late, early = (context.create_timer(start + timedelta(seconds=n)) for n in (2, 1))
    order = [1 if (yield context.task_any([late, early])) is early else 2]
    yield late
    return [*order, 2]


@fact(EVENTS, gives={"value": {"ok": True}}, seconds=10, events=[Event("Approval", {"value": {"ok": True}}, 10)])
def an_event(context: Context) -> Steps:
    """Waits for an event by its name."""
    return _read((yield context.wait_for_external_event("Approval")))


def _read(data: object) -> object:
    import json

    return json.loads(data) if isinstance(data, str) else data


@fact(EVENTS, gives=[1], seconds=5, events=[Event("early", [1], 1)])
def an_event_before_its_wait(context: Context) -> Steps:
    """An event that comes early is kept."""
    yield context.call_activity("slow", 5)
    return _read((yield context.wait_for_external_event("early")))


@fact(EVENTS, gives="Event2", events=[Event("Event2", [2], 1)])
def any_of_three_events(context: Context) -> Steps:
    """Waits for one of several."""
    waits = {name: context.wait_for_external_event(name) for name in ("Event1", "Event2", "Event3")}
    winner = yield context.task_any(list(waits.values()))
    return next(name for name, wait in waits.items() if wait is winner)


@fact(EVENTS, gives=[[1], [2]], events=[Event("Gate2", [2], 1), Event("Gate1", [1], 2)])
def all_of_two_events(context: Context) -> Steps:
    """Waits for all."""
    got = yield context.task_all([context.wait_for_external_event(name) for name in ("Gate1", "Gate2")])
    return [_read(data) for data in got]


@fact(EVENTS, refused=Stuck, events=[Event("other", [1], 1)])
def an_event_of_another_name(context: Context) -> Steps:
    """An event with another name wakes nobody, and waiting has no end of its own."""
    yield context.wait_for_external_event("this")


@fact(EVENTS, gives="late", seconds=30, events=[Event("slow", [1], 31)])
def an_event_after_its_end(context: Context) -> Steps:
    """An event for an orchestration that has ended is dropped; an open wait does not hold the end."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=30))
    won = yield context.task_any([timer, context.wait_for_external_event("slow")])
    return "late" if won is timer else "in time"


@fact("extension:ContextImplementations/DurableOrchestrationContext.cs", refused=ActionRefused)
def two_waits_for_one_name(context: Context) -> Steps:
    """The youngest wait gets the first event in the extension (a stack), the SDK thinks otherwise: unique names."""
    yield context.task_any([context.wait_for_external_event("same"), context.wait_for_external_event("SAME")])


@fact(CONSTRAINTS, gives=[0.0, 5.0], seconds=5)
def time_of_an_episode(context: Context) -> Steps:
    """`current_utc_datetime` is the time at which the episode began, and stands still in it."""
    start = context.current_utc_datetime
    still = (context.current_utc_datetime - start).total_seconds()
    yield context.call_activity("slow", 5)
    return [still, (context.current_utc_datetime - start).total_seconds()]


@fact(CONSTRAINTS, gives=True)
def guids_that_repeat(context: Context) -> Steps:
    """`new_guid` gives others each time, the same in each replay."""
    first, second = str(context.new_guid()), str(context.new_guid())
    got = yield context.call_activity("echo", first)
    return got == first != second


@fact("docs:durable-functions-diagnostics", gives=False)
def replaying(context: Context) -> Steps:
    """`is_replaying` is false for what is new."""
    yield context.call_activity("echo", 1)
    return context.is_replaying


@fact(STATUS, gives=1, status={"at": "second"})
def custom_status(context: Context) -> Steps:
    """The last status that was set stays."""
    context.set_custom_status({"at": "first"})
    yield context.call_activity("echo", 1)
    context.set_custom_status({"at": "second"})
    return 1


@fact(ETERNAL, gives=3, input=0)
def continued_as_new(context: Context) -> Steps:
    """Begins again with another input and an empty history."""
    counted = (yield context.call_activity("echo", context.get_input())) + 1
    if counted == 3:
        return counted
    context.continue_as_new(counted)


@fact(ETERNAL, gives=[1], input={"n": 0}, events=[Event("go", [1], 1)])
def events_over_continuing(context: Context) -> Steps:
    """An event that waits unread when an orchestration continues as new is kept, if the SDK has not seen it."""
    count = context.get_input()["n"]
    if count < 2:
        context.continue_as_new({"n": count + 1})
        return None
    return _read((yield context.wait_for_external_event("go")))
