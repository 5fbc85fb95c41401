"""The way of a run through a compiled definition, found by its calls."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

import pytest

from skyloom.deployers.charging import DONE, FAILED, Call, Graph, Holds, NotCounted, Stop, Way, Work, billed, no_charges

ONE = {"steps": 1}


def graph(**stops: Stop) -> Graph:
    """A graph that begins at `begin`."""
    return Graph(start="begin", stops=stops)


def call(name: str, *ways: Way) -> Stop:
    """A stop that calls a task."""
    return Stop(units=ONE | {"calls": 1}, call=("task", name), ways=ways)


def units(
    graph: Graph, calls: Sequence[Call], errors: Collection[int] = (), *, failed: bool = False
) -> dict[str, int] | None:
    """The units of the run."""
    bill = billed(graph, calls, errors, failed=failed)
    return None if bill is None else dict(bill.units)


LOOP = graph(
    begin=Stop(units=ONE, ways=(Way("body"), Way(DONE))),
    body=call("a", Way("begin"), Way("caught", is_error=True), Way(FAILED, is_error=True)),
    caught=Stop(units=ONE, ways=(Way(DONE),)),
)


def test_a_loop_is_gone_round_once_for_each_call() -> None:
    assert units(LOOP, []) == {"steps": 1}
    assert units(LOOP, [("task", "a")] * 3) == {"steps": 7, "calls": 3}


def test_no_way_makes_other_calls() -> None:
    assert units(LOOP, [("task", "b")]) is None
    assert units(LOOP, [("prompt", "a")]) is None


def test_a_run_that_failed_ends_with_an_error() -> None:
    assert units(LOOP, [("task", "a")], failed=True) == {"steps": 2, "calls": 1}
    assert units(LOOP, [], failed=True) is None


def test_errors_are_caught_only_where_nothing_else_explains_the_calls() -> None:
    dear = Stop(units={"steps": 9}, ways=(Way(DONE),))
    catching = graph(
        begin=call("a", Way("dear"), Way("cheap", is_error=True)),
        dear=dear,
        cheap=Stop(units=ONE, ways=(Way("after"), Way(DONE))),
        after=call("undo", Way(DONE)),
    )
    assert units(catching, [("task", "a")]) == {"steps": 10, "calls": 1}
    assert units(catching, [("task", "a"), ("task", "undo")]) == {"steps": 3, "calls": 2}


def test_of_two_ways_the_cheaper_one_is_taken() -> None:
    fork = graph(
        begin=Stop(units=ONE, ways=(Way("long"), Way("short"))),
        long=Stop(units={"steps": 3}, ways=(Way(DONE),)),
        short=Stop(units=ONE, works=(LARGE,), ways=(Way(DONE),)),
    )
    assert units(fork, []) == {"steps": 2}
    bill = billed(fork, [])
    assert bill is not None and bill.works == {LARGE: 1}


LARGE = Work("a", (("GB-seconds", Decimal(4)), ("vCPU-seconds", Decimal(2))), step=Decimal("0.1"))


def test_time_is_rounded_up() -> None:
    assert LARGE.billed(Decimal("0.21")) == {"GB-seconds": Decimal("1.2"), "vCPU-seconds": Decimal("0.6")}
    assert LARGE.billed(Decimal("0.2")) == {"GB-seconds": Decimal("0.8"), "vCPU-seconds": Decimal("0.4")}


def test_a_call_that_failed_goes_on_as_one() -> None:
    caught = graph(
        begin=Stop(units=ONE, works=(LARGE,), call=("task", "a"), ways=(Way(DONE), Way("caught", is_error=True))),
        caught=Stop(units=ONE, ways=(Way(DONE),)),
    )
    assert units(caught, [("task", "a")]) == {"steps": 1}
    assert units(caught, [("task", "a")], errors={0}) == {"steps": 2}


def test_ways_agree_with_what_variables_hold() -> None:
    ended = graph(
        begin=Stop(units=ONE, sets={"pending": '"end"'}, ways=(Way("noted"), Way("look"))),
        noted=Stop(units=ONE, sets={"pending": '"return"'}, ways=(Way("look"),)),
        look=Stop(
            units=ONE,
            ways=(
                Way(FAILED, tests=(Holds("pending", '"error"'),)),
                Way(DONE, tests=(Holds("pending", '"error"', is_equal=False), Holds("pending", '"return"'))),
            ),
        ),
    )
    assert units(ended, []) == {"steps": 3}
    assert units(ended, [], failed=True) is None


def test_what_a_way_asked_for_is_known_behind_it() -> None:
    twice = graph(
        begin=Stop(units=ONE, sets={"answer": None}, ways=(Way("dear", tests=(Holds("answer", "null"),)), Way("look"))),
        dear=Stop(units={"steps": 5}, ways=(Way("look"),)),
        look=Stop(ways=(Way(DONE, tests=(Holds("answer", "null"),)),)),
    )
    assert units(twice, []) == {"steps": 1}


def test_nothing_is_known_where_nobody_says() -> None:
    with pytest.raises(NotCounted, match="answer"):
        no_charges("answer")


def test_a_name_may_be_left_open() -> None:
    asking = graph(begin=Stop(call=("prompt", ""), ways=(Way(DONE),)))
    assert units(asking, [("prompt", "whatever")]) == {}
