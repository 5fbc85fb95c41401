"""Deploying to the tests' AWS account, and looking at what is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import boto3
from clouds.deploys import Deploys
from clouds.sdk_models import read_once
from engines.aws.account import AwsAccount

from skyloom.deployers.aws.deployer import AwsDeployer
from skyloom.deployers.base import CloudRun

_INVENTORY: tuple[tuple[str, str, str, str], ...] = (
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("dynamodb", "list_tables", "TableNames", ""),
    ("events", "list_event_buses", "EventBuses", "Name"),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("scheduler", "list_schedules", "Schedules", "Name"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", ""),
    ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    ("apigatewayv2", "get_apis", "Items", "Name"),
)


read_once()


DEPLOYS = Deploys(AwsDeployer)
deployer, deploy, destroy, ask = DEPLOYS.deployer, DEPLOYS.deploy, DEPLOYS.destroy, DEPLOYS.ask


def ended(made: AwsDeployer, run: CloudRun) -> CloudRun:
    """The run when it has ended."""
    last = None
    for seen in made.follow(run):
        last = seen
    assert isinstance(last, CloudRun), last
    return last


def inventory(account: AwsAccount) -> dict[str, list[str]]:
    """Everything that is in the account, except its default event bus."""
    session = boto3.Session(account.id, "secret", region_name=account.region)
    found: dict[str, list[str]] = {}
    for service, operation, key, name in _INVENTORY:
        client: Any = session.client(service, endpoint_url=account.endpoint)  # type: ignore[call-overload]
        entries: Iterable[Any] = getattr(client, operation)().get(key, [])
        names = sorted(entry if not name else entry[name] for entry in entries)
        names = [name for name in names if name != "default"]
        if names:
            found[f"{service} {key}"] = names
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    if stacks:
        found["stacks"] = sorted(f"{stack['StackName']} {stack['StackStatus']}" for stack in stacks)
    return found


def stack_status(account: AwsAccount, name: str) -> str:
    """The state of a stack."""
    return account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
