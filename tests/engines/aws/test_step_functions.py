"""What AWS documents of Step Functions, on the tests' account; and which of it needs a shim on MiniStack as it is.

`bare` runs the same on MiniStack without shims: a fact that is `shimmed` must fail there, else its shim can go.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from engines.aws.account import AwsAccount, started
from engines.aws.driving import Ended, make_function, make_machine, run_machine, zipped

Json = Any

INVOKE = "arn:aws:states:::lambda:invoke"
HANDLER = """
import os, time
import boto3

class Busy(Exception):
    pass

class VeryBusy(Busy):
    pass

def handler(event, context):
    match event.get("do"):
        case "raise":
            raise VeryBusy(event.get("message", "busy"))
        case "sleep":
            time.sleep(event["seconds"])
        case "large":
            return "x" * event["bytes"]
        case "third":
            if event["attempt"] < 3:
                raise Busy("not yet")
        case "answer":
            client = boto3.client("stepfunctions")
            client.send_task_success(taskToken=event["token"], output='{"answered": true}')
            try:
                client.send_task_success(taskToken=event["token"], output='{"answered": "again"}')
            except client.exceptions.TaskTimedOut:
                pass
            else:
                raise RuntimeError("answered twice")
        case "fail":
            boto3.client("stepfunctions").send_task_failure(taskToken=event["token"], error="Refused", cause="no")
        case "exit":
            os._exit(3)
    return event
"""


def task(do: str, *, payload: Json = None, resource: str = INVOKE, **fields: Json) -> Json:
    """A task of the function `works`."""
    given = {"do": do, **(payload or {})}
    if "Next" not in fields:
        fields["End"] = True
    return {"Type": "Task", "Resource": resource, "Arguments": {"FunctionName": "works", "Payload": given}, **fields}


def succeed(output: Json = None) -> Json:
    return {"Type": "Succeed"} | ({} if output is None else {"Output": output})


def catch(*names: str, then: str = "Caught") -> Json:
    return [{"ErrorEquals": list(names), "Next": then}]


def branch(**states: Json) -> Json:
    return {"StartAt": next(iter(states)), "States": states}


def then(state: Json, following: str) -> Json:
    return {**{name: value for name, value in state.items() if name != "End"}, "Next": following}


@dataclass(frozen=True)
class Fact:
    """A machine's states (the first is where it starts), its input, and how it must end."""

    states: dict[str, Json]
    given: Json = None
    output: Json = None
    error: str | None = None
    cause: str | None = None
    status: str = ""
    shimmed: bool = False
    timeout: int | None = None

    def definition(self) -> Json:
        limit = {} if self.timeout is None else {"TimeoutSeconds": self.timeout}
        return {**branch(**self.states), **limit}


