"""The functions that Skyloom brings along, where the app needs them. Their code is `skyloom.deployers.aws.services`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from skyloom.deployers.aws.functions import PYTHONS
from skyloom.deployers.aws.limits import API
from skyloom.deployers.aws.machine.output import WAITS
from skyloom.deployers.aws.resources.api import BASE_ADDRESS
from skyloom.deployers.aws.resources.buckets import VALUE_OBJECTS, VALUES
from skyloom.deployers.aws.resources.functions import Function, function
from skyloom.deployers.aws.resources.layout import SERVICES, Layout, service_id
from skyloom.deployers.aws.resources.machines import machines_variable
from skyloom.deployers.aws.resources.notifications import APPROVALS, webhook_key
from skyloom.deployers.aws.resources.permissions import Statement, allow
from skyloom.deployers.aws.resources.queues import START_SECONDS
from skyloom.deployers.aws.resources.waits import LINK_KEY, ROTATE, TABLE
from skyloom.deployers.aws.resources.words import Json, Resources, arn, att, ref
from skyloom.deployers.declared import merged
from skyloom.deployers.services_package import start_key
from skyloom.flows.triggers import QueueMessage

_API_SECONDS = API.value - 1
"""The function says that it took too long, before the HTTP API does."""
_SECONDS = 30


def services(layout: Layout) -> Resources:
    """The service functions of the app."""
    # Whatever the app's own code is built for: these functions run on the newest.
    newest = f"python{PYTHONS[-1]}"
    wanted = [replace(service, runtime=newest) for service in _wanted(layout)]
    return merged(*(function(layout, service_id(service.key), service) for service in wanted))


def _wanted(layout: Layout) -> Iterator[Function]:
    if layout.waits:
        yield _waits(layout)
    if layout.asks:
        yield _decide(layout)
        yield _rotate(layout)
    if layout.listens:
        yield _events(layout)
    if layout.https:
        yield _api(layout)
    for trigger in layout.started:
        queue = layout.owned[f"queue {trigger.queue.name}"] if isinstance(trigger, QueueMessage) else None
        yield _start(layout, start_key(trigger), trigger.flow.name, queue)
    for secret in layout.hooks:
        yield _webhook(layout, webhook_key(secret), layout.owned[f"secret {secret}"])


def _handler(service: str) -> str:
    return f"skyloom.deployers.aws.services.{service}.handler"


def _about(layout: Layout) -> dict[str, Json]:
    return {"SKYLOOM_APP": layout.app.name, "SKYLOOM_ENV": layout.parts.environment}


# --- waits ----------------------------------------------------------------------------------------------------------


def _waits(layout: Layout) -> Function:
    statements = [allow(("dynamodb:PutItem", "dynamodb:UpdateItem"), att(TABLE))]
    uses, variables = ["dynamodb"], {"SKYLOOM_TABLE": ref(TABLE)}
    if layout.asks:
        variables |= {**_about(layout), "SKYLOOM_LINK_KEY": ref(LINK_KEY), "SKYLOOM_API": BASE_ADDRESS}
    if layout.tells:
        statements += [_reads_link_key(), allow("sns:Publish", ref(APPROVALS))]
        uses += ["secretsmanager read", "sns"]
        variables["SKYLOOM_TOPIC"] = ref(APPROVALS)
    return Function(
        key=WAITS,
        does="Writes down what runs wait for, and tells people",
        code=SERVICES,
        handler=_handler("waits"),
        timeout=_SECONDS,
        statements=statements,
        key_uses=uses,
        variables=variables,
    )


def _decide(layout: Layout) -> Function:
    only_approvals = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["approval"]}}
    return Function(
        key="decide",
        does="The page on which people decide approvals, and what operators ask of it",
        code=SERVICES,
        handler=_handler("decide"),
        timeout=_API_SECONDS,
        statements=[
            allow(_RECORDS, att(TABLE), only_approvals),
            _reads_link_key(),
            allow("states:SendTaskSuccess", _machine_arns(layout, layout.waiting("approval"))),
        ],
        key_uses=["dynamodb", "secretsmanager read"],
        variables={
            "SKYLOOM_TABLE": ref(TABLE),
            "SKYLOOM_LINK_KEY": ref(LINK_KEY),
            "SKYLOOM_APP": layout.app.name,
        },
    )


def _events(layout: Layout) -> Function:
    only_events = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["event/*"]}}
    return Function(
        key="events",
        does="Hands events to the runs that wait for them",
        code=SERVICES,
        handler=_handler("events"),
        timeout=_SECONDS,
        statements=[
            allow(_RECORDS, att(TABLE), only_events),
            allow(("states:SendTaskFailure", "states:SendTaskSuccess"), _machine_arns(layout, layout.waiting("event"))),
        ],
        key_uses=["dynamodb"],
        variables={"SKYLOOM_TABLE": ref(TABLE)},
        dead_letters=True,
    )


def _rotate(layout: Layout) -> Function:
    actions = (
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    )
    return Function(
        key=ROTATE,
        does="Renews the key that signs links to approvals",
        code=SERVICES,
        handler=_handler("rotate"),
        timeout=_SECONDS,
        # The secret refers to this function, so the function cannot refer to it by more than what permits it.
        statements=[allow(actions, ref(LINK_KEY))],
        key_uses=["secretsmanager read", "secretsmanager write"],
        variables={"SKYLOOM_LINK_KEY": ref(LINK_KEY)},
    )


_RECORDS = ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")


def _reads_link_key() -> Statement:
    return allow("secretsmanager:GetSecretValue", ref(LINK_KEY))


# --- starting -------------------------------------------------------------------------------------------------------


def _api(layout: Layout) -> Function:
    flows = sorted({trigger.flow.name for trigger in layout.https})
    durable = [flow for flow in flows if flow not in layout.express]
    express = [flow for flow in flows if flow in layout.express]
    return Function(
        key="api",
        does="Starts runs by HTTP, and tells how they stand",
        code=SERVICES,
        handler=_handler("api"),
        timeout=_API_SECONDS,
        statements=[
            *(_starts(layout, durable) if durable else []),
            *([allow("states:StartSyncExecution", _machine_arns(layout, express))] if express else []),
            allow("s3:GetObject", VALUE_OBJECTS),
        ],
        key_uses=["s3 read"],
        variables={"SKYLOOM_MACHINES": machines_variable(layout, flows), "SKYLOOM_BUCKET": ref(VALUES)},
    )


def _start(layout: Layout, key: str, flow: str, queue: str | None) -> Function:
    receive = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    return Function(
        key=key,
        does=f"Starts {flow} for every {'event' if queue is None else 'message'}",
        code=SERVICES,
        handler=_handler("start"),
        timeout=START_SECONDS,
        statements=[*_starts(layout, [flow]), *([] if queue is None else [allow(receive, att(queue))])],
        key_uses=[] if queue is None else ["sqs receive"],
        variables={"SKYLOOM_TRIGGER": key, "SKYLOOM_MACHINES": machines_variable(layout, [flow])},
        dead_letters=queue is None,
    )


def _starts(layout: Layout, flows: Sequence[str]) -> list[Statement]:
    executions = [arn("states", f"execution:{layout.machines[flow]}:*") for flow in flows]
    return [
        allow("states:StartExecution", _machine_arns(layout, flows)),
        allow("states:DescribeExecution", executions),
    ]


def _machine_arns(layout: Layout, flows: Sequence[str]) -> Json:
    return [arn("states", f"stateMachine:{layout.machines[flow]}") for flow in flows]


# --- telling --------------------------------------------------------------------------------------------------------


def _webhook(layout: Layout, key: str, secret: str) -> Function:
    return Function(
        key=key,
        does="Posts notifications to a web address",
        code=SERVICES,
        handler=_handler("webhook"),
        timeout=_SECONDS,
        statements=[allow("secretsmanager:GetSecretValue", ref(secret))],
        key_uses=["secretsmanager read"],
        variables={**_about(layout), "SKYLOOM_WEBHOOK": ref(secret)},
        dead_letters=True,
    )
