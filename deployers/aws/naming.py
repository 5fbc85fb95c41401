"""What things are called: in AWS, and for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from skyloom.flows.outcome import Json

STACK_PREFIX = "skyloom-"
APP_TAG, ENVIRONMENT_TAG = "skyloom:app", "skyloom:environment"
"""Tags of a stack, and through it of everything in it."""

KINDS = {
    "AWS::ApiGatewayV2::Api": "api",
    "AWS::ApiGatewayV2::Authorizer": "api authorizer",
    "AWS::ApiGatewayV2::Integration": "api integration",
    "AWS::ApiGatewayV2::Route": "api route",
    "AWS::ApiGatewayV2::Stage": "api stage",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::DynamoDB::Table": "table",
    "AWS::Events::EventBus": "event bus",
    "AWS::Events::Rule": "event rule",
    "AWS::IAM::ManagedPolicy": "policy",
    "AWS::IAM::Policy": "policy",
    "AWS::IAM::Role": "role",
    "AWS::KMS::Alias": "key alias",
    "AWS::KMS::Key": "key",
    "AWS::Lambda::EventInvokeConfig": "function setting",
    "AWS::Lambda::EventSourceMapping": "queue trigger",
    "AWS::Lambda::Function": "function",
    "AWS::Lambda::Permission": "permission",
    "AWS::Logs::LogGroup": "log",
    "AWS::Pipes::Pipe": "pipe",
    "AWS::S3::Bucket": "bucket",
    "AWS::S3::BucketPolicy": "bucket policy",
    "AWS::SNS::Subscription": "subscription",
    "AWS::SNS::Topic": "topic",
    "AWS::SNS::TopicPolicy": "topic policy",
    "AWS::SQS::Queue": "queue",
    "AWS::SQS::QueuePolicy": "queue policy",
    "AWS::Scheduler::Schedule": "schedule",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::StepFunctions::StateMachine": "flow",
}
"""What people call a type of resource. A type that is not here is called by its own name."""

DATA = frozenset(
    {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SecretsManager::Secret"}
)
"""Types that hold what cannot be made again from the source."""


@dataclass(frozen=True, slots=True)
class Named:
    """A resource as people know it."""

    kind: str
    name: str
    holds_data: bool


def stack_name(app: str, environment: str) -> str:
    """The name of an app's stack in an environment."""
    return f"{STACK_PREFIX}{app}-{environment}"


def named(logical_id: str, resource_type: str, template: Mapping[str, Json]) -> Named:
    """The resource's kind and name, as the template's own metadata tell them, or as its type and id do."""
    resource = template.get("Resources", {}).get(logical_id, {})
    told = resource.get("Metadata", {}).get("Skyloom", {})
    kind = told.get("kind") or KINDS.get(resource_type, resource_type.removeprefix("AWS::"))
    return Named(kind, told.get("name") or logical_id, resource_type in DATA)


def input_schema(logical_id: str, template: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """The JSON Schema of a flow's input, which its machine's metadata tell."""
    found: Mapping[str, Json] | None = (
        template.get("Resources", {}).get(logical_id, {}).get("Metadata", {}).get("Skyloom", {}).get("input")
    )
    return found


def types(template: Mapping[str, Json]) -> dict[str, str]:
    """The type of each resource of a template, by logical id."""
    return {name: resource["Type"] for name, resource in template.get("Resources", {}).items()}
