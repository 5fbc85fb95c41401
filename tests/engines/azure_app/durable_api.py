"""Durable Functions' HTTP API on a task hub that runs.

https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api, and `HandleRequestAsync` in
https://github.com/Azure/azure-functions-durable-extension/blob/dev/src/WebJobs.Extensions.DurableTask/HttpApiHandler.cs

The extension keeps it at two addresses: `/runtime/webhooks/durabletask/`, with a key, and one for the worker alone.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from engines.azure import limits
from engines.azure.hub import TaskHub, UnknownFunction
from engines.azure.instance import Instance
from engines.azure_app.durable_history import told
from engines.azure_app.running import RunningHub
from engines.azure_app.web import Request, Response

Json = Any

PLACE = "/runtime/webhooks/durabletask"
_NOT_FOUND = Response(404)
_PAGE = 100


class DurableApi:
    """Answers requests. `base` is the address of the app, for the addresses in answers."""

    def __init__(self, running: RunningHub, base: str, key: str) -> None:
        self._running, self._base, self._key = running, base, key

    def client(self, rpc: str) -> str:
        """What a function's durable client is told; `rpc` is the worker's own address of the API."""
        key = f"code={self._key}"
        instance = f"{self._base}{PLACE}/instances/INSTANCEID"
        create = f"{self._base}{PLACE}/orchestrators/{{functionName}}[/{{instanceId}}]?{key}"
        return json.dumps(
            {
                "taskHubName": "main",
                "creationUrls": {"createNewInstancePostUri": create, "createAndWaitOnNewInstancePostUri": create},
                "managementUrls": {
                    "id": "INSTANCEID",
                    "statusQueryGetUri": f"{instance}?{key}",
                    "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{key}",
                    "terminatePostUri": f"{instance}/terminate?reason={{text}}&{key}",
                    "purgeHistoryDeleteUri": f"{instance}?{key}",
                },
                "rpcBaseUrl": rpc,
            }
        )

    def respond(self, request: Request, path: str) -> Response:
        """The answer to a request; `path` is what stands behind the API's address."""
        parts = [unquote(part) for part in path.strip("/").split("/")]
        with self._running.changing() as hub:
            match request.method, parts:
                case "POST", ["orchestrators", name, *rest] if len(rest) < 2:
                    return self._start(hub, request, name, rest[0] if rest else uuid.uuid4().hex)
                case "GET", ["instances"]:
                    return _list(hub, request)
                case "DELETE", ["instances"]:
                    return _purge_all(hub, request)
                case "GET", ["instances", instance]:
                    return _one(hub, request, instance)
                case "DELETE", ["instances", instance]:
                    return _purge(hub, instance)
                case "POST", ["instances", instance, "raiseEvent", event]:
                    return _raise(hub, request, instance, event)
                case "POST", ["instances", instance, "terminate"]:
                    return _terminate(hub, request, instance)
                case _:
                    return _NOT_FOUND

    def _start(self, hub: TaskHub, request: Request, name: str, instance: str) -> Response:
        held = hub.instances.get(instance)
        if held is not None and not held.over:
            # OverridableExistingInstanceStates: by default only what has ended is replaced.
            return Response.of_json({"Message": f"An Orchestration instance with the status {held.status} exists"}, 409)
        try:
            text = request.body.decode()
            if text:
                json.loads(text)
            hub.start(name, text or "null", instance)
        except ValueError:
            return Response.of_json({"Message": "Invalid JSON content"}, 400)
        except UnknownFunction:
            told_ = f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator function."
            return Response.of_json({"Message": told_, "ExceptionMessage": told_}, 400)
        except limits.TooLarge as problem:
            return Response.of_json({"Message": str(problem), "ExceptionMessage": str(problem)}, 400)
        status = f"{self._base}{PLACE}/instances/{instance}?code={self._key}"
        return Response.of_json({"id": instance, "statusQueryGetUri": status}, 202, {"Location": status})


def _one(hub: TaskHub, request: Request, name: str) -> Response:
    instance = hub.instances.get(name)
    if instance is None:
        return _NOT_FOUND
    answer = told(
        instance,
        inputs=_flag(request, "showInput", True),
        history=_flag(request, "showHistory", False),
        outputs=_flag(request, "showHistoryOutput", False),
    )
    if instance.over:
        return Response.of_json(answer)
    return Response.of_json(answer, 202, {"Location": request.url, "Retry-After": "5"})


def _list(hub: TaskHub, request: Request) -> Response:
    """One page, in the order of ids: the order is not documented, and not that of time."""
    chosen = [one for _, one in sorted(hub.instances.items()) if _wanted(one, request)]
    begin = int(request.headers.get("x-ms-continuation-token") or 0)
    end = begin + int(request.query.get("top") or _PAGE)
    rows = [told(one, inputs=_flag(request, "showInput", True)) for one in chosen[begin:end]]
    more = str(end) if end < len(chosen) else ""
    return Response.of_json(rows, 200, {"x-ms-continuation-token": more})


def _wanted(one: Instance, request: Request) -> bool:
    statuses = {status for status in request.query.get("runtimeStatus", "").split(",") if status}
    since, until = request.query.get("createdTimeFrom"), request.query.get("createdTimeTo")
    return (
        (not statuses or one.status in statuses)
        and one.id.startswith(request.query.get("instanceIdPrefix", ""))
        and (not since or one.created >= _seconds(since))
        and (not until or one.created <= _seconds(until))
    )


def _raise(hub: TaskHub, request: Request, name: str, event: str) -> Response:
    instance = hub.instances.get(name)
    if instance is None:
        return _NOT_FOUND
    if instance.over:
        return Response(410)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return Response.of_json({"Message": "Only application/json request content is supported"}, 400)
    try:
        json.loads(request.body)
    except ValueError:
        return Response.of_json({"Message": "Invalid JSON content"}, 400)
    hub.raise_event(name, event, request.body.decode())
    return Response(202)


def _terminate(hub: TaskHub, request: Request, name: str) -> Response:
    instance = hub.instances.get(name)
    if instance is None or instance.over:
        return _NOT_FOUND if instance is None else Response(410)
    hub.terminate(name, request.query.get("reason", ""))
    return Response(202)


def _purge(hub: TaskHub, name: str) -> Response:
    instance = hub.instances.get(name)
    if instance is None:
        return _NOT_FOUND
    if not instance.over:
        return Response.of_json({"Message": "Only orchestrations in a terminal state can be purged"}, 412)
    del hub.instances[name]
    return Response.of_json({"instancesDeleted": 1})


def _purge_all(hub: TaskHub, request: Request) -> Response:
    if "createdTimeFrom" not in request.query:
        return Response.of_json({"Message": "Please provide value for 'createdTimeFrom' parameter."}, 400)
    gone = [one.id for one in hub.instances.values() if one.over and _wanted(one, request)]
    for name in gone:
        del hub.instances[name]
    return Response.of_json({"instancesDeleted": len(gone)}) if gone else _NOT_FOUND


def _flag(request: Request, name: str, default: bool) -> bool:
    """`bool.TryParse`: the case of letters does not count."""
    told_ = request.query.get(name, "").lower()
    return told_ == "true" if told_ in ("true", "false") else default


def _seconds(text: str) -> float:
    plain = re.sub(r"(\.\d{6})\d+", r"\1", text)
    moment = datetime.fromisoformat(plain)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
