"""What validators and the project's own rules say of state machines."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engines.aws.machine.checks import problems
from engines.node import PACKAGES, node

Json = Any

_MISTAKEN = re.compile(r"/(Output|Assign|Arguments|Type)(/.*)? is invalid")
SCRIPT = PACKAGES.parent / "asl_validator.js"
TRANSIENT = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
}
"""https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception"""


def asl_validator(definitions: Sequence[Json]) -> list[list[str]]:
    """What the npm package says of each definition, but for what it gets wrong: `Output` may be any JSON value
    (https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html), its schema knows only some, and then
    takes the state for one of an unknown type."""
    given = json.dumps(definitions)
    ran = subprocess.run([node(), str(SCRIPT)], input=given, capture_output=True, text=True, check=True)
    found: list[list[str]] = json.loads(ran.stdout)
    return [[text for text in texts if not _MISTAKEN.search(text)] for texts in found]


def structure(definition: Json) -> list[str]:
    """What CreateStateMachine would refuse."""
    return problems(json.dumps(definition))


def rules(definition: Json) -> list[str]:
    """What breaks a rule of the project: a step that might never end, or that gives up at the first hiccup."""
    return list(_of_machine(definition))


def _of_machine(machine: Mapping[str, Json]) -> Iterator[str]:
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            yield from _of_task(name, state)
        for retrier in state.get("Retry", ()):
            if retrier.get("MaxAttempts", 3) > 0 and retrier.get("JitterStrategy") not in ("FULL", "NONE"):
                yield f"{name}: a retrier does not say whether it jitters"
        for below in (*state.get("Branches", ()), *([state["ItemProcessor"]] if "ItemProcessor" in state else ())):
            yield from _of_machine(below)


def _of_task(name: str, state: Mapping[str, Json]) -> Iterator[str]:
    if "TimeoutSeconds" not in state:
        yield f"{name}: no TimeoutSeconds"
    retriers = state.get("Retry", [])
    if not retriers and ":states:startExecution" not in state["Resource"]:
        # What a child execution could repeat, its own steps have repeated.
        yield f"{name}: no Retry"
    if ":lambda:invoke" in state["Resource"]:
        covering = [one for one in retriers if set(one["ErrorEquals"]) >= TRANSIENT]
        if not any(one.get("JitterStrategy") == "FULL" for one in covering):
            yield f"{name}: what Lambda reports in passing is not repeated with jitter"
