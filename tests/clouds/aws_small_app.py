"""A bundle for AWS, written by hand: two functions and a flow that calls the first. Its parts can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clouds.deploys import APP, ENVIRONMENT

from skyloom.deployers.aws import artifacts
from skyloom.deployers.bundle import Bundle, json_bytes

STACK = "skyloom-shop-dev"

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
_DEFINITION: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "price",
    "States": {
        "price": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "${Function_price}", "Payload": "{% $states.input %}"},
            "Output": "{% $states.result.Payload %}",
            "End": True,
        }
    },
}
WAITING: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "a day",
    "States": {"a day": {"Type": "Wait", "Seconds": 86400, "End": True}},
}
BROKEN: dict[str, Any] = {
    "Broken": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Metadata": {"Skyloom": {"kind": "flow", "name": "broken"}},
        "Properties": {"RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "DefinitionString": "no JSON"},
    }
}
"""A resource that CloudFormation accepts and that cannot be made."""


def code(answer: str) -> bytes:
    """A function that answers with this text; asked to, it fails as the functions of a flow do."""
    return (
        "import json\n\n\n"
        "class NoPrice(Exception):\n    pass\n\n\n"
        "def handler(event, context):\n"
        "    print('called for', event.get('run'))\n"
        "    if event.get('fail'):\n"
        "        raise NoPrice(json.dumps({'type': 'NoPrice', 'bases': ['Exception'], 'message': 'none today'}))\n"
        f"    return {answer!r}\n"
    ).encode()


def small_bundle(
    *,
    price: str = "1",
    stock: str = "1",
    more: Mapping[str, Any] | None = None,
    outputs: Mapping[str, str] | None = None,
    definition: Mapping[str, Any] = _DEFINITION,
    data: str = "Delete",
    memory: int = 256,
) -> Bundle:
    """The bundle.

    Args:
        price: what the function `price` answers; `stock` likewise.
        more: further resources.
        outputs: further outputs.
        definition: of the flow `quote`.
        data: what becomes of the bucket and the table when the stack is deleted.
        memory: of the functions.
    """
    files: dict[str, bytes] = {"workflows/quote.asl.json": json_bytes(dict(definition))}
    resources: dict[str, Any] = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": _TRUST}},
        "Uploads": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": data,
            "Metadata": {"Skyloom": {"kind": "bucket", "name": "uploads"}},
            "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
        },
        "Waits": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": data,
            "Metadata": {"Skyloom": {"kind": "table", "name": "waits"}},
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
        },
    }
    for name, answer in (("price", price), ("stock", stock)):
        tree = {"handler.py": code(answer)}
        files |= {f"functions/{name}/{path}": data_ for path, data_ in tree.items()}
        resources |= _function(name, artifacts.function_key(APP, ENVIRONMENT, tree), memory)
    key = artifacts.definition_key(APP, ENVIRONMENT, files["workflows/quote.asl.json"])
    resources["MachineQuote"] = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Metadata": {"Skyloom": {"kind": "flow", "name": "quote"}},
        "Properties": {
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DefinitionS3Location": {"Bucket": {"Ref": "ArtifactsBucket"}, "Key": key},
            "DefinitionSubstitutions": {"Function_price": {"Fn::GetAtt": ["FunctionPrice", "Arn"]}},
        },
    }
    files["template.json"] = json_bytes(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"ArtifactsBucket": {"Type": "String"}},
            "Resources": resources | dict(more or {}),
            "Outputs": {
                "Bucket": {"Value": {"Ref": "Uploads"}},
                **{name: {"Value": value} for name, value in (outputs or {}).items()},
            },
        }
    )
    return Bundle("aws", APP, ENVIRONMENT, files)


def _function(name: str, key: str, memory: int) -> dict[str, Any]:
    function = f"skyloom-{APP}-{ENVIRONMENT}-{name}"
    return {
        f"Function{name.title()}": {
            "Type": "AWS::Lambda::Function",
            "DependsOn": [f"Log{name.title()}"],
            "Metadata": {"Skyloom": {"kind": "function", "name": name}},
            "Properties": {
                "FunctionName": function,
                "Runtime": "python3.13",
                "Handler": "handler.handler",
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "MemorySize": memory,
                "Timeout": 30,
                "Code": {"S3Bucket": {"Ref": "ArtifactsBucket"}, "S3Key": key},
            },
        },
        f"Log{name.title()}": {
            "Type": "AWS::Logs::LogGroup",
            "Metadata": {"Skyloom": {"kind": "log", "name": name}},
            "Properties": {"LogGroupName": f"/aws/lambda/{function}", "RetentionInDays": 7},
        },
    }
