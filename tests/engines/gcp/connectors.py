"""Connectors: calls of Google's own services.

https://cloud.google.com/workflows/docs/reference/googleapis/... They go to the engine itself, or by REST to a server of
the tests when there is a route for the service's address.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Protocol

from engines.gcp.errors import Undocumented, Value, WorkflowError, type_error, value_error
from engines.gcp.expressions.operators import type_name
from engines.gcp.library.jsons import read, written
from engines.gcp.requests import CLOUD_PLATFORM, Connections, Network, Request, response_of

EXECUTIONS = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions"
CONNECTORS: dict[str, frozenset[str]] = {
    f"{EXECUTIONS}.create": frozenset({"parent", "body", "connector_params"}),
    f"{EXECUTIONS}.cancel": frozenset({"name", "body", "connector_params"}),
    f"{EXECUTIONS}.get": frozenset({"name", "view", "connector_params"}),
    "googleapis.pubsub.v1.projects.topics.publish": frozenset({"topic", "body", "connector_params"}),
    "googleapis.secretmanager.v1.projects.secrets.versions.access": frozenset({"name", "connector_params"}),
    "googleapis.secretmanager.v1.projects.secrets.versions.accessString": frozenset(
        {"secret_id", "version", "project_id", "connector_params"}
    ),
}
"""The connectors that the tests know, and their arguments."""
EXECUTION = re.compile(r"projects/[^/]+/locations/[^/]+/workflows/([^/]+)(?:/executions/([^/]+))?")
ADDRESSES = {
    "workflowexecutions": "https://workflowexecutions.googleapis.com",
    "pubsub": "https://pubsub.googleapis.com",
    "secretmanager": "https://secretmanager.googleapis.com",
}


class Services(Protocol):
    """What connectors need of the engine."""

    network: Network
    secrets: dict[str, str]
    published: list[dict[str, Value]]

    def start_json(self, workflow: str, argument: str) -> Value:
        """Starts an execution; its resource."""

    def cancel(self, workflow: str, execution: str) -> Value:
        """Cancels one; its resource."""

    def resource(self, workflow: str, execution: str) -> Value:
        """The resource of one."""


def connect(name: str, arguments: Mapping[str, Value], services: Services, connections: Connections) -> Value:
    """Calls a connector."""
    service = name.split(".")[1]
    if ADDRESSES[service] in services.network.routes:
        return by_rest(name, arguments, services, connections)
    match name.removeprefix(f"{EXECUTIONS}."):
        case "create":
            waits(arguments)
            workflow, _ = parts(arguments.get("parent"))
            return services.start_json(workflow, argument_of(arguments.get("body")))
        case "cancel":
            return services.cancel(*both(arguments.get("name")))
        case "get":
            return services.resource(*both(arguments.get("name")))
    return others(name, arguments, services)


def others(name: str, arguments: Mapping[str, Value], services: Services) -> Value:
    """Pub/Sub and Secret Manager, in the engine."""
    if name.endswith("topics.publish"):
        return publish(arguments, services)
    if name.endswith(".accessString"):
        secret = f"projects/{arguments.get('project_id')}/secrets/{arguments.get('secret_id')}"
    else:
        secret = str(arguments.get("name")).partition("/versions/")[0]
    if secret not in services.secrets:
        raise WorkflowError({"tags": ["HttpError"], "message": f"no secret {secret}", "code": 404})
    if name.endswith(".accessString"):
        return services.secrets[secret]
    data = base64.b64encode(services.secrets[secret].encode()).decode()
    return {"name": f"{secret}/versions/1", "payload": {"data": data}}


def publish(arguments: Mapping[str, Value], services: Services) -> Value:
    """`topics.publish`: messages with Base64 data and attributes of texts."""
    topic, body = arguments.get("topic"), arguments.get("body")
    if not isinstance(topic, str) or not re.fullmatch(r"projects/[^/]+/topics/[^/]+", topic):
        raise value_error(f"no topic: {topic}")
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not messages:
        raise value_error("no messages")
    for message in messages:
        if unknown := set(message) - {"data", "attributes", "orderingKey"}:
            raise value_error(f"a message with {sorted(unknown)}")
        base64.b64decode(message.get("data", ""), validate=True)
        if not all(isinstance(one, str) for one in message.get("attributes", {}).values()):
            raise type_error("attributes are texts")
    first = len(services.published)
    services.published.extend({"topic": topic, **message} for message in messages)
    return {"messageIds": [str(first + number) for number in range(len(messages))]}


def waits(arguments: Mapping[str, Value]) -> None:
    """`create` waits for the execution unless it is told not to: nothing here uses that."""
    params = arguments.get("connector_params")
    if not isinstance(params, dict) or params.get("skip_polling") is not True:
        raise Undocumented(
            "executions.create without connector_params.skip_polling: true: left out, it waits and polls"
        )


def argument_of(body: Value) -> str:
    """The argument of an execution: JSON as text."""
    argument = body.get("argument", "null") if isinstance(body, dict) else "null"
    if not isinstance(argument, str):
        raise type_error(f"argument is a text of JSON, not {type_name(argument)}")
    try:
        read(argument)
    except ValueError as problem:
        raise WorkflowError({"tags": ["HttpError"], "message": f"argument: {problem}", "code": 400}) from None
    return argument


def parts(name: Value) -> tuple[str, str | None]:
    """The workflow and the execution of a resource name."""
    match = EXECUTION.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise value_error(f"no resource name: {name}")
    return match[1], match[2]


def both(name: Value) -> tuple[str, str]:
    """The workflow and the execution of the name of an execution."""
    workflow, execution = parts(name)
    if execution is None:
        raise value_error(f"no execution: {name}")
    return workflow, execution


def by_rest(name: str, arguments: Mapping[str, Value], services: Services, connections: Connections) -> Value:
    """Calls a service by REST."""
    method, path = rest_of(name, arguments)
    if name.endswith("executions.create"):
        waits(arguments)
        argument_of(arguments.get("body"))
    body = arguments.get("body")
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {services.network.token('OAuth2', CLOUD_PLATFORM)}",
    }
    sent = b"" if body is None else written(body).encode()
    url = f"{ADDRESSES[name.split('.')[1]]}/v1/{path}"
    found = response_of(services.network.send(Request(method, url, headers, sent, 300.0), connections))["body"]
    if name.endswith(".accessString"):
        return base64.b64decode(found["payload"]["data"]).decode()
    return found


def rest_of(name: str, arguments: Mapping[str, Value]) -> tuple[str, str]:
    """The method and the path of a connector's request."""
    match name.split(".")[-1]:
        case "create":
            return "POST", f"{arguments['parent']}/executions"
        case "cancel":
            return "POST", f"{arguments['name']}:cancel"
        case "get":
            return "GET", str(arguments["name"])
        case "publish":
            return "POST", f"{arguments['topic']}:publish"
        case "access":
            return "GET", f"{arguments['name']}:access"
        case _:
            version = arguments.get("version", "latest")
            return (
                "GET",
                f"projects/{arguments['project_id']}/secrets/{arguments['secret_id']}/versions/{version}:access",
            )
