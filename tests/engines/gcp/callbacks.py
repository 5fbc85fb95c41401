"""Callbacks: endpoints that an execution makes, requests that arrive there, and steps that wait for them.

https://cloud.google.com/workflows/docs/creating-callback-endpoints
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engines.gcp.errors import Value, WorkflowError, type_error, value_error
from engines.gcp.expressions.numbers import is_number
from engines.gcp.library.jsons import read

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")


@dataclass
class Callback:
    """One endpoint.

    Attributes:
        id: Its number in the execution, as text.
        method: The method that it takes.
        url: Its address.
        arrived: The request that waits to be processed.
        waiting: How many steps await it.
        processed: Whether a step got a request.
    """

    id: str
    method: str
    url: str
    arrived: Value = None
    waiting: int = 0
    processed: bool = False


@dataclass
class Callbacks:
    """The endpoints of an execution."""

    address: Callable[[str], str]
    now: Callable[[], float]
    known: dict[str, Callback] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    closed: bool = False

    def create(self, method: Value) -> Value:
        """`events.create_callback_endpoint`: a map with the address."""
        if method not in METHODS:
            raise value_error(f"no HTTP method: {method}")
        with self.changed:
            number = str(len(self.known) + 1)
            made = Callback(number, method, self.address(number))
            self.known[number] = made
            self.changed.notify_all()
        return {"url": made.url}

    def deliver(self, number: str, method: str, headers: Mapping[str, str], body: bytes, query: str = "") -> int:
        """A request arrives.

        Returns:
            The HTTP status of the answer: 200; 404 for an unknown endpoint or an execution that ended; 405 for another
            method; 429 while an earlier request waits to be processed.
        """
        with self.changed:
            callback = self.known.get(number)
            if callback is None or self.closed:
                return 404
            if method != callback.method:
                return 405
            if callback.arrived is not None:
                return 429
            callback.arrived = request_of(callback, headers, body, query, self.now())
            self.changed.notify_all()
            return 200

    def wait(self, details: Value, seconds: float, real: float, stopped: Callable[[], bool]) -> Value:
        """`events.await_callback`: the request, as soon as it is there; one that came before counts.

        Args:
            details: What `create` gave.
            seconds: How long the workflow waits, for the error.
            real: How long that is on the clock of the tests.
            stopped: Whether the execution ends.

        Raises:
            WorkflowError: TimeoutError.
        """
        callback = self.find(details)
        until = time.monotonic() + real
        with self.changed:
            callback.waiting += 1
            try:
                while callback.arrived is None and not stopped():
                    left = until - time.monotonic()
                    if left <= 0:
                        raise WorkflowError.tagged("TimeoutError", f"timeout after {seconds} seconds")
                    self.changed.wait(left)
                found, callback.arrived = callback.arrived, None
                callback.processed = True
                return found
            finally:
                callback.waiting -= 1

    def find(self, details: Value) -> Callback:
        """The endpoint that a map of `create` stands for."""
        if not isinstance(details, dict) or "url" not in details:
            raise type_error("callback is not what events.create_callback_endpoint gives")
        for callback in self.known.values():
            if callback.url == details["url"]:
                return callback
        raise value_error(f"no callback of this execution: {details['url']}")

    def close(self) -> None:
        """The execution has ended."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()


def request_of(callback: Callback, headers: Mapping[str, str], body: bytes, query: str, now: float) -> Value:
    """The map that `await_callback` gives."""
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    content: Value = body
    if kind.startswith("application/json"):
        content = read(body)
    elif kind.startswith("text/"):
        content = body.decode()
    elif not body:
        content = None
    return {
        "http_request": {
            "body": content,
            "headers": {name.title(): value for name, value in headers.items()},
            "method": callback.method,
            "query": {part.split("=")[0]: part.partition("=")[2] for part in query.split("&") if part},
            "url": callback.url,
        },
        "received_time": now,
        "type": "HTTP",
    }


def seconds_of(value: Value, otherwise: float, longest: float, what: str) -> float:
    """A time in seconds that a call gives."""
    if value is None:
        return otherwise
    if not is_number(value):
        raise type_error(f"{what} is a number of seconds")
    if not 0 < value <= longest:
        raise value_error(f"{what}: {value} seconds")
    return float(value)
