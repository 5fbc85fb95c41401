"""Facts about Step Functions, as AWS documents them: machines, and how they must end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
