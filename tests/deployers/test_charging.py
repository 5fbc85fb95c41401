"""The way of a run through a compiled definition, found by its calls."""

from __future__ import annotations

from skyloom.deployers.charging import DONE, FAILED, Graph, Stop, Way, billed

ONE = {"steps": 1}


def graph(**stops: Stop) -> Graph:
    """A graph that begins at `begin`."""
    return Graph(start="begin", stops=stops)


def call(name: str, *ways: Way) -> Stop:
    """A stop that calls a task."""
    return Stop(units=ONE | {"calls": 1}, call=("task", name), ways=ways)


LOOP = graph(
    begin=Stop(units=ONE, ways=(Way("body"), Way(DONE))),
    body=call("a", Way("begin"), Way("caught", is_error=True), Way(FAILED, is_error=True)),
    caught=Stop(units=ONE, ways=(Way(DONE),)),
)


def test_a_loop_is_gone_round_once_for_each_call() -> None:
    assert billed(LOOP, []) == {"steps": 1}
    assert billed(LOOP, [("task", "a")] * 3) == {"steps": 7, "calls": 3}


def test_no_way_makes_other_calls() -> None:
    assert billed(LOOP, [("task", "b")]) is None
    assert billed(LOOP, [("prompt", "a")]) is None


def test_a_run_that_failed_ends_with_an_error() -> None:
    assert billed(LOOP, [("task", "a")], failed=True) == {"steps": 2, "calls": 1}
    assert billed(LOOP, [], failed=True) is None


def test_errors_are_caught_only_where_nothing_else_explains_the_calls() -> None:
    dear = Stop(units={"steps": 9}, ways=(Way(DONE),))
    catching = graph(
        begin=call("a", Way("dear"), Way("cheap", is_error=True)),
        dear=dear,
        cheap=Stop(units=ONE, ways=(Way("after"), Way(DONE))),
        after=call("undo", Way(DONE)),
    )
    assert billed(catching, [("task", "a")]) == {"steps": 10, "calls": 1}
    assert billed(catching, [("task", "a"), ("task", "undo")]) == {"steps": 3, "calls": 2}


def test_of_two_ways_the_cheaper_one_is_taken() -> None:
    fork = graph(
        begin=Stop(units=ONE, ways=(Way("long"), Way("short"))),
        long=Stop(units={"steps": 3}, ways=(Way(DONE),)),
        short=Stop(units=ONE | {"MiB on arm64": 4096}, ways=(Way(DONE),)),
    )
    assert billed(fork, []) == {"steps": 2, "MiB on arm64": 4096}


def test_a_name_may_be_left_open() -> None:
    asking = graph(begin=Stop(call=("prompt", ""), ways=(Way(DONE),)))
    assert billed(asking, [("prompt", "whatever")]) == {}
