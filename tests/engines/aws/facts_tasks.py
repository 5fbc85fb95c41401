"""Tasks: results, errors, time limits, retries, task tokens."""

from __future__ import annotations

from engines.aws.facts import CAUGHT, INVOKE, NAME, PASS, Fact, catch, task

TASKS: dict[str, Fact] = {
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
}
