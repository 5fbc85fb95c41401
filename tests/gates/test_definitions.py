"""All that is compiled from the conformance cases passes every gate; a control that is taken away is missed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from conformance.suite import ALL
from gates.definitions import asl_validator, rules, structure

from skyloom.deployers.aws.workflow import WorkflowSettings, compile_workflows
from skyloom.errors import CheckFailed

Json = Any


@pytest.fixture(scope="module")
def definitions() -> dict[str, Json]:
    found = {}
    flows = {case.flow: name for name, case in ALL.items()}
    for flow, name in flows.items():
        program = flow.program
        settings = WorkflowSettings(
            app="gates", tasks=dict.fromkeys(program.tasks, "tasks"), prompts=dict.fromkeys(program.prompts, "tasks")
        )
        try:
            for workflow in compile_workflows(program, settings):
                found[f"{name} {workflow.flow}"] = workflow.definition
        except CheckFailed:
            # Refused: there is nothing to look at. The conformance suite knows which may be.
            continue
    assert len(found) > 0.9 * len(flows)
    return found


def test_structure(definitions: dict[str, Json]) -> None:
    assert {name: found for name, definition in definitions.items() if (found := structure(definition))} == {}


def test_rules(definitions: dict[str, Json]) -> None:
    assert {name: found for name, definition in definitions.items() if (found := rules(definition))} == {}


def test_asl_validator(definitions: dict[str, Json]) -> None:
    """A sample, because it takes its time: those with the most kinds of states."""
    sample = sorted(definitions, key=lambda name: -len(_kinds(definitions[name])))[:25]
    found = dict(zip(sample, asl_validator([definitions[name] for name in sample]), strict=True))
    assert {name: problems for name, problems in found.items() if problems} == {}


def _kinds(machine: Json) -> set[str]:
    below = [inner for state in machine["States"].values() for inner in state.get("Branches", ())]
    below += [state["ItemProcessor"] for state in machine["States"].values() if "ItemProcessor" in state]
    return {state["Type"] for state in machine["States"].values()}.union(*map(_kinds, below))


SOUND: Json = {
    "QueryLanguage": "JSONata",
    "StartAt": "work",
    "States": {
        "work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "works", "Payload": {}},
            "TimeoutSeconds": 30,
            "Assign": {"x": "{% $states.result.Payload %}"},
            "Retry": [
                {
                    "ErrorEquals": [
                        "Lambda.ServiceException",
                        "Lambda.AWSLambdaException",
                        "Lambda.SdkClientException",
                        "Lambda.TooManyRequestsException",
                    ],
                    "IntervalSeconds": 2,
                    "MaxAttempts": 5,
                    "JitterStrategy": "FULL",
                }
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "failed"}],
            "Next": "done",
        },
        "failed": {"Type": "Fail", "Error": "Failed"},
        "done": {"Type": "Succeed", "Output": "{% $x %}"},
    },
}


def work(definition: Json) -> Json:
    return definition["States"]["work"]


UNSOUND: dict[str, Callable[[Json], object]] = {
    "no-timeout": lambda d: work(d).pop("TimeoutSeconds"),
    "no-retry": lambda d: work(d).pop("Retry"),
    "no-jitter": lambda d: work(d)["Retry"][0].pop("JitterStrategy"),
    "transient-error-left-out": lambda d: work(d)["Retry"][0]["ErrorEquals"].pop(),
    "unknown-next": lambda d: work(d).update(Next="nowhere"),
    "unknown-catch": lambda d: work(d)["Catch"][0].update(Next="nowhere"),
    "unreachable": lambda d: d["States"].update(alone={"Type": "Succeed"}),
    "assign-on-succeed": lambda d: d["States"]["done"].update(Assign={"y": 1}),
    "assign-states": lambda d: work(d).update(Assign={"states": 1}),
    "all-not-alone": lambda d: work(d)["Catch"][0]["ErrorEquals"].append("Other"),
    "backoff-below-one": lambda d: work(d)["Retry"][0].update(BackoffRate=0.5),
    "longest-pause-too-short": lambda d: work(d)["Retry"][0].update(MaxDelaySeconds=1),
    "heartbeat-too-long": lambda d: work(d).update(HeartbeatSeconds=30),
    "broken-expression": lambda d: d["States"]["done"].update(Output="{% $x + %}"),
    "text-around-expression": lambda d: d["States"]["done"].update(Output="{% $x %} "),
    "path-in-jsonata": lambda d: work(d).update(ResultPath="$.x"),
    "name-too-long": lambda d: d["States"].update({"x" * 81: d["States"].pop("done")}),
    "unknown-argument": lambda d: work(d)["Arguments"].update(Function="works"),
    "token-not-passed-on": lambda d: work(d).update(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken"),
}


def test_a_sound_definition() -> None:
    assert [*rules(SOUND), *structure(SOUND), *asl_validator([SOUND])[0]] == []


@pytest.mark.parametrize("control", UNSOUND)
def test_a_control_that_is_taken_away_is_missed(control: str) -> None:
    definition = copy.deepcopy(SOUND)
    UNSOUND[control](definition)
    assert rules(definition) or structure(definition)