PASS: Json = {"Type": "Pass", "End": True}
CAUGHT = {**PASS, "Output": "{% $states.input %}"}
NAME = {"Caught": {**PASS, "Output": "{% $states.input.Error %}"}}
FACTS: dict[str, Fact] = {
    # --- states ----------------------------------------------------------------------------------------------
    "succeed-output": Fact({"A": succeed({"n": "{% $states.input.n + 1 %}"})}, {"n": 1}, {"n": 2}, shimmed=True),
    "pass-output-assign": Fact(
        {
            "A": {"Type": "Pass", "Assign": {"x": "{% $states.input.n %}"}, "Output": [1], "Next": "B"},
            "B": {"Type": "Pass", "Output": "{% [$x, $states.input[0]] %}", "End": True},
        },
        {"n": 7},
        [7, 1],
    ),
    "assign-sees-values-of-entry": Fact(
        {
            "A": {"Type": "Pass", "Assign": {"x": 1, "y": 10}, "Next": "B"},
            "B": {"Type": "Pass", "Assign": {"x": "{% $y %}", "y": "{% $x %}"}, "Next": "C"},
            "C": {"Type": "Pass", "Output": "{% [$x, $y] %}", "End": True},
        },
        None,
        [10, 1],
        shimmed=True,
    ),
    "choice-rule-assign-and-output": Fact(
        {
            "A": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% false %}", "Next": "B", "Assign": {"x": "no"}},
                    {"Condition": "{% $states.input.n = 1 %}", "Next": "B", "Assign": {"x": "yes"}, "Output": 5},
                ],
                "Default": "B",
                "Assign": {"x": "default"},
            },
            "B": {"Type": "Pass", "Output": "{% [$x, $states.input] %}", "End": True},
        },
        {"n": 1},
        ["yes", 5],
    ),
    "choice-default-assign-and-output": Fact(
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% false %}", "Next": "B", "Assign": {"x": "no"}}],
                "Default": "B",
                "Assign": {"x": "default"},
                "Output": 6,
            },
            "B": {"Type": "Pass", "Output": "{% [$x, $states.input] %}", "End": True},
        },
        None,
        ["default", 6],
        shimmed=True,
    ),
    "choice-condition-no-boolean": Fact(
        {"A": {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "B"}], "Default": "B"}, "B": PASS},
        error="States.QueryEvaluationError",
        shimmed=True,
    ),
    "choice-no-match": Fact(
        {"A": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "B"}]}, "B": PASS},
        error="States.NoChoiceMatched",
    ),
    "fail-expressions": Fact(
        {"A": {"Type": "Fail", "Error": "{% 'E' & $states.input.n %}", "Cause": "{% $string($states.input) %}"}},
        {"n": 1},
        error="E1",
        cause='{"n":1}',
    ),
    "undefined-result": Fact({"A": {**PASS, "Output": "{% $states.input.x %}"}}, error="States.QueryEvaluationError"),
    "null-result": Fact({"A": {**PASS, "Output": "{% $states.input.x %}"}}, {"x": None}, None),
    "whole-numbers": Fact(
        {"A": {**PASS, "Output": "{% [$states.input.x, 6 / 3] %}"}}, {"x": 2.0}, [2, 2], shimmed=True
    ),
    "deepest-expression": Fact({"A": {**PASS, "Output": "{% 1" + "+1" * 99 + " %}"}}, None, 100),
    "too-deep-expression": Fact(
        {"A": {**PASS, "Output": "{% 1" + "+1" * 100 + " %}"}}, error="States.QueryEvaluationError", shimmed=True
    ),
    "no-eval": Fact({"A": {**PASS, "Output": "{% $eval('1') %}"}}, error="States.QueryEvaluationError", shimmed=True),
    "range-of-one-is-alone": Fact({"A": {**PASS, "Output": "{% $range(3, 3, 1) %}"}}, None, 3, shimmed=True),
    "context": Fact(
        {
            "A": {
                **PASS,
                "Output": "{% [$states.context.Execution.Input.n, $states.context.State.Name,"
                " $states.context.State.RetryCount, $type($states.context.State.EnteredTime),"
                " $exists($states.context.variables)] %}",
            }
        },
        {"n": 1},
        [1, "A", 0, "string", False],
        shimmed=True,
    ),
    "output-too-large": Fact(
        {"A": {**PASS, "Output": "{% $pad('', 300000, 'x') %}"}}, error="States.DataLimitExceeded", shimmed=True
    ),
    "wait-for-no-time": Fact({"A": {"Type": "Wait", "Seconds": "{% 0 %}", "End": True}}, {"a": 1}, {"a": 1}),
    # --- tasks ------------------------------------------------------------------------------------------------
    "lambda-result": Fact({"A": task("x", Output="{% $states.result.Payload.do %}")}, None, "x"),
    "lambda-error-name": Fact({"A": task("raise", Catch=catch("VeryBusy")), **NAME}, None, "VeryBusy", shimmed=True),
    "lambda-error-cause": Fact(
        {
            "A": task("raise", Catch=catch("States.ALL")),
            "Caught": {**PASS, "Output": "{% $parse($states.input.Cause).[errorType, errorMessage] %}"},
        },
        None,
        ["VeryBusy", "busy"],
        shimmed=True,
    ),
    "lambda-exits": Fact(
        {"A": task("exit", Catch=catch("States.ALL")), **NAME}, None, "Runtime.ExitError", shimmed=True
    ),
    "lambda-too-late": Fact(
        {"A": task("sleep", payload={"seconds": 9}, Catch=catch("States.ALL")), **NAME}, None, "Sandbox.Timedout"
    ),
    "task-timeout": Fact(
        {"A": task("sleep", payload={"seconds": 3}, TimeoutSeconds=1, Catch=catch("States.Timeout")), "Caught": CAUGHT},
        None,
        {"Error": "States.Timeout"},
        shimmed=True,
    ),
    "task-timeout-expression": Fact(
        {
            "A": task("sleep", payload={"seconds": 3}, TimeoutSeconds="{% 0 + 1 %}", Catch=catch("States.Timeout")),
            **NAME,
        },
        None,
        "States.Timeout",
        shimmed=True,
    ),
    "machine-timeout": Fact(
        {"A": {"Type": "Wait", "Seconds": 9, "End": True}}, status="TIMED_OUT", timeout=1, shimmed=True
    ),
    "result-too-large-is-not-all": Fact(
        {"A": task("large", payload={"bytes": 270_000}, Catch=catch("States.ALL")), **NAME},
        error="States.DataLimitExceeded",
        shimmed=True,
    ),
    "result-too-large-by-name": Fact(
        {"A": task("large", payload={"bytes": 270_000}, Catch=catch("States.DataLimitExceeded")), **NAME},
        None,
        "States.DataLimitExceeded",
        shimmed=True,
    ),
    "query-error-is-caught": Fact(
        {"A": task("x", Output="{% $states.result.nothing %}", Catch=catch("States.ALL")), **NAME},
        None,
        "States.QueryEvaluationError",
    ),
    "retry-count": Fact(
        {
            "A": task(
                "third",
                payload={"attempt": "{% $states.context.State.RetryCount + 1 %}"},
                Retry=[{"ErrorEquals": ["Busy"], "MaxAttempts": 4}],
                Output="{% $states.result.Payload.attempt %}",
            )
        },
        None,
        3,
        shimmed=True,
    ),
    "retry-longest-pause": Fact(
        {
            "A": task(
                "third",
                payload={"attempt": "{% $states.context.State.RetryCount + 1 %}"},
                Retry=[
                    {
                        "ErrorEquals": ["States.ALL"],
                        "IntervalSeconds": 1,
                        "BackoffRate": 900,
                        "MaxDelaySeconds": 2,
                        "JitterStrategy": "FULL",
                    }
                ],
                Output="{% $states.result.Payload.attempt %}",
            )
        },
        None,
        3,
        shimmed=True,
    ),
    "no-retry-then-catch": Fact(
        {
            "A": task(
                "raise", Retry=[{"ErrorEquals": ["VeryBusy"], "MaxAttempts": 0}], Catch=catch("States.TaskFailed")
            ),
            **NAME,
        },
        None,
        "VeryBusy",
        shimmed=True,
    ),
    "catch-assign-and-output": Fact(
        {
            "A": task(
                "raise",
                Catch=[
                    {
                        "ErrorEquals": ["States.ALL"],
                        "Next": "B",
                        "Assign": {"e": "{% $states.errorOutput.Error %}"},
                        "Output": "{% $states.input.n %}",
                    }
                ],
            ),
            "B": {**PASS, "Output": "{% [$e, $states.input] %}"},
        },
        {"n": 4},
        ["VeryBusy", 4],
        shimmed=True,
    ),
    # --- task tokens ------------------------------------------------------------------------------------------
    "token-answered-once": Fact(
        {
            "A": task(
                "answer", payload={"token": "{% $states.context.Task.Token %}"}, resource=f"{INVOKE}.waitForTaskToken"
            )
        },
        None,
        {"answered": True},
        shimmed=True,
    ),
    "token-failure": Fact(
        {
            "A": task(
                "fail",
                payload={"token": "{% $states.context.Task.Token %}"},
                resource=f"{INVOKE}.waitForTaskToken",
                Catch=catch("Refused"),
            ),
            "Caught": CAUGHT,
        },
        None,
        {"Error": "Refused", "Cause": "no"},
    ),
    "token-never-answered": Fact(
        {
            "A": task(
                "x",
                payload={"token": "{% $states.context.Task.Token %}"},
                resource=f"{INVOKE}.waitForTaskToken",
                TimeoutSeconds=1,
                Catch=catch("States.Timeout"),
            ),
            **NAME,
        },
        None,
        "States.Timeout",
    ),
    "token-no-heartbeat": Fact(
        {
            "A": task(
                "x",
                payload={"token": "{% $states.context.Task.Token %}"},
                resource=f"{INVOKE}.waitForTaskToken",
                TimeoutSeconds=12,
                HeartbeatSeconds=1,
                Catch=catch("States.HeartbeatTimeout"),
            ),
            **NAME,
        },
        None,
        "States.Timeout",
        shimmed=True,
    ),
    "token-function-fails": Fact(
        {
            "A": task(
                "raise",
                payload={"token": "{% $states.context.Task.Token %}"},
                resource=f"{INVOKE}.waitForTaskToken",
                TimeoutSeconds=3,
                Catch=catch("VeryBusy"),
            ),
            **NAME,
        },
        None,
        "VeryBusy",
        shimmed=True,
    ),
    # --- Parallel and Map -------------------------------------------------------------------------------------
    "parallel-arguments-output-assign": Fact(
        {
            "A": {
                "Type": "Parallel",
                "Arguments": {"n": "{% $states.input.n * 2 %}"},
                "Branches": [
                    branch(B={**PASS, "Output": "{% $states.input.n %}"}),
                    branch(C={**PASS, "Output": "{% $states.input.n + 1 %}"}),
                ],
                "Assign": {"x": "{% $states.result[1] %}"},
                "Output": "{% $states.result[0] %}",
                "Next": "Z",
            },
            "Z": {**PASS, "Output": "{% [$states.input, $x] %}"},
        },
        {"n": 5},
        [10, 11],
        shimmed=True,
    ),
    "parallel-scopes": Fact(
        {
            "S": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "A"},
            "A": {
                "Type": "Parallel",
                "Branches": [
                    branch(
                        B={"Type": "Pass", "Assign": {"mine": "b"}, "Next": "B2"},
                        B2={"Type": "Wait", "Seconds": 1, "Next": "B3"},
                        B3={**PASS, "Output": "{% [$outer, $mine] %}"},
                    ),
                    branch(
                        C={"Type": "Pass", "Assign": {"mine": "c"}, "Next": "C2"},
                        C2={**PASS, "Output": "{% [$outer, $mine] %}"},
                    ),
                ],
                "Next": "Z",
            },
            "Z": {**PASS, "Output": "{% [$states.input, $exists($mine)] %}"},
        },
        None,
        [[1, "b"], [1, "c"], False],
        shimmed=True,
    ),
    "parallel-first-failure-by-time": Fact(
        {
            "A": {
                "Type": "Parallel",
                "Branches": [
                    branch(B=then({"Type": "Wait", "Seconds": 7}, "B2"), B2={"Type": "Fail", "Error": "Late"}),
                    branch(C={"Type": "Fail", "Error": "Early", "Cause": "c"}),
                ],
                "Catch": catch("Early"),
                "End": True,
            },
            "Caught": CAUGHT,
        },
        None,
        {"Error": "Early", "Cause": "c"},
        shimmed=True,
    ),
    "map-items": Fact(
        {
            "A": {
                "Type": "Map",
                "Items": "{% $states.input.items %}",
                "ItemSelector": {
                    "item": "{% $states.context.Map.Item.Value %}",
                    "index": "{% $states.context.Map.Item.Index %}",
                    "all": "{% $count($states.input.items) %}",
                },
                "MaxConcurrency": "{% 2 %}",
                "ItemProcessor": branch(B={**PASS, "Output": "{% $states.input.(item * 100 + index * 10 + all) %}"}),
                "Assign": {"x": "{% $sum($states.result) %}"},
                "Next": "Z",
            },
            "Z": {**PASS, "Output": "{% [$states.input, $x] %}"},
        },
        {"items": [1, 2, 3]},
        [103, 213, 323, 639],
    ),
    "map-of-nothing": Fact(
        {"A": {"Type": "Map", "ItemProcessor": branch(B={"Type": "Fail", "Error": "E"}), "End": True}}, [], []
    ),
    "map-first-failure-by-time": Fact(
        {
            "A": {
                "Type": "Map",
                "ItemProcessor": branch(
                    B={
                        "Type": "Choice",
                        "Choices": [{"Condition": "{% $states.input = 0 %}", "Next": "Slow"}],
                        "Default": "Quick",
                    },
                    Slow={"Type": "Wait", "Seconds": 7, "Next": "Late"},
                    Late={"Type": "Fail", "Error": "Late"},
                    Quick={"Type": "Fail", "Error": "Early"},
                ),
                "Catch": catch("Early"),
                "End": True,
            },
            **NAME,
        },
        [0, 1],
        "Early",
        shimmed=True,
    ),
    "map-retry": Fact(
        {
            "A": {
                "Type": "Map",
                "ItemProcessor": branch(B=task("raise")),
                "Retry": [{"ErrorEquals": ["VeryBusy"], "MaxAttempts": 1}],
                "Catch": catch("VeryBusy"),
                "End": True,
            },
            **NAME,
        },
        [1],
        "VeryBusy",
        shimmed=True,
    ),
}


