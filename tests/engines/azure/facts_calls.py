"""Facts: activities, sub-orchestrations, fan-out, errors, the order in which the extension schedules."""

from __future__ import annotations

from datetime import timedelta

from engines.azure.facts import Context, Steps, called, fact
from engines.azure.host import Stuck
from engines.azure.hub import UnknownFunction

FAN_OUT = "docs:durable-functions-cloud-backup"
ORCHESTRATIONS = "docs:durable-functions-orchestrations"
ERRORS = "docs:durable-functions-error-handling"
SUB = "docs:durable-functions-sub-orchestrations"
SHIM = "extension:Listener/OutOfProcOrchestrationShim.cs"
CORE = "core:TaskOrchestrationExecutor.cs"
BOOM = "Activity function 'failing' failed: Result: Failure\nException: ValueError: boom"


@fact("docs:durable-functions-sequence", gives=["Tokyo", "Seattle"])
def activities_in_sequence(context: Context) -> Steps:
    """Each `yield` waits for one activity."""
    first = yield context.call_activity("echo", "Tokyo")
    return [first, (yield context.call_activity("echo", "Seattle"))]


@fact("docs:durable-functions-bindings", gives=3)
def without_a_yield(context: Context) -> int:
    """An orchestrator need not be a generator."""
    return 3


@fact("docs:durable-functions-bindings", gives={"a": [1]}, input={"a": [1]})
def input_is_given(context: Context) -> Steps:
    """`get_input` gives what it was started with."""
    return (yield context.call_activity("echo", context.get_input()))


@fact(ORCHESTRATIONS, gives=4)
def names_without_case(context: Context) -> Steps:
    """Names of functions are the same in capitals: the extension compares them so (FunctionName.cs)."""
    return (yield context.call_activity("DOUBLE", 2))


@fact(FAN_OUT, gives=[2, 4, 6])
def fan_out_keeps_order(context: Context) -> Steps:
    """`task_all` gives results in the order of its tasks, whichever is done first."""
    return (yield context.task_all([context.call_activity("double", n) for n in (1, 2, 3)]))


@fact(FAN_OUT, gives=[5, 1], seconds=5)
def fan_out_is_parallel(context: Context) -> Steps:
    """Activities of one `task_all` run side by side."""
    return (yield context.task_all([context.call_activity("slow", 5), context.call_activity("slow", 1)]))


@fact(ERRORS, gives=True)
def task_all_fails_with_the_first_error(context: Context) -> Steps:
    """An error ends a `task_all` at once."""
    try:
        yield context.task_all([context.call_activity("failing", "boom"), context.call_activity("double", 1)])
    except Exception as problem:
        return BOOM in str(problem)


@fact(ERRORS, gives=2)
def caught_and_compensated(context: Context) -> Steps:
    """A failed activity raises at its `yield`, and other activities may follow."""
    try:
        yield context.call_activity("failing", "boom")
    except Exception:
        return (yield context.call_activity("double", 1))


@fact(ERRORS, fails="Orchestrator function 'uncaught' failed: no way")
def uncaught(context: Context) -> Steps:
    """An exception that nobody catches fails the orchestration, with its text."""
    yield context.call_activity("double", 1)
    raise ValueError("no way")


@fact(ERRORS, fails="Orchestrator function 'uncaught_of_an_activity' failed: " + BOOM + " \n ")
def uncaught_of_an_activity(context: Context) -> Steps:
    """The failure of an activity carries the text of its exception."""
    yield context.call_activity("failing", "boom")


@fact(SUB, gives=[6])
def sub_orchestration(context: Context) -> Steps:
    """An orchestrator calls another and gets its output."""
    return [(yield context.call_sub_orchestrator("tripled", 2))]


@called
def tripled(context: Context) -> Steps:
    """Three times its input."""
    doubled = yield context.call_activity("double", context.get_input())
    return doubled + context.get_input()


@fact(SUB, gives=[3, 6, 9])
def sub_orchestrations_side_by_side(context: Context) -> Steps:
    """Several can run at a time."""
    return (yield context.task_all([context.call_sub_orchestrator("tripled", n) for n in (1, 2, 3)]))


@fact(SUB, gives="child-1")
def sub_orchestration_with_an_id(context: Context) -> Steps:
    """The caller may name the instance."""
    return (yield context.call_sub_orchestrator("own_id", None, instance_id="child-1"))


@called
def own_id(context: Context) -> str:
    """Its id."""
    return str(context.instance_id)


@fact(SUB, gives="Orchestrator function 'uncaught_child' failed: no way")
def errors_of_sub_orchestrations(context: Context) -> Steps:
    """The failure of a sub-orchestration raises at its `yield`."""
    try:
        yield context.call_sub_orchestrator("uncaught_child")
    except Exception as problem:
        return str(problem).strip()


@called
def uncaught_child(context: Context) -> Steps:
    """Fails."""
    yield context.call_activity("silent")
    raise ValueError("no way")


@fact(SUB, gives=True)
def children_know_their_parent(context: Context) -> Steps:
    """`parent_instance_id` is the caller's id."""
    return (yield context.call_sub_orchestrator("parents_id")) == context.instance_id


