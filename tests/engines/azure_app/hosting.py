"""A functions host: serves the HTTP functions of an app, and calls its other functions when something comes.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import azure.functions as func
from azure.functions.decorators.http import HttpTrigger
from azure.functions.decorators.servicebus import ServiceBusQueueTrigger
from azure.functions.decorators.timer import TimerTrigger
from azure.functions.servicebus import ServiceBusMessage
from azure.functions.timer import TimerRequest
from engines.azure.functions import Function, Functions, context_for
from engines.azure_app.durable_api import PLACE, DurableApi
from engines.azure_app.running import RunningHub
from engines.azure_app.web import Request, Response

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys of an app: the master's, those of functions, those of extensions."""

    master: str
    functions: Mapping[str, str]
    systemkeys: Mapping[str, str]


class FunctionsHost:
    """The host of an app. `base` is its address, `rpc` the address of the durable extension for the worker alone."""

    def __init__(self, functions: Functions, keys: Keys, running: RunningHub, base: str, rpc: str) -> None:
        self._functions, self._keys, self.running = functions, keys, running
        self._durable = DurableApi(running, base, keys.systemkeys["durabletask_extension"])
        self._client = self._durable.client(rpc)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._routes = [_route(one) for one in functions.others.values() if isinstance(one.trigger, HttpTrigger)]

    # --- what comes by HTTP -------------------------------------------------------------------------------------

    def respond(self, request: Request) -> Response:
        """The answer to a request from outside."""
        if request.path.startswith(f"{PLACE}/"):
            if not self._has_key(request, {self._keys.master, *self._keys.systemkeys.values()}):
                return Response(401)
            return self._durable.respond(request, request.path.removeprefix(PLACE))
        if request.path.startswith("/admin/"):
            return self._admin(request) if self._has_key(request, {self._keys.master}) else Response(401)
        return self._routed(request)

    def respond_worker(self, request: Request) -> Response:
        """The answer of the durable extension to the worker, which needs no key."""
        return self._durable.respond(request, request.path)

    def _has_key(self, request: Request, keys: set[str]) -> bool:
        return (request.headers.get("x-functions-key") or request.query.get("code")) in keys

    def _admin(self, request: Request) -> Response:
        every = (self._functions.orchestrators, self._functions.activities, self._functions.others)
        match request.path.removeprefix("/admin/").strip("/"):
            case "host/status":
                return Response.of_json({"id": "tests", "state": "Running", "version": "4.1040.300", "errors": []})
            case "host/ping":
                return Response(200)
            case "functions":
                return Response.of_json([{"name": one.name} for kind in every for one in kind.values()])
            case _:
                return Response(404)

    def _routed(self, request: Request) -> Response:
        for pattern, methods, function in self._routes:
            found = pattern.fullmatch(request.path.strip("/"))
            if found is None or request.method not in methods:
                continue
            level = _word(_trigger(function).auth_level)
            keys = {self._keys.master, *(self._keys.functions.values() if level == "function" else ())}
            if level != "anonymous" and not self._has_key(request, keys):
                return Response(401)
            route = {name: unquote(value) for name, value in found.groupdict().items()}
            return self._answered(function, request, route)
        return Response(404)

    def _answered(self, function: Function, request: Request, route: Mapping[str, str]) -> Response:
        incoming = func.HttpRequest(
            request.method,
            request.url,
            headers=request.headers,
            params=request.query,
            route_params=route,
            body=request.body,
        )
        try:
            answer: func.HttpResponse = self._call(function, incoming)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return Response(500)
        headers = dict(answer.headers.items())
        if "content-type" not in {name.lower() for name in headers}:
            headers["Content-Type"] = f"{answer.mimetype}; charset={answer.charset}"
        return Response(answer.status_code, answer.get_body(), headers)

    # --- what comes otherwise -----------------------------------------------------------------------------------

    def take(self, request: Request, queue: str) -> Response:
        """A queue hands over a message: 200 it is done, 500 it failed."""
        about = json.loads(request.headers["x-message"])
        message = ServiceBusMessage(
            body=request.body,
            application_properties=about["properties"],
            user_properties={},
            message_id=about["id"],
            sequence_number=about.get("number"),
            delivery_count=about["count"],
        )
        taking = [
            one
            for one in self._functions.others.values()
            if isinstance(one.trigger, ServiceBusQueueTrigger) and one.trigger.queue_name == queue
        ]
        return self._fired(taking[0], message) if taking else Response(404)

    def timers(self) -> list[tuple[str, str]]:
        """The timers: name and expression."""
        every = self._functions.others.values()
        return [(one.name, one.trigger.schedule) for one in every if isinstance(one.trigger, TimerTrigger)]

    def fire(self, name: str, late: bool) -> Response:
        """A timer fires."""
        return self._fired(self._functions.others[name.lower()], TimerRequest(past_due=late))

    def _fired(self, function: Function, what: Any) -> Response:
        try:
            self._call(function, what)
        except Exception as problem:
            traceback.print_exc(file=sys.stderr)
            return Response.of_json({"problem": repr(problem)}, 500)
        return Response(200)

    def _call(self, function: Function, what: Any) -> Any:
        """Calls a function as the worker does: coroutines in its one loop, all others in threads."""
        given = {function.parameter: what, **context_for(function)}
        others = [name for name in inspect.signature(function.code).parameters if name not in given]
        # The only other binding that the host of the tests knows is the durable client.
        given |= dict.fromkeys(others, self._client)
        result = function.code(**given)
        if inspect.iscoroutine(result):
            return asyncio.run_coroutine_threadsafe(result, self._loop).result(240)
        return result


def _route(function: Function) -> tuple[re.Pattern[str], set[str], Function]:
    """The route of an HTTP function: the case of letters does not count."""
    trigger = _trigger(function)
    plain = re.escape((trigger.route or function.name).strip("/"))
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", plain)
    methods = {_word(method).upper() for method in trigger.methods or ("GET", "POST")}
    return re.compile(pattern, re.IGNORECASE), methods, function


def _trigger(function: Function) -> HttpTrigger:
    assert isinstance(function.trigger, HttpTrigger)
    return function.trigger


def _word(told: Any) -> str:
    """A member of an enumeration, or its text, in small letters."""
    return str(getattr(told, "value", told)).lower()
