"""Roles, and what they allow: exactly the actions that something does, on exactly the resources that it does them to.

Where AWS offers no resource to name, the statement is one of `UNAVOIDABLE`, which says why and where AWS says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from skyloom.deployers.aws.machine.output import Converse, Invoke, Need, PutEvents, StartExecution
from skyloom.deployers.aws.resources.words import Json, arn, att, resource, sub
from skyloom.deployers.functions import AskModel, Permission, ReadBucket, ReadSecret, SendQueue, WriteBucket

Statement = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Unavoidable:
    """Actions that can only be allowed on everything, `*`."""

    actions: tuple[str, ...]
    reason: str
    source: str


TRACING = Unavoidable(
    ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    "a trace has no ARN before it is written",
    "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
)
SAMPLING = Unavoidable(
    ("xray:GetSamplingRules", "xray:GetSamplingTargets"),
    "which runs are traced is a setting of the account",
    "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html",
)
LOG_DELIVERY = Unavoidable(
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    "these actions of CloudWatch Logs know no resources",
    "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
)
UNAVOIDABLE = (TRACING, SAMPLING, LOG_DELIVERY)
"""Every statement on `*` that an app's roles have."""


def allow(actions: str | Sequence[str], on: Json, when: Mapping[str, Json] | None = None) -> Statement:
    """A statement that allows the actions on a resource, or on a list of them."""
    named = [actions] if isinstance(actions, str) else sorted(actions)
    statement = {"Effect": "Allow", "Action": named, "Resource": on}
    return statement | ({"Condition": dict(when)} if when else {})


def unavoidable(one: Unavoidable) -> Statement:
    """The statement of actions that know no resource."""
    return allow(one.actions, "*")


def role(service: str, statements: Iterable[Statement], name: str, when: Mapping[str, Json] | None = None) -> Json:
    """A role that a service takes on. `when` limits in whose name it may."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return resource(
        "AWS::IAM::Role",
        {
            "Description": f"What {name} may do",
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [trust | ({"Condition": dict(when)} if when else {})],
            },
            "Policies": [
                {
                    "PolicyName": "needs",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)},
                }
            ],
        },
        name,
    )


def own_account(service: str, what: str) -> dict[str, Json]:
    """Conditions that let a service take on a role only for things of this account: `what` is the ARN's last part.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return {
        "StringEquals": {"aws:SourceAccount": sub("${AWS::AccountId}")},
        "ArnLike": {"aws:SourceArn": arn(service, what)},
    }


# --- the app's key --------------------------------------------------------------------------------------------------

KEY = "Key"
"""The logical id of the key that encrypts everything the app owns."""

_READ, _WRITE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
_USES = {
    "dynamodb": ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
    "lambda": _READ,
    "s3 read": _READ,
    "s3 write": _WRITE,
    "scheduler": _READ,
    "secretsmanager read": _READ,
    "secretsmanager write": _WRITE,
    "sns": _WRITE,
    "sqs receive": _READ,
    "sqs send": _WRITE,
}
"""What a caller has to be allowed to do with the key for a service to work with it in the caller's name."""


def use_key(*uses: str) -> list[Statement]:
    """Statements that let the app's key be used through services (`s3 read`), and in no other way."""
    by_service: dict[str, set[str]] = {}
    for use in uses:
        by_service.setdefault(use.partition(" ")[0], set()).update(_USES[use])
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for service, actions in sorted(by_service.items()):
        by_actions.setdefault(tuple(sorted(actions)), []).append(service)
    return [
        allow(
            actions,
            att(KEY),
            {"StringEquals": {"kms:ViaService": [sub(f"{name}.${{AWS::Region}}.amazonaws.com") for name in names]}},
        )
        for actions, names in sorted(by_actions.items())
    ]


# --- what tasks and machines do -------------------------------------------------------------------------------------


def permitted(permission: Permission, resources: Mapping[str, str]) -> list[Statement]:
    """The statements of a function's permission, without those for the key. `resources` gives the logical ids of the
    app's own resources: `bucket inbox`."""
    match permission:
        case ReadBucket(bucket=bucket):
            found = resources[f"bucket {bucket}"]
            return [allow("s3:ListBucket", att(found)), allow("s3:GetObject", sub(f"${{{found}.Arn}}/*"))]
        case WriteBucket(bucket=bucket):
            found = resources[f"bucket {bucket}"]
            return [allow(("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"), sub(f"${{{found}.Arn}}/*"))]
        case SendQueue(queue=queue):
            return [allow("sqs:SendMessage", att(resources[f"queue {queue}"]))]
        case ReadSecret(secret=secret):
            return [allow("secretsmanager:GetSecretValue", {"Ref": resources[f"secret {secret}"]})]
        case AskModel(model=model, region=region):
            return ask_model(model, region)
        case _:
            assert_never(permission)


def key_uses(permission: Permission) -> tuple[str, ...]:
    """What a permission needs the app's key for, as `use_key` takes it."""
    match permission:
        case ReadBucket():
            return ("s3 read",)
        case WriteBucket():
            return ("s3 write",)
        case SendQueue():
            return ("sqs send",)
        case ReadSecret():
            return ("secretsmanager read",)
        case AskModel():
            return ()
        case _:
            assert_never(permission)


_PROFILE = re.compile(r"(apac|au|ca|eu|global|jp|us|us-gov)\.(.+)")


def ask_model(model: str, region: str | None = None) -> list[Statement]:
    """Statements for one model of Amazon Bedrock, or one inference profile: `Converse` needs `bedrock:InvokeModel`.

    A profile passes the question on to the same model in some region: there it is allowed through the profile only.
    https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
    """
    action, place = "bedrock:InvokeModel", region or "${AWS::Region}"
    name = model.rpartition("/")[2]
    if model.startswith("arn:"):
        itself: Json = model
    elif _PROFILE.fullmatch(model):
        itself = sub(f"arn:${{AWS::Partition}}:bedrock:{place}:${{AWS::AccountId}}:inference-profile/{model}")
    else:
        itself = sub(f"arn:${{AWS::Partition}}:bedrock:{place}::foundation-model/{model}")
    if not (_PROFILE.fullmatch(model) or "inference-profile/" in model):
        return [allow(action, itself)]
    profile = _PROFILE.fullmatch(name)
    # Which model stands behind a profile of the account's own, its ARN does not tell.
    behind = sub(f"arn:${{AWS::Partition}}:bedrock:*::foundation-model/{profile[2] if profile else '*'}")
    return [allow(action, itself), allow(action, behind, {"StringEquals": {"bedrock:InferenceProfileArn": itself}})]


def needed(need: Need, functions: Mapping[str, str], machines: Mapping[str, str], bus: str) -> list[Statement]:
    """The statements of something that a machine does.

    Args:
        functions: logical ids of functions by key.
        machines: the names of state machines by flow.
        bus: the logical id of the app's bus.
    """
    match need:
        case Invoke(function=function):
            return [allow("lambda:InvokeFunction", att(functions[function]))]
        case StartExecution(flow=flow):
            return _start(machines[flow])
        case PutEvents():
            return [allow("events:PutEvents", att(bus))]
        case Converse(model=model):
            return ask_model(model)
        case _:
            assert_never(need)


def _start(machine: str) -> list[Statement]:
    """https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html"""
    rule = "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule"
    return [
        allow("states:StartExecution", arn("states", f"stateMachine:{machine}")),
        allow(("states:DescribeExecution", "states:StopExecution"), arn("states", f"execution:{machine}:*")),
        allow(("events:DescribeRule", "events:PutRule", "events:PutTargets"), arn("events", rule)),
    ]
