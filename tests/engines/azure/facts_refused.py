"""Facts: what an orchestrator must not do, because its replays would not repeat it.

All from https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-code-constraints.
"""

from __future__ import annotations

import datetime
import itertools
import os
import pathlib
import random
import socket
import threading
import time
import uuid

from azure.durable_functions import RetryOptions
from engines.azure.facts import Context, Steps, fact
from engines.azure.sdk import NotDeterministic
from engines.azure.shim import ActionRefused
from engines.azure.watching import Forbidden

CONSTRAINTS = "docs:durable-functions-code-constraints"
_COUNTER = itertools.count()


@fact(CONSTRAINTS, refused=Forbidden)
def reads_the_clock(context: Context) -> Steps:
    """Dates and times: `time.time`."""
    yield context.call_activity("echo", time.time())


@fact(CONSTRAINTS, refused=Forbidden)
def reads_todays_date(context: Context) -> Steps:
    """Dates and times: `datetime.now`."""
    yield context.call_activity("echo", datetime.datetime.now().isoformat())


@fact(CONSTRAINTS, refused=Forbidden)
def measures_time(context: Context) -> Steps:
    """Stopwatches."""
    yield context.call_activity("echo", time.monotonic())


@fact(CONSTRAINTS, refused=Forbidden)
def throws_dice(context: Context) -> Steps:
    """Random numbers."""
    yield context.call_activity("echo", random.random())


@fact(CONSTRAINTS, refused=Forbidden)
def makes_a_guid(context: Context) -> Steps:
    """Random GUIDs."""
    yield context.call_activity("echo", str(uuid.uuid4()))


@fact(CONSTRAINTS, refused=Forbidden)
def blocks(context: Context) -> Steps:
    """Blocking."""
    time.sleep(0.001)
    yield context.call_activity("echo", 1)


@fact(CONSTRAINTS, refused=Forbidden)
def opens_a_file(context: Context) -> Steps:
    """Input and output: files."""
    yield context.call_activity("echo", len(pathlib.Path(__file__).read_text()))


@fact(CONSTRAINTS, refused=Forbidden)
def opens_a_socket(context: Context) -> Steps:
    """Network."""
    socket.socket().close()
    yield context.call_activity("echo", 1)


@fact(CONSTRAINTS, refused=Forbidden)
def starts_a_thread(context: Context) -> Steps:
    """Threads."""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    yield context.call_activity("echo", 1)


@fact(CONSTRAINTS, refused=Forbidden)
def reads_the_environment(context: Context) -> Steps:
    """Environment variables."""
    yield context.call_activity("echo", os.environ.get("HOME"))


@fact(CONSTRAINTS, refused=NotDeterministic)
def counts_in_a_static_variable(context: Context) -> Steps:
    """Static variables: two replays of the same history differ."""
    yield context.call_activity("echo", next(_COUNTER))


@fact(CONSTRAINTS, refused=NotDeterministic)
def asks_for_something_else_later(context: Context) -> Steps:
    """A replay that asks for another activity than the history has."""
    name = "double" if len(context.histories) < 5 else "echo"
    yield context.call_activity(name, 1)
    yield context.call_activity("echo", 2)


@fact(CONSTRAINTS, refused=NotDeterministic)
def asks_for_less_later(context: Context) -> Steps:
    """A replay that does not ask for what the history has."""
    if len(context.histories) < 5:
        yield context.call_activity("double", 1)
    return 1


@fact("docs:durable-functions-error-handling", refused=ActionRefused)
def retries_of_the_sdk(context: Context) -> Steps:
    """Retries of the SDK have no backoff in Python: the project's own do."""
    yield context.call_activity_with_retry("echo", RetryOptions(1000, 2), 1)


@fact("docs:durable-functions-http-features", refused=ActionRefused)
def http_of_the_sdk(context: Context) -> Steps:
    """HTTP calls of orchestrators: activities make them here."""
    yield context.call_http("GET", "https://example.com")
