"""The CloudFormation template of an app in one environment: everything that is deployed. Nothing is left to fill in but
the bucket in which the code lies.

`resources/` has a module for each kind of thing; here they are put together, tagged, and told how to end.
"""

from __future__ import annotations

from skyloom.deployers.aws.naming import APP_TAG, DATA, ENVIRONMENT_TAG
from skyloom.deployers.aws.resources.api import API, BASE_ADDRESS, api
from skyloom.deployers.aws.resources.buckets import VALUES, buckets
from skyloom.deployers.aws.resources.encryption import encryption
from skyloom.deployers.aws.resources.exceptions import excused
from skyloom.deployers.aws.resources.functions import functions
from skyloom.deployers.aws.resources.layout import Layout, Parts, service_id
from skyloom.deployers.aws.resources.machines import BUS, machine_id, machines
from skyloom.deployers.aws.resources.notifications import notifications, subscribed_topics
from skyloom.deployers.aws.resources.observability import ALARMS, alarm_topic
from skyloom.deployers.aws.resources.queues import DEAD_LETTERS, queues
from skyloom.deployers.aws.resources.secrets import secrets
from skyloom.deployers.aws.resources.services import services
from skyloom.deployers.aws.resources.triggers import rule_ids, triggers
from skyloom.deployers.aws.resources.waits import TABLE, waits
from skyloom.deployers.aws.resources.words import Json, Resources, ref
from skyloom.deployers.declared import merged

__all__ = ["Parts", "template"]

_TAG_LIST = frozenset(
    f"AWS::{kind}"
    for kind in (
        "CloudWatch::Alarm",
        "DynamoDB::Table",
        "Events::EventBus",
        "Events::Rule",
        "IAM::Role",
        "KMS::Key",
        "Lambda::EventSourceMapping",
        "Lambda::Function",
        "Logs::LogGroup",
        "S3::Bucket",
        "SNS::Topic",
        "SQS::Queue",
        "Scheduler::ScheduleGroup",
        "SecretsManager::Secret",
        "StepFunctions::StateMachine",
    )
)
_TAG_MAP = frozenset({"AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"})
"""The types that take tags, as a list of keys and values or as an object."""


def template(parts: Parts) -> dict[str, Json]:
    """The template. Same parts, same text."""
    layout = Layout(parts)
    resources = merged(
        encryption(layout),
        buckets(layout),
        queues(layout, rule_ids(layout), subscribed_topics(layout)),
        secrets(layout),
        waits(layout),
        alarm_topic(layout),
        notifications(layout),
        functions(layout),
        services(layout),
        machines(layout),
        api(layout),
        triggers(layout),
    )
    finished = excused(_ending(layout, _tagged(layout, resources)))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"{layout.app.name} ({parts.environment}), deployed by Skyloom",
        "Parameters": {
            "ArtifactsBucket": {"Type": "String", "Description": "The bucket in which code and definitions lie"}
        },
        "Resources": dict(sorted(finished.items())),
        "Outputs": dict(sorted(_outputs(layout, resources).items())),
    }


def _tagged(layout: Layout, resources: Resources) -> Resources:
    tags = {
        APP_TAG: layout.app.name,
        ENVIRONMENT_TAG: layout.parts.environment,
        **layout.app.tags_in(layout.parts.environment),
    }
    in_list = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return {id_: _with_tags(resource, in_list, dict(sorted(tags.items()))) for id_, resource in resources.items()}


def _with_tags(resource: dict[str, Json], in_list: Json, in_map: Json) -> dict[str, Json]:
    if resource["Type"] in _TAG_LIST:
        return resource | {"Properties": resource["Properties"] | {"Tags": in_list}}
    if resource["Type"] in _TAG_MAP:
        return resource | {"Properties": resource["Properties"] | {"Tags": in_map}}
    return resource


def _ending(layout: Layout, resources: Resources) -> Resources:
    """What holds data stays or goes as the environment says. Logs always go, for they have names of their own, which
    would be taken when the app is deployed again."""
    ends = dict.fromkeys(DATA, "Retain" if layout.settings.keep_data else "Delete") | {"AWS::Logs::LogGroup": "Delete"}
    return {id_: _with_end(resource, ends.get(resource["Type"])) for id_, resource in resources.items()}


def _with_end(resource: dict[str, Json], policy: str | None) -> dict[str, Json]:
    return resource if policy is None else resource | {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}


def _outputs(layout: Layout, resources: Resources) -> dict[str, Json]:
    """What people and the command line need to know of the stack."""
    named = {
        "AlarmTopic": ALARMS,
        "Bucket": VALUES,
        "Bus": BUS,
        "DeadLetters": DEAD_LETTERS,
        "DecideFunction": service_id("decide"),
        "Table": TABLE,
        **{machine_id(flow): machine_id(flow) for flow in layout.machines},
        **{id_: id_ for id_ in (*layout.secrets, *layout.buckets, *layout.queues)},
    }
    found = {name: {"Value": ref(id_)} for name, id_ in named.items() if id_ in resources}
    return found | ({"ApiUrl": {"Value": BASE_ADDRESS}} if API in resources else {})