@called
def parents_id(context: Context) -> str:
    """The id of its caller."""
    return str(context.parent_instance_id)


@fact(FAN_OUT, gives=[1, 5], seconds=5)
def task_any_gives_the_first(context: Context) -> Steps:
    """`task_any` gives the task that is done first; the other goes on."""
    fast, late = context.call_activity("slow", 1), context.call_activity("slow", 5)
    first = yield context.task_any([late, fast])
    return [first.result, (yield late)]


@fact(FAN_OUT, gives="failed")
def task_any_gives_what_failed(context: Context) -> Steps:
    """A task that fails first is what `task_any` gives; nothing is raised."""
    bad, late = context.call_activity("failing", "boom"), context.call_activity("slow", 5)
    first = yield context.task_any([late, bad])
    return "failed" if first is bad and isinstance(bad.result, Exception) else "not"


@fact(FAN_OUT, gives=2)
def a_task_yielded_again(context: Context) -> Steps:
    """A task that is done gives its result again, at once."""
    task = context.call_activity("double", 1)
    yield task
    return (yield task)


@fact(FAN_OUT, gives=0, seconds=0)
def never_yielded_never_started(context: Context) -> Steps:
    """A task that is never yielded is not scheduled."""
    context.call_activity("slow", 100)
    return (yield context.call_activity("double", 0))


@fact(SHIM, gives=["a", 1, "c"], seconds=10)
def an_action_waits_for_those_before(context: Context) -> Steps:
    """The extension awaits one action after the other: what is begun behind an open one begins when that is done.

    The action of the second yield holds `late` alone, for `b` is begun already; so `c` begins after ten seconds,
    although `b` is done after one.
    """
    a, b = context.call_activity("echo", "a"), context.call_activity("slow", 1)
    yield context.task_any([a, b])
    late = context.call_activity("slow", 10)
    yield context.task_any([b, late])
    c = yield context.call_activity("slow", 0)
    return [a.result, b.result, "c" if c == 0 else c]


@fact(SHIM, gives=["a", "c"], seconds=10)
def an_empty_when_all_opens_the_way(context: Context) -> Steps:
    """`Task.WhenAll` of nothing is done: inside of a WhenAny it lets the extension go on at once."""
    late = context.call_activity("slow", 10)
    b = context.call_activity("echo", "a")
    opened = context.task_any([late, b])
    opened.action_repr.compound_tasks.append(context.task_all([]).action_repr)
    yield opened
    c = context.call_activity("echo", "c")
    return [b.result, (yield c)]


@fact(SHIM, gives=["a", "c"], seconds=10)
def a_cancelled_timer_opens_the_way(context: Context) -> Steps:
    """A timer that is cancelled is done for the extension."""
    late, b = context.call_activity("slow", 10), context.call_activity("echo", "a")
    timer = context.create_timer(context.current_utc_datetime + timedelta(days=1))
    timer.cancel()
    yield context.task_any([late, b, timer])
    return [b.result, (yield context.call_activity("echo", "c"))]


@fact("sdk:models/Task.py", gives=[None, None, 1])
def tasks_of_nothing(context: Context) -> Steps:
    """On 1.7.0 `task_all` and `task_any` of nothing give None, at once, and send no action."""
    nothing = [(yield context.task_all([])), (yield context.task_any([]))]
    return [*nothing, (yield context.call_activity("echo", 1))]


@fact(CORE, gives="fast", seconds=30)
def open_activities_hold_the_end(context: Context) -> Steps:
    """An orchestration whose code has returned completes when the activities that it started have ended."""
    fast, late = context.call_activity("slow", 1), context.call_activity("slow", 30)
    yield context.task_any([fast, late])
    return "fast"


@fact(CORE, gives="fast", seconds=30)
def open_sub_orchestrations_hold_the_end(context: Context) -> Steps:
    """The same for orchestrations that it started."""
    fast, late = context.call_activity("slow", 1), context.call_sub_orchestrator("slow_child", 30)
    yield context.task_any([fast, late])
    return "fast"


@called
def slow_child(context: Context) -> Steps:
    """Sleeps in an activity."""
    yield context.call_activity("slow", context.get_input())


@fact("extension:DurableTaskExtension.cs", refused=UnknownFunction)
def unknown_activity(context: Context) -> Steps:
    """An activity that the app has not (`ThrowIfFunctionDoesNotExist`)."""
    yield context.call_activity("no_such_thing", 1)


@fact("extension:DurableTaskExtension.cs", refused=UnknownFunction)
def unknown_orchestrator(context: Context) -> Steps:
    """An orchestrator that the app has not."""
    yield context.call_sub_orchestrator("no_such_thing", 1)


@fact(SHIM, refused=Stuck)
def an_open_wait_holds_the_end(context: Context) -> Steps:
    """An orchestrator that returns past an action that is never done does not end: its wait is an action of its own."""
    a, b = context.call_activity("slow", 1), context.call_activity("slow", 2)
    yield context.task_any([a, b])
    yield context.task_any([b, context.wait_for_external_event("never")])
    return "done"
