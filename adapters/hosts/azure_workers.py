"""Tasks that another function app of the same app carries out: how the main app asks, and how the other one answers.

    main app                                container `calls-<key>`              the other app, `POST /skyloom_run`
    writes the call as a blob          ->   <id>.json
    posts {"call": id}                 ------------------------------------->    reads the blob, runs, answers
                                            <id>.result.json            <-       writes the outcome too, if it took long

Whoever can write into the container may ask: that is the main app's identity alone. The id is random and known to both
apps only; the request itself proves nothing, and needs no token of anybody.

A request has to be answered within 230 seconds, while the function goes on; what takes longer is answered by a blob.
https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from skyloom.adapters.azure_apis import JSON, ApiFailed, Blobs
from skyloom.adapters.hosts.azure_functions import Activities, Context

Json = Any

WORKERS_VARIABLE, CALLS_VARIABLE = "SKYLOOM_WORKERS", "SKYLOOM_CALLS"
ROUTE = "skyloom_run"

PATIENCE = 225.0
"""Seconds for which the main app waits for the answer to its request."""
LONG = 200.0
"""Seconds from which on the outcome of an attempt is written down, as nobody may hear the answer."""
_PAUSE = 1.0
_LONGEST_PAUSE = 15.0
MARGIN = 120.0
"""Seconds beyond a task's own time for which the main app looks for an outcome: the other app may have to start."""
_NOT_BEGUN = (404, 429, 503)
"""What is answered for an app that is just starting, or too busy: nothing has begun."""
_ID = re.compile(r"[0-9a-f]{32}")


class WorkerLost(Exception):
    """The other app gave no outcome: the attempt may have been carried out, in part or in full."""


def container(key: str) -> str:
    """The container through which the main app calls another one."""
    return f"calls-{key}"


class Workers:
    """The other function apps, as the main one calls them.

    Args:
        seconds: how long an attempt of each task may take that is carried out there.
    """

    def __init__(self, seconds: Mapping[str, float]) -> None:
        self._seconds = seconds

    def run(self, key: str, call: str, context: Context) -> str:
        """The outcome of a call, from the app of that key. Raises WorkerLost."""
        event = json.loads(call)
        name = str(event.get("task", event.get("prompt", event.get("fused"))))
        url = json.loads(os.environ[WORKERS_VARIABLE])[key]
        calls, id_ = Blobs(container(key)), secrets.token_hex(16)
        started = time.monotonic()
        until = started + self._seconds[name] + MARGIN
        try:
            calls.put(f"{id_}.json", call.encode())
            trace = context.trace_context.trace_parent
            answer = _asked(f"{url.rstrip('/')}/{ROUTE}", id_, {"traceparent": trace} if trace else {}, until)
            if answer is None and time.monotonic() - started >= LONG:
                answer = _written(calls, id_, until)
        except (ApiFailed, OSError) as problem:
            raise WorkerLost(f"{name}: the function app {key} could not be asked: {problem}") from None
        if answer is None:
            raise WorkerLost(f"{name}: the function app {key} gave no answer")
        return answer


def _asked(url: str, id_: str, headers: Mapping[str, str], until: float) -> str | None:
    """The answer to a request; None where there is none, and the other app may be at work. Raises ApiFailed."""
    request = urllib.request.Request(url, json.dumps({"call": id_}).encode(), {**JSON, **headers}, method="POST")
    pause = _PAUSE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.HTTPError as error:
            if error.code not in _NOT_BEGUN:
                return None
            problem = ApiFailed("a call", error.code, error.read()[:300].decode(errors="replace"))
        except urllib.error.URLError as error:
            # No connection was made; one that is lost later is no URLError.
            problem = ApiFailed("a call", 0, str(error.reason))
        except (OSError, http.client.HTTPException):
            return None
        if time.monotonic() + pause > until:
            raise problem
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _written(calls: Blobs, id_: str, until: float) -> str | None:
    """The outcome that was written down; None where there is none in time. Raises ApiFailed."""
    pause = _PAUSE
    while time.monotonic() < until:
        found = calls.get(f"{id_}.result.json")
        if found is not None:
            return found.body.decode()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return None


class Request(Protocol):
    """A request: `azure.functions.HttpRequest`."""

    def get_body(self) -> bytes: ...


class Answering:
    """What a function app does that the main one calls.

    Args:
        activities: its tasks and prompts.
        respond: makes a response of a text and a status: `azure.functions.HttpResponse`.
    """

    def __init__(self, activities: Activities, respond: Callable[[str, int], Any]) -> None:
        self._activities, self._respond = activities, respond

    def run(self, request: Request, context: Context) -> Any:
        """The response to a request."""
        id_ = _id(request.get_body())
        if id_ is None:
            return self._respond('{"problem": "a call has an id"}', 400)
        calls = Blobs(os.environ[CALLS_VARIABLE].rstrip("/").rpartition("/")[2])
        call = calls.get(f"{id_}.json")
        if call is None:
            return self._respond('{"problem": "there is no such call"}', 403)
        started = time.monotonic()
        outcome = self._activities.run(call.body.decode(), context)
        if time.monotonic() - started >= LONG:
            calls.put(f"{id_}.result.json", outcome.encode())
        return self._respond(outcome, 200)


def _id(body: bytes) -> str | None:
    """The id of the call that a body names."""
    try:
        named = json.loads(body)["call"]
    except (ValueError, KeyError, TypeError):
        return None
    return named if isinstance(named, str) and _ID.fullmatch(named) else None
