"""Service `api`: starts runs by HTTP and tells how they stand (`skyloom.deployers.services.api`).

Environment: SKYLOOM_MACHINES, SKYLOOM_BUCKET; the routes stand in `starts.json`.
"""

from __future__ import annotations

import functools
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.gateway import event_of, request_of
from skyloom.deployers.aws.services.machines import Machines, machines
from skyloom.deployers.services.api import Api
from skyloom.deployers.services.starting import read_starts

Json = Any


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    return event_of(_api().respond(request_of(event)))


@functools.cache
def _api() -> Api:
    return Api(Machines(client("stepfunctions"), machines()), read_starts())
