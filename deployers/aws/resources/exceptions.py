"""Where the app departs from what policy scanners ask, and why. The reasons stand in the template, at each resource.

checkov reads `Metadata.checkov.skip`; what cdk-nag finds is compared with `Metadata.cdk_nag.rules_to_suppress`. A
wildcard in a role is excused one by one, by what it stands for: one that is not in `_WILDCARDS` is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from skyloom.deployers.aws.functions import PYTHONS
from skyloom.deployers.aws.resources.buckets import ACCESS_LOGS
from skyloom.deployers.aws.resources.permissions import UNAVOIDABLE
from skyloom.deployers.aws.resources.words import Json, Resources
from skyloom.deployers.declared import Accepted, reasons

_FUNCTION = "AWS::Lambda::Function"

ACCEPTED = (
    Accepted(
        rules=("CKV_AWS_117",),
        type=_FUNCTION,
        reason="The function talks to AWS services and to the internet, not to anything in a VPC.",
    ),
    Accepted(
        rules=("CKV_AWS_115",),
        type=_FUNCTION,
        reason="What is reserved is taken from the account's other functions: Environment(concurrency=...) decides.",
        where=lambda id_, properties: "ReservedConcurrentExecutions" not in properties,
    ),
    Accepted(
        rules=("CKV_AWS_116", "Serverless-LambdaDLQ"),
        type=_FUNCTION,
        reason="Somebody waits for the answer of every invocation and hears of its error: a state machine, the API, "
        "Secrets Manager, or a queue that has a dead-letter queue of its own.",
        where=lambda id_, properties: "DeadLetterConfig" not in properties,
    ),
    Accepted(
        rules=("AwsSolutions-L1", "Serverless-LambdaLatestVersion"),
        type=_FUNCTION,
        reason="Code runs on the Python that it was built and tested with, one that Lambda supports.",
        where=lambda id_, properties: properties["Runtime"].removeprefix("python") in PYTHONS,
    ),
    Accepted(
        rules=("CKV_AWS_18", "AwsSolutions-S1"),
        type="AWS::S3::Bucket",
        reason="This bucket holds the access logs of the others; logging itself would never end.",
        where=lambda id_, properties: id_ == ACCESS_LOGS,
    ),
    Accepted(
        rules=("AwsSolutions-SMG4",),
        type="AWS::SecretsManager::Secret",
        reason="The value comes from somebody else's service, who alone can renew it.",
        where=lambda id_, properties: "GenerateSecretString" not in properties,
    ),
    Accepted(
        rules=("AwsSolutions-SQS3", "Serverless-SQSRedrivePolicy"),
        type="AWS::SQS::Queue",
        reason="This is a dead-letter queue itself; an alarm tells when something lies in it.",
        where=lambda id_, properties: "RedrivePolicy" not in properties,
    ),
    Accepted(
        rules=("Serverless-LambdaEventSourceMappingDestination",),
        type="AWS::Lambda::EventSourceMapping",
        reason="Messages that fail go to the dead-letter queue of their queue.",
    ),
)
"""Every finding that is accepted, but for wildcards in roles and routes without authorization."""

_WILDCARDS = (
    (r"arn:<AWS::Partition>:logs:.*:log-group:/aws/lambda/[^:*]+:log-stream:\*", "Lambda names the streams of a log"),
    (r"arn:<AWS::Partition>:states:.*:execution:[^:*]+:\*", "runs of one flow, whose names are made when they start"),
    (r"<[A-Za-z0-9]+\.Arn>/(values/)?\*", "the objects of one bucket"),
    (
        r"arn:<AWS::Partition>:bedrock:\*::foundation-model/([^*]+|\*)",
        "the model of one inference profile, through that profile only, which chooses the region",
    ),
)
"""What ARNs with a star stand for in a role, as cdk-nag writes them."""


def excused(resources: Resources) -> Resources:
    """The resources, with the reasons at those that need them."""
    return {id_: _excused(id_, resource) for id_, resource in resources.items()}


def _excused(id_: str, resource: dict[str, Json]) -> dict[str, Json]:
    found = list(_reasons(id_, resource))
    skip = [{"id": rule, "comment": reason} for rule, reason in found if rule.startswith("CKV")]
    suppress = [{"id": rule, "reason": reason} for rule, reason in found if not rule.startswith("CKV")]
    metadata = dict(resource["Metadata"])
    if skip:
        metadata["checkov"] = {"skip": skip}
    if suppress:
        metadata["cdk_nag"] = {"rules_to_suppress": suppress}
    return resource | {"Metadata": metadata}


def _reasons(id_: str, resource: dict[str, Json]) -> Iterator[tuple[str, str]]:
    properties = resource["Properties"]
    yield from reasons(ACCEPTED, resource["Type"], id_, properties).items()
    match resource["Type"]:
        case "AWS::IAM::Role":
            yield from _wildcards(properties)
        case "AWS::ApiGatewayV2::Route" if "public" in resource["Metadata"]["Skyloom"]:
            yield "AwsSolutions-APIG4", resource["Metadata"]["Skyloom"]["public"]


def _wildcards(properties: Json) -> Iterator[tuple[str, str]]:
    statements = [one for policy in properties["Policies"] for one in policy["PolicyDocument"]["Statement"]]
    found: dict[str, str] = {}
    everything = [statement for statement in statements if statement["Resource"] == "*"]
    known = {one.actions: one for one in UNAVOIDABLE}
    if everything and all(tuple(statement["Action"]) in known for statement in everything):
        told = [known[tuple(statement["Action"])] for statement in everything]
        reason = "; ".join(f"{', '.join(one.actions)}: {one.reason} ({one.source})" for one in told)
        found["AwsSolutions-IAM5[Resource::*]"] = reason
        found["Serverless-LambdaStarPermissions"] = reason
    for statement in statements:
        on = statement["Resource"]
        for resource in on if isinstance(on, list) else [on]:
            text = re.sub(r"\$\{([^}]+)\}", r"<\1>", resource.get("Fn::Sub", "") if isinstance(resource, dict) else "")
            for pattern, reason in _WILDCARDS:
                if re.fullmatch(pattern, text):
                    found[f"AwsSolutions-IAM5[Resource::{text}]"] = reason
    yield from found.items()
