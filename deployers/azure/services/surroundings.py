"""What the services are given: the app's names and places, in environment variables."""

from __future__ import annotations

import functools
import os

from skyloom.deployers.azure.services.blobs import Container
from skyloom.deployers.services.records import Records

EVENTS_QUEUE, NOTICES_QUEUE = "skyloom-events", "skyloom-notices"
"""The app's own queues: of events for waiting runs, and of notices to people."""
APPROVALS_ROUTE, OPERATE_ROUTE = "approvals/{id}", "skyloom/operate"
"""The app's own routes."""


def variable(name: str) -> str:
    """A setting: `SKYLOOM_<name>`."""
    return os.environ[f"SKYLOOM_{name}"]


@functools.cache
def records() -> Records:
    """What runs wait for."""
    return Records(Container("waits"))


@functools.cache
def starts() -> Container:
    """What was started under a name, and how often everybody may start something."""
    return Container("starts")


def own_source() -> str:
    """What the app's own events say of where they come from."""
    return f"/skyloom/{variable('APP')}/{variable('ENV')}"


def bus() -> str:
    """The address of the app's namespace of Service Bus."""
    host = os.environ["SKYLOOM_BUS__fullyQualifiedNamespace"]  # noqa: SIM112
    # Another than the namespace's own address is for tests.
    return host if host.startswith("http://127.0.0.1:") else f"https://{host}"


def app_address() -> str:
    """The address of the app itself, as the platform names it."""
    host = os.environ["WEBSITE_HOSTNAME"]
    return f"http://{host}" if host.startswith("127.0.0.1:") else f"https://{host}"
