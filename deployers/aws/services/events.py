"""Service `events`: an event arrives for the runs that wait for it.

Invoked by a rule on the app's bus. The event's `detail-type` is its name, its `detail` is

    {"payload"?, "key"?, "run"?}

Every open wait for that name and key gets the payload; with `run`, that run's only. A payload that is not of the type
that the flow expects fails the step with `TaskFailed`. When nothing waits, the invocation fails, so that Lambda repeats
it a minute and another two minutes later, and then keeps the event in the dead-letter queue: an event that comes a
little too early is not lost.

Environment: SKYLOOM_TABLE.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.records import Records
from skyloom.deployers.aws.services.tokens import TaskTokens
from skyloom.deployers.services.arrival import Arrival
from skyloom.deployers.services.delivery import Delivery

Json = Any


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    return _arrival().arrive(event["detail-type"], event.get("detail") or {})


@functools.cache
def _arrival() -> Arrival:
    records = Records(client("dynamodb"), os.environ["SKYLOOM_TABLE"])
    return Arrival(records, Delivery(records, TaskTokens(client("stepfunctions"))))
