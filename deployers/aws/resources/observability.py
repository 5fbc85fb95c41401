"""Logs with an end, and alarms that reach somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from skyloom.deployers.aws.resources.layout import Layout
from skyloom.deployers.aws.resources.permissions import KEY
from skyloom.deployers.aws.resources.transport import secure_only
from skyloom.deployers.aws.resources.words import Json, Resources, arn, att, ref, resource, sub

ALARMS = "Alarms"
"""The logical id of the topic that alarms go to."""

_RETENTION = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
"""The days for which CloudWatch Logs can keep a log.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


def log_group(layout: Layout, group: str, name: str) -> Json:
    """A log that is kept as long as the environment says, or the next longer time that there is."""
    days = next((days for days in _RETENTION if days >= layout.settings.log_days), _RETENTION[-1])
    return resource("AWS::Logs::LogGroup", {"LogGroupName": group, "RetentionInDays": days, "KmsKeyId": att(KEY)}, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric that an alarm watches: its sum over five minutes."""

    namespace: str
    name: str
    dimensions: Mapping[str, Json]
    statistic: str = "Sum"


def alarm(layout: Layout, what: str, told: str, metric: Metric) -> Json:
    """An alarm that goes off as soon as the metric is above 0. `what` is its name, `told` what it means."""
    return resource(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": f"{layout.prefix} {what}",
            "AlarmDescription": told,
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
            "Statistic": metric.statistic,
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [ref(ALARMS)],
        },
        what,
    )


def function_alarms(layout: Layout, id_: str, key: str) -> Resources:
    """Alarms of a function: it failed, or had to be turned away."""
    watched = {
        "Errors": (f"function {key} failed", "An invocation of the function ended with an error."),
        "Throttles": (f"function {key} throttled", "More was asked of the function than may run at once."),
    }
    return {
        f"{id_}{name}": alarm(
            layout, what, told, Metric(namespace="AWS/Lambda", name=name, dimensions={"FunctionName": ref(id_)})
        )
        for name, (what, told) in watched.items()
    }


def machine_alarms(layout: Layout, id_: str, flow: str) -> Resources:
    """Alarms of a machine: runs failed, took too long, or were slowed down."""
    watched = {
        "ExecutionsFailed": (f"flow {flow} failed", "A run ended with an error that the flow did not catch."),
        "ExecutionsTimedOut": (f"flow {flow} timed out", "A run took longer than its flow's timeout."),
        "ExecutionThrottled": (f"flow {flow} throttled", "Runs are slowed down by the account's limits."),
    }
    return {
        f"{id_}{name}": alarm(
            layout, what, told, Metric(namespace="AWS/States", name=name, dimensions={"StateMachineArn": ref(id_)})
        )
        for name, (what, told) in watched.items()
    }


def depth_alarm(layout: Layout, id_: str, name: str) -> Resources:
    """The alarm of a dead-letter queue: something lies in it."""
    metric = Metric(
        namespace="AWS/SQS",
        name="ApproximateNumberOfMessagesVisible",
        dimensions={"QueueName": att(id_, "QueueName")},
        statistic="Maximum",
    )
    told = "Something could not be delivered or handled, and waits in this queue for somebody to look at it."
    return {f"{id_}Depth": alarm(layout, f"queue {name} not empty", told, metric)}


def alarm_topic(layout: Layout) -> Resources:
    """The topic that alarms go to."""
    publish = {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": ref(ALARMS),
        "Condition": {
            "StringEquals": {"aws:SourceAccount": sub("${AWS::AccountId}")},
            "ArnLike": {"aws:SourceArn": arn("cloudwatch", f"alarm:{layout.prefix} *")},
        },
    }
    return {
        ALARMS: resource(
            "AWS::SNS::Topic", {"DisplayName": f"{layout.prefix} alarms", "KmsMasterKeyId": ref(KEY)}, "alarms"
        ),
        f"{ALARMS}Policy": resource(
            "AWS::SNS::TopicPolicy",
            {
                "Topics": [ref(ALARMS)],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [publish, secure_only("sns:Publish", ref(ALARMS))],
                },
            },
            "alarms",
        ),
    }
