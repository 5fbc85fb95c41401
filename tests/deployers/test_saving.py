"""What passes save: a line for each that changes the counts, in their order, and the total of the flow."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers.saving import Rewrite, counted, rewrites, savings
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.passes import PASSES

KNOWN = (Rewrite("first", "less"), Rewrite("idle", "nothing"), Rewrite("second", "even less"))
SAVED = {"first": 3, "second": 2}


def count(without: frozenset[str]) -> Mapping[str, int]:
    return {"steps": 10 - sum(n for name, n in SAVED.items() if name not in without), "calls": 4}


def test_each_pass_is_told_by_what_it_saves_behind_those_before_it() -> None:
    first, second, total = savings("main", KNOWN, count)
    assert (first.rewrite, first.saves, first.before, first.after) == ("first", "less", {"steps": 10}, {"steps": 7})
    assert (second.rewrite, second.before, second.after) == ("second", {"steps": 7}, {"steps": 5})
    assert (total.rewrite, total.before, total.after) == ("", {"steps": 10}, {"steps": 5})
    assert {one.flow for one in (first, second, total)} == {"main"}


def test_nothing_is_said_where_nothing_is_saved() -> None:
    assert [*savings("main", (KNOWN[1],), count)] == []


def test_a_flow_that_is_too_large_without_a_pass_has_no_count_there() -> None:
    def limited(without: frozenset[str]) -> Mapping[str, int]:
        if "first" in without:
            raise CheckFailed(Diagnostic("SKY722", "too large", "a.py"))
        return count(without)

    assert [one.rewrite for one in savings("main", KNOWN, limited)] == ["second"]


def test_units_are_read_in_the_costs() -> None:
    class One:
        def __init__(self, cost: str) -> None:
            self.cost = cost

    costs = map(One, ("1 step", "1 step, 1 invocation", "-", "1 step", "1 step and its own"))
    assert counted(costs, {"steps": "1 step", "calls": "1 invocation"}) == {"steps": 4, "calls": 1}


def test_a_clouds_own_rewrites_come_behind_those_of_all() -> None:
    assert [one.name for one in rewrites(KNOWN)] == [*(one.name for one in PASSES), "first", "idle", "second"]
    assert all(one.saves for one in rewrites())
