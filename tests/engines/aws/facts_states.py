"""States other than Task, Parallel and Map; expressions."""

from __future__ import annotations

from engines.aws.facts import PASS, Fact, succeed

STATES: dict[str, Fact] = {
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
}