def all_run(account: AwsAccount) -> dict[str, Ended | Exception]:
    """Runs all facts at once."""
    make_function(account, "works", zipped({"handler.py": HANDLER}), timeout=5)

    def one(fact: Fact) -> Ended | Exception:
        try:
            return run_machine(account, make_machine(account, fact.definition()), fact.given, seconds=40)
        except Exception as problem:
            return problem

    with ThreadPoolExecutor(len(FACTS)) as threads:
        return dict(zip(FACTS, threads.map(one, FACTS.values()), strict=True))


@pytest.fixture(scope="module")
def runs(aws_account: AwsAccount) -> dict[str, Ended | Exception]:
    return all_run(aws_account.empty())


@pytest.fixture(scope="module")
def bare_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended | Exception]:
    with started(tmp_path_factory.mktemp("bare"), bare=True) as account:
        return all_run(account)


def check(fact: Fact, ended: Ended | Exception) -> None:
    assert isinstance(ended, Ended), ended
    status = fact.status or ("SUCCEEDED" if fact.error is None else "FAILED")
    assert (ended.status, ended.error if ended.status == "FAILED" else None) == (status, fact.error), ended
    assert json.dumps(ended.output) == json.dumps(fact.output)
    if fact.cause is not None:
        assert ended.cause == fact.cause


@pytest.mark.parametrize("name", FACTS)
def test_account(name: str, runs: dict[str, Ended | Exception]) -> None:
    check(FACTS[name], runs[name])


@pytest.mark.parametrize("name", FACTS)
def test_bare(name: str, bare_runs: dict[str, Ended | Exception], request: pytest.FixtureRequest) -> None:
    if FACTS[name].shimmed:
        request.applymarker(pytest.mark.xfail(strict=True, reason="MiniStack does otherwise: shimmed"))
    check(FACTS[name], bare_runs[name])


def test_the_account_logs_no_errors(runs: dict[str, Ended | Exception], aws_account: AwsAccount) -> None:
    assert "Traceback" not in aws_account.log.read_text()
