"""Functions: each with its own role, its log and its alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skyloom.deployers.aws.functions import FunctionSettings
from skyloom.deployers.aws.machine.output import HELPER
from skyloom.deployers.aws.resources.buckets import VALUE_OBJECTS, VALUES
from skyloom.deployers.aws.resources.layout import Layout
from skyloom.deployers.aws.resources.observability import function_alarms, log_group
from skyloom.deployers.aws.resources.permissions import (
    KEY,
    TRACING,
    Statement,
    allow,
    key_uses,
    permitted,
    role,
    unavoidable,
    use_key,
)
from skyloom.deployers.aws.resources.queues import DEAD_LETTERS
from skyloom.deployers.aws.resources.words import Json, Resources, arn, att, ref, resource
from skyloom.deployers.declared import merged
from skyloom.deployers.functions import FunctionGroup, Permission, ReadBucket, ReadSecret, SendQueue, WriteBucket
from skyloom.flows.resources import variable_of

MEMORY = 256
"""MiB of a function that asks for nothing else: below it, starting a Python function takes seconds."""
LONGEST_SECONDS = 900
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_MARGIN = 10
"""Seconds that a function has above the timeout of its tasks, which its host keeps."""
_HELPER_SECONDS = 30
_HANDLER = "handler.handler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function as its app needs it.

    Attributes:
        key: its name in the app.
        does: what it is there for, in a sentence.
        code: the key of its code.
        key_uses: what it needs the app's key for, besides its own environment.
        dead_letters: whether it is invoked without anybody waiting, so that what fails in the end must be kept.
        runtime: by default what the app's own code is built for.
    """

    key: str
    does: str
    code: str
    handler: str
    timeout: int
    memory: int = MEMORY
    statements: Sequence[Statement] = ()
    key_uses: Sequence[str] = ()
    variables: Mapping[str, Json] = field(default_factory=dict)
    dead_letters: bool = False
    runtime: str | None = None


def function(layout: Layout, id_: str, wanted: Function) -> Resources:
    """A function with what belongs to it."""
    settings, built_for = layout.settings, FunctionSettings.of(layout.settings)
    name = layout.function_name(wanted.key)
    properties = {
        "FunctionName": name,
        "Description": wanted.does,
        "Runtime": wanted.runtime or built_for.runtime,
        "Architectures": [built_for.architecture],
        "Handler": wanted.handler,
        "Code": {"S3Bucket": ref("ArtifactsBucket"), "S3Key": layout.parts.code[wanted.code]},
        "Role": att(f"{id_}Role"),
        "MemorySize": wanted.memory,
        "Timeout": wanted.timeout,
        "Environment": {"Variables": dict(sorted(wanted.variables.items()))} if wanted.variables else None,
        "KmsKeyArn": att(KEY),
        "TracingConfig": {"Mode": "Active"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": ref(f"{id_}Log")},
        "ReservedConcurrentExecutions": settings.concurrency,
        "DeadLetterConfig": {"TargetArn": att(DEAD_LETTERS)} if wanted.dead_letters else None,
    }
    return {
        id_: resource("AWS::Lambda::Function", properties, wanted.key),
        f"{id_}Role": role("lambda.amazonaws.com", _statements(name, wanted), f"function {wanted.key}"),
        f"{id_}Log": log_group(layout, f"/aws/lambda/{name}", wanted.key),
        **function_alarms(layout, id_, wanted.key),
    }


def _statements(name: str, wanted: Function) -> list[Statement]:
    kept = [allow("sqs:SendMessage", att(DEAD_LETTERS))] if wanted.dead_letters else []
    uses = ["lambda", *wanted.key_uses, *(["sqs send"] if wanted.dead_letters else [])]
    streams = arn("logs", f"log-group:/aws/lambda/{name}:log-stream:*")
    return [
        allow(("logs:CreateLogStream", "logs:PutLogEvents"), streams),
        unavoidable(TRACING),
        *use_key(*uses),
        *kept,
        *wanted.statements,
    ]


# --- functions of tasks and prompts ---------------------------------------------------------------------------------


def functions(layout: Layout) -> Resources:
    """The functions of the app's tasks and prompts, and its helper."""
    made = [function(layout, layout.functions[group.key], _of_group(layout, group)) for group in layout.parts.groups]
    if layout.has_helper:
        made.append(function(layout, layout.functions[HELPER], _helper(layout)))
    return merged(*made)


def _of_group(layout: Layout, group: FunctionGroup) -> Function:
    names = [*group.tasks, *group.prompts]
    statements = [made for permission in group.permissions for made in permitted(permission, layout.owned)]
    uses = [use for permission in group.permissions for use in key_uses(permission)]
    return Function(
        key=group.key,
        does=f"Runs {', '.join(names)}"[:256],
        code=group.key,
        handler=layout.parts.handlers.get(group.key, _HANDLER),
        timeout=min(LONGEST_SECONDS, math.ceil(group.timeout) + _MARGIN),
        memory=group.memory or MEMORY,
        statements=[*_claims(), *statements],
        key_uses=["s3 read", "s3 write", *uses],
        variables={**_about(layout), **_variables(layout, group.permissions)},
    )


def _helper(layout: Layout) -> Function:
    return Function(
        key=HELPER,
        does="Evaluates the expressions that state machines cannot",
        code=HELPER,
        handler=_HANDLER,
        timeout=_HELPER_SECONDS,
        statements=_claims(),
        key_uses=["s3 read", "s3 write"],
        variables=_about(layout),
    )


def _claims() -> list[Statement]:
    """Values that are too large to travel with a run wait in the app's bucket."""
    return [allow(("s3:GetObject", "s3:PutObject"), VALUE_OBJECTS)]


def _about(layout: Layout) -> dict[str, Json]:
    return {"SKYLOOM_APP": layout.app.name, "SKYLOOM_ENV": layout.parts.environment, "SKYLOOM_BUCKET": ref(VALUES)}


def _variables(layout: Layout, permissions: Sequence[Permission]) -> dict[str, Json]:
    """Where the function finds what it may use."""
    found: dict[str, Json] = {}
    for permission in permissions:
        match permission:
            case ReadBucket(bucket=name) | WriteBucket(bucket=name):
                found[variable_of("BUCKET", name)] = ref(layout.owned[f"bucket {name}"])
            case SendQueue(queue=name):
                found[variable_of("QUEUE", name)] = ref(layout.owned[f"queue {name}"])
            case ReadSecret(secret=name):
                found[variable_of("SECRET", name)] = ref(layout.owned[f"secret {name}"])
            case _:
                pass
    return found
