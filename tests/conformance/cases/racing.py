"""race: the first branch to end decides."""

from __future__ import annotations

import os
import time
from typing import Any

from pydantic import BaseModel

from skyloom.conformance.case import call, case
from skyloom.flows import FlowTimedOut, approval, flow, race, sleep, task, wait_for
from skyloom.flows.testing import Arrival, no_answer


class Payment(BaseModel):
    amount: float


class Refused(Exception):
    pass


def pass_time(seconds: float) -> None:
    """In a cloud's function ten times as long: the quick one may have to be started first."""
    in_a_cloud = "AWS_LAMBDA_FUNCTION_NAME" in os.environ or "K_SERVICE" in os.environ
    time.sleep(10 * seconds if in_a_cloud else seconds)


@task
def ask(name: str, wait: float) -> str:
    pass_time(wait)
    return name


@task
def refuse(name: str, wait: float) -> str:
    pass_time(wait)
    raise Refused(name)


@task
def measure(wait: float) -> float:
    pass_time(wait)
    return wait


@flow
def patient(name: str, wait: float) -> str:
    sleep(wait)
    return ask(name, 0.0)


@flow
def first_is_quicker() -> str:
    return race(ask("quick", 0.0), ask("slow", 0.4))


@flow
def second_is_quicker() -> str:
    winner = race(ask("slow", 0.4), ask("quick", 0.0))
    return f"{winner} won"


@flow
def three_branches() -> str:
    return race(ask("slow", 0.5), ask("slower", 0.6), ask("quick", 0.0))


@flow
def different_types(wait: float) -> str:
    winner: str | float = race(ask("text", wait), measure(0.1 if wait else 0.4))
    return f"{winner}"


@flow
def error_wins() -> str:
    return race(ask("slow", 0.4), refuse("quick", 0.0))


@flow
def error_wins_caught() -> str:
    try:
        return race(refuse("quick", 0.0), ask("slow", 0.4))
    except Refused as error:
        return f"refused by {error}"


@flow
def computed_arguments(names: list[str]) -> str:
    return race(ask(names[0] + "!", 0.4), ask(f"{names[1]}?", len(names) * 0.0))


@flow
def task_against_timer(wait: float, limit: float) -> str:
    winner = race(ask("answer", wait), sleep(limit))
    if winner is None:
        return "timer"
    return winner


@flow
def event_against_timer(limit: float) -> str:
    paid = race(wait_for("race-payment", Payment), sleep(limit))
    return "unpaid" if paid is None else f"paid {paid.amount}"


@flow
def event_against_event() -> list[Any]:
    winner: int | str = race(wait_for("race-number", int), wait_for("race-word", str))
    return [winner]


@flow
def approval_against_timer() -> str:
    decision = race(approval("Race?"), sleep(0.2))
    if decision is None:
        return "nobody"
    return "yes" if decision.approved else "no"


@flow
def of_sub_flows() -> str:
    return race(patient("slow", 12.0), patient("quick", 0.05))


@flow
def race_in_a_loop(waits: list[float]) -> list[str]:
    winners = []
    for wait in waits:
        winners.append(race(ask("task", wait), patient("flow", 2.5)))
    return winners


@flow
def after_the_race() -> str:
    winner = race(ask("slow", 0.3), ask("quick", 0.0))
    return winner + ask("after", 0.0)


@flow(timeout=20)
def losers_take_no_time() -> str:
    first = race(ask("first", 0.0), sleep(30))
    second = race(ask("second", 0.0), patient("late", 30.0))
    third = race(patient("third", 0.1), waiting_twice("late", 30.0))
    return ask(f"{first} {second} {third}", 0.0)


@flow
def waiting_twice(name: str, wait: float) -> str:
    sleep(wait)
    sleep(wait)
    return ask(name, 0.0)


@flow(timeout=1.2)
def all_are_late(sub_flows: bool) -> str:
    try:
        if sub_flows:
            return race(waiting_twice("one", 9.0), waiting_twice("two", 8.0))
        race(sleep(9), sleep(8))
    except Exception:
        return "caught"
    return "never"


@flow
def catches_that_all_are_late(sub_flows: bool) -> str:
    try:
        return all_are_late(sub_flows)
    except FlowTimedOut as error:
        return ask(f"{error}", 0.0)


CASES = [
    case(
        first_is_quicker,
        result="quick",
        calls=[call("ask", name="quick", wait=0.0)],
        concurrent=True,
        may_call=[call("ask", name="slow", wait=0.4)],
    ),
    case(
        second_is_quicker,
        result="quick won",
        calls=[call("ask", name="quick", wait=0.0)],
        concurrent=True,
        may_call=[call("ask", name="slow", wait=0.4)],
    ),
    case(three_branches, result="quick"),
    case(different_types, {"wait": 0.0}, result="text", name="first"),
    case(different_types, {"wait": 0.5}, result="0.1", name="second"),
    case(
        error_wins,
        error=("Refused", "quick"),
        calls=[call("refuse", name="quick", wait=0.0)],
        concurrent=True,
        may_call=[call("ask", name="slow", wait=0.4)],
    ),
    case(error_wins_caught, result="refused by quick"),
    case(computed_arguments, {"names": ["a", "b"]}, result="b?"),
    case(task_against_timer, {"wait": 0.0, "limit": 9.0}, result="answer", name="answer"),
    case(task_against_timer, {"wait": 0.5, "limit": 0.3}, result="timer", name="timer"),
    case(
        event_against_timer,
        {"limit": 9.0},
        result="paid 3.5",
        events={"race-payment": [Arrival(payload={"amount": 3.5}, after=0.05)]},
        name="event",
    ),
    case(
        event_against_timer,
        {"limit": 0.5},
        result="unpaid",
        events={"race-payment": [Arrival(after=None)]},
        name="timer",
    ),
    case(
        event_against_event,
        result=["later"],
        events={"race-number": [Arrival(after=None)], "race-word": [Arrival(payload="later", after=0.05)]},
    ),
    case(approval_against_timer, result="nobody", approvals=[no_answer()]),
    case(
        of_sub_flows,
        result="quick",
        calls=[call("ask", name="quick", wait=0.0)],
        concurrent=True,
        may_call=[call("ask", name="slow", wait=0.0)],
    ),
    case(race_in_a_loop, {"waits": [0.0, 8.0]}, result=["task", "flow"]),
    case(
        after_the_race,
        result="quickafter",
        calls=[call("ask", name="quick", wait=0.0), call("ask", name="after", wait=0.0)],
        concurrent=True,
        may_call=[call("ask", name="slow", wait=0.3)],
    ),
    case(
        losers_take_no_time,
        result="first second third",
        calls=[call("ask", name=name, wait=0.0) for name in ("first", "second", "third", "first second third")],
    ),
    case(catches_that_all_are_late, {"sub_flows": False}, result="all_are_late ran longer than 1.2 s", name="sleeps"),
    case(catches_that_all_are_late, {"sub_flows": True}, result="all_are_late ran longer than 1.2 s", name="flows"),
]
