"""Parallel and Map: arguments, scopes, failures."""

from __future__ import annotations

from engines.aws.facts import CAUGHT, NAME, PASS, Fact, branch, catch, task, then

FANNING: dict[str, Fact] = {
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
