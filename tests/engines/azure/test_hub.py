"""The task hub around orchestrations: starting, ending, events, answers that come too late, orders by seeds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest
from engines.azure.functions import AppRefused, Functions, functions_of
from engines.azure.host import DurableHost, Event
from engines.azure.hub import UnknownFunction
from engines.azure.instance import Instance

Context = Any


def work(call: str) -> str:
    time.sleep(10)
    return call


def quick(call: str, context: func.Context) -> str:
    assert context.invocation_id and context.trace_context.trace_parent.startswith("00-")
    return call


def waits(context: Context) -> Any:
    return (yield context.wait_for_external_event("go"))


def works(context: Context) -> Any:
    return (yield context.call_activity("work", context.get_input()))


def calls(context: Context) -> Any:
    return (yield context.call_sub_orchestrator("works", "inside", instance_id="child"))


def many(context: Context) -> Any:
    seen = []
    tasks = [context.call_activity("quick", n) for n in range(6)]
    while tasks:
        done = yield context.task_any(tasks)
        tasks.remove(done)
        seen.append(done.result)
    return seen


def renews(context: Context) -> Any:
    """Leaves a timer and an activity to its former self."""
    if context.get_input() == 0:
        context.create_timer(context.current_utc_datetime + timedelta(seconds=5))
        first = yield context.task_any([context.call_activity("work", "old"), context.call_activity("quick", "x")])
        context.continue_as_new(first.result)
        return None
    return (yield context.call_activity("work", "new"))


def app(*orchestrators: Callable[..., Any], **others: Callable[..., Any]) -> Functions:
    made = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    for one in orchestrators:
        made.orchestration_trigger(context_name="context")(one)
    for name, code in {"work": work, "quick": quick, **others}.items():
        made.function_name(name)(made.activity_trigger(input_name="call")(code))
    return functions_of(made)


@pytest.fixture(scope="module")
def functions() -> Functions:
    return app(waits, works, calls, many, renews)


def started(host: DurableHost, name: str, value: Any = None, instance_id: str = "r1") -> Instance:
    return host.hub.start(name, json.dumps(json.dumps(value)), instance_id)


def test_a_terminated_orchestration_ends_at_once_and_its_answers_are_dropped(functions: Functions) -> None:
    host = DurableHost(functions)
    instance = started(host, "works", 1)
    while not host.hub.activities:
        assert host.advance()
    host.hub.terminate("r1", "no longer wanted")
    assert (instance.status, instance.value) == ("Terminated", "no longer wanted")
    while host.advance():
        pass
    assert [activity.name for activity in host.hub.done] == ["work"]
    assert (instance.status, instance.inbox) == ("Terminated", [])


def test_termination_does_not_reach_what_was_called(functions: Functions) -> None:
    host = DurableHost(functions)
    started(host, "calls")
    while "child" not in host.hub.instances:
        assert host.advance()
    host.hub.terminate("r1", "stop")
    while host.advance():
        pass
    assert (host.hub.instances["child"].status, host.hub.instances["child"].value) == ("Completed", "inside")


def test_the_end_of_a_child_that_is_terminated_is_an_error(functions: Functions) -> None:
    host = DurableHost(functions)
    parent = started(host, "calls")
    while "child" not in host.hub.instances:
        assert host.advance()
    host.hub.terminate("child", "stop")
    ended = host.finish(parent)
    assert ended.status == "Failed"
    assert ended.error is not None and "stop" in ended.error


def test_an_id_is_used_by_one_that_runs(functions: Functions) -> None:
    host = DurableHost(functions)
    first = started(host, "works", 1)
    with pytest.raises(ValueError, match="r1 is running"):
        started(host, "works", 2)
    assert host.finish(first).output == 1
    assert host.finish(started(host, "works", 2)).output == 2


def test_answers_for_the_former_of_an_id_are_dropped(functions: Functions) -> None:
    host = DurableHost(functions)
    started(host, "works", "old")
    while not host.hub.activities:
        assert host.advance()
    host.hub.terminate("r1", "again")
    assert host.finish(started(host, "works", "new")).output == "new"


def test_what_continues_as_new_hears_nothing_of_before(functions: Functions) -> None:
    for seed in range(6):
        ended = DurableHost(functions, seed).run("renews", 0)
        assert ended.output == "new"


def test_events_for_nobody_are_lost(functions: Functions) -> None:
    host = DurableHost(functions)
    host.hub.raise_event("nobody", "go", "1")
    instance = started(host, "waits")
    host.hub.raise_event("r1", "go", json.dumps({"a": 1}))
    assert host.finish(instance).output == {"a": 1}
    host.hub.raise_event("r1", "go", "2")
    assert instance.inbox == []


def test_names_of_events_have_no_case_for_the_extension_but_for_the_sdk(functions: Functions) -> None:
    """The SDK looks for the very name: an event in capitals is kept by both, and wakes nobody's code."""
    host = DurableHost(functions)
    instance = started(host, "waits")
    while not instance.commands:
        assert host.advance()
    host.hub.raise_event("r1", "GO", "1")
    while host.advance():
        pass
    assert instance.status == "Running"


def test_seeds_decide_the_order(functions: Functions) -> None:
    orders = {tuple(DurableHost(functions, seed).run("many").output) for seed in range(20)}
    assert len(orders) > 10
    again = [DurableHost(functions, 7).run("many").output for _ in range(3)]
    assert again[0] == again[1] == again[2]


def test_messages_come_one_by_one_or_together(functions: Functions) -> None:
    assert len({DurableHost(functions, seed).run("many").replays for seed in range(20)}) > 1


def test_somebody_may_watch_and_send(functions: Functions) -> None:
    def watch(host: DurableHost) -> None:
        if host.hub.instances["r1"].commands and not sent:
            sent.append(True)
            host.later(3, lambda: host.hub.raise_event("r1", "go", "5"))

    sent: list[bool] = []
    ended = DurableHost(functions, watch=watch).run("waits", events=[Event("other", 1)])
    assert (ended.output, ended.seconds) == (5, 3)


def test_unknown_orchestrators_are_not_started(functions: Functions) -> None:
    with pytest.raises(UnknownFunction, match="nothing"):
        DurableHost(functions).run("nothing")


def test_names_that_differ_in_case_alone_are_one() -> None:
    with pytest.raises(AppRefused, match="Work"):
        app(Work=work)


def test_activities_that_fail_and_that_are_no_generators() -> None:
    async def later(call: str) -> str:
        return call + "!"

    def asks(context: Context) -> Any:
        return (yield context.call_activity("later", "now"))

    assert DurableHost(app(asks, later=later)).run("asks").output == "now!"
