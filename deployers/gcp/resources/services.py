"""The functions that Skyloom brings along, where the app needs them. Their code is `skyloom.deployers.gcp.services`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.flow.output import WAITS
from skyloom.deployers.gcp.resources.accounts import (
    ANSWERS,
    STARTS,
    bucket_member,
    member_of,
    project_member,
    secret_member,
    topic_member,
)
from skyloom.deployers.gcp.resources.buckets import START_OBJECTS, VALUES, WAIT_OBJECTS
from skyloom.deployers.gcp.resources.functions import ANYWHERE, Function, function, function_account
from skyloom.deployers.gcp.resources.gateway import GATEWAY_ADDRESS
from skyloom.deployers.gcp.resources.keys import LINK_KEY_VERSION, signs
from skyloom.deployers.gcp.resources.layout import SERVICES, Layout
from skyloom.deployers.gcp.resources.topics import APPROVALS
from skyloom.deployers.gcp.resources.words import PROJECT, REGION, Json, Resources, ref
from skyloom.deployers.services_package import object_start_key, start_key
from skyloom.flows.triggers import ObjectCreated, OnEvent, Public, QueueMessage

API, DECIDE, EVENTS = "api", "decide", "events"
"""The keys of services; that of `waits` is known to workflows too."""
_SECONDS = 30


def services(layout: Layout) -> Resources:
    """The service functions of the app."""
    return merged(*(function(layout, service) for service in _wanted(layout)))


def _wanted(layout: Layout) -> Iterator[Function]:
    if layout.waits:
        yield _waits(layout)
    if layout.asks:
        yield _decide(layout)
    if layout.listens:
        yield _events(layout)
    if layout.https:
        yield _api(layout)
    for trigger in layout.started:
        yield _start(layout, trigger)
    for secret in layout.hooks:
        yield _webhook(layout, secret)


def _about(service: str) -> dict[str, Json]:
    return {
        "SKYLOOM_SERVICE": service,
        "SKYLOOM_PROJECT": PROJECT,
        "SKYLOOM_REGION": REGION,
        "SKYLOOM_BUCKET": ref(VALUES, "name"),
    }


def _objects(key: str, prefix: str) -> Resources:
    who = function_account(key)
    return bucket_member(who, member_of(who), VALUES, "roles/storage.objectUser", "values", prefix, lists=True)


# --- waits ----------------------------------------------------------------------------------------------------------


def _waits(layout: Layout) -> Function:
    who = function_account(WAITS)
    grants, variables = [_objects(WAITS, WAIT_OBJECTS)], _about("waits")
    if layout.asks:
        grants.append(signs(who))
        variables |= {"SKYLOOM_LINK_KEY": LINK_KEY_VERSION, "SKYLOOM_API": GATEWAY_ADDRESS}
    if layout.tells:
        grants.append(topic_member(who, member_of(who), APPROVALS, "approvals"))
        variables["SKYLOOM_TOPIC"] = ref(APPROVALS)
    return Function(
        key=WAITS,
        does="Writes down what runs wait for, and tells people",
        code=SERVICES,
        timeout=_SECONDS,
        grants=grants,
        variables=variables,
    )


def _decide(layout: Layout) -> Function:
    who = function_account(DECIDE)
    return Function(
        key=DECIDE,
        does="The page on which people decide approvals, and what operators ask of it",
        code=SERVICES,
        timeout=_SECONDS,
        ingress=ANYWHERE,
        grants=[_objects(DECIDE, WAIT_OBJECTS), signs(who), project_member(who, ANSWERS)],
        variables={**_about("decide"), "SKYLOOM_LINK_KEY": LINK_KEY_VERSION},
    )


def _events(layout: Layout) -> Function:
    return Function(
        key=EVENTS,
        does="Hands events to the runs that wait for them",
        code=SERVICES,
        timeout=_SECONDS,
        grants=[_objects(EVENTS, WAIT_OBJECTS), project_member(function_account(EVENTS), ANSWERS)],
        variables=_about("events"),
    )


# --- starting -------------------------------------------------------------------------------------------------------


def _api(layout: Layout) -> Function:
    flows = sorted({trigger.flow.name for trigger in layout.https})
    bursts = [trigger.auth.burst for trigger in layout.https if isinstance(trigger.auth, Public)]
    return Function(
        key=API,
        does="Starts runs by HTTP, and tells how they stand",
        code=SERVICES,
        timeout=_SECONDS,
        ingress=ANYWHERE,
        # An instance answers one request at a time: so many come at once, and no more.
        instances=max(bursts) if bursts else None,
        grants=[_objects(API, START_OBJECTS), project_member(function_account(API), STARTS)],
        variables={**_about("api"), "SKYLOOM_WORKFLOWS": _workflows(layout, flows)},
    )


def start_function(trigger: QueueMessage | OnEvent | ObjectCreated) -> str:
    """The key of the function that starts the runs of a trigger."""
    return object_start_key(trigger) if isinstance(trigger, ObjectCreated) else start_key(trigger)


def _start(layout: Layout, trigger: QueueMessage | OnEvent | ObjectCreated) -> Function:
    key, flow = start_function(trigger), trigger.flow.name
    source = {QueueMessage: "queue", OnEvent: "event", ObjectCreated: "object"}[type(trigger)]
    variables = {
        **_about("start"),
        "SKYLOOM_TRIGGER": key,
        "SKYLOOM_SOURCE": source,
        "SKYLOOM_WORKFLOWS": _workflows(layout, [flow]),
    }
    if isinstance(trigger, ObjectCreated) and trigger.suffix:
        variables["SKYLOOM_SUFFIX"] = trigger.suffix
    return Function(
        key=key,
        does=f"Starts {flow} for every {'message' if source == 'queue' else source}",
        code=SERVICES,
        timeout=_SECONDS,
        grants=[_objects(key, START_OBJECTS), project_member(function_account(key), STARTS)],
        variables=variables,
    )


def _workflows(layout: Layout, flows: Sequence[str]) -> str:
    """What the flows' workflows are called. They are named and not referred to: a flow may wait for what its own
    function lets in."""
    return json.dumps({flow: layout.workflow_name(flow) for flow in flows})


# --- telling --------------------------------------------------------------------------------------------------------


def webhook_function(secret: str) -> str:
    """The key of the function that posts to the address in a secret."""
    return f"notify-{secret}"


def _webhook(layout: Layout, secret: str) -> Function:
    key, address = webhook_function(secret), layout.owned[f"secret {secret}"]
    return Function(
        key=key,
        does="Posts notifications to a web address",
        code=SERVICES,
        timeout=_SECONDS,
        grants=[secret_member(function_account(key), address, secret)],
        variables={**_about("webhook"), "SKYLOOM_WEBHOOK": f"{ref(address)}/versions/latest"},
    )
