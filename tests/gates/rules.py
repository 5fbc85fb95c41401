"""What no scanner looks for: rules of the project for its templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gates.scanners import Finding

Json = Any

_TAGGED = {
    "AWS::ApiGatewayV2::Api",
    "AWS::CloudWatch::Alarm",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
}
_ENCRYPTED = {"AWS::S3::Bucket": "BucketEncryption", "AWS::Scheduler::Schedule": "KmsKeyArn"}
_DELIVERY = {f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update")}
_WITHOUT_RESOURCES = {
    *_DELIVERY,
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
_WATCHED = {
    "AWS::Lambda::Function": {"Errors", "Throttles"},
    "AWS::StepFunctions::StateMachine": {"ExecutionsFailed", "ExecutionsTimedOut", "ExecutionThrottled"},
}


def rules(template: Json) -> set[Finding]:
    """What breaks a rule of the project."""
    return set(_found(template["Resources"]))


def _found(resources: dict[str, Json]) -> Iterator[Finding]:
    alarms = [found["Properties"] for found in resources.values() if found["Type"] == "AWS::CloudWatch::Alarm"]
    for id_, found in resources.items():
        kind, properties = found["Type"], found["Properties"]
        if kind in _TAGGED and not properties.get("Tags"):
            yield Finding("tags", id_)
        if kind == "AWS::Logs::LogGroup" and "RetentionInDays" not in properties:
            yield Finding("log-retention", id_)
        if kind == "AWS::Lambda::EventSourceMapping":
            if "MaximumConcurrency" not in properties.get("ScalingConfig", {}):
                yield Finding("event-source-concurrency", id_)
            if "ReportBatchItemFailures" not in properties.get("FunctionResponseTypes", ()):
                yield Finding("batch-failures", id_)
        if kind == "AWS::Events::Rule" and not all("DeadLetterConfig" in one for one in properties["Targets"]):
            yield Finding("undelivered-events", id_)
        if kind == "AWS::Scheduler::Schedule" and "DeadLetterConfig" not in properties["Target"]:
            yield Finding("undelivered-events", id_)
        missing = _WATCHED.get(kind, set()) - {one["MetricName"] for one in alarms if _is_of(one, id_)}
        if missing:
            yield Finding("alarms", id_)
        if kind == "AWS::SQS::Queue" and "RedrivePolicy" not in properties and not any(_depth(alarms, id_)):
            yield Finding("dead-letters-seen", id_)
        if kind == "AWS::StepFunctions::StateMachine":
            yield from _machine(id_, properties)
        if kind == "AWS::ApiGatewayV2::Stage" and "DefaultRouteSettings" not in properties:
            yield Finding("throttling", id_)
        if kind == "AWS::IAM::Role":
            yield from _role(id_, properties)
        if kind in _ENCRYPTED and _ENCRYPTED[kind] not in properties:
            yield Finding("encryption", id_)
        if kind == "AWS::SNS::Topic" and not any(_tls_only(resources, id_)):
            yield Finding("tls", id_)


def _machine(id_: str, properties: Json) -> Iterator[Finding]:
    if properties.get("LoggingConfiguration", {}).get("Level") != "ALL":
        yield Finding("machine-log", id_)
    if not properties.get("TracingConfiguration", {}).get("Enabled"):
        yield Finding("machine-tracing", id_)


def _role(id_: str, properties: Json) -> Iterator[Finding]:
    """No wildcard among actions; a service of AWS's that acts for the account names the account."""
    for policy in properties["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if any("*" in action for action in statement["Action"]):
                yield Finding("wildcard-action", id_)
            if statement["Resource"] == "*" and not set(statement["Action"]) <= _WITHOUT_RESOURCES:
                yield Finding("wildcard-resource", id_)
    for trust in properties["AssumeRolePolicyDocument"]["Statement"]:
        service = trust["Principal"]["Service"]
        if service != "lambda.amazonaws.com" and "Condition" not in trust:
            yield Finding("confused-deputy", id_)


def _is_of(alarm: Json, id_: str) -> bool:
    return any(dimension["Value"] == {"Ref": id_} for dimension in alarm["Dimensions"]) and bool(alarm["AlarmActions"])


def _depth(alarms: list[Json], id_: str) -> Iterator[bool]:
    for alarm in alarms:
        yield any(dimension["Value"] == {"Fn::GetAtt": [id_, "QueueName"]} for dimension in alarm["Dimensions"])


def _tls_only(resources: dict[str, Json], topic: str) -> Iterator[bool]:
    for found in resources.values():
        if found["Type"] == "AWS::SNS::TopicPolicy" and {"Ref": topic} in found["Properties"]["Topics"]:
            yield "aws:SecureTransport" in str(found["Properties"]["PolicyDocument"])
