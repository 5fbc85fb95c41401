"""Service `decide`: a person decides an approval, on a page or through an operator's command.

From the HTTP API, `/approvals/{id}?e=<expiry>&s=<signature>`: `skyloom.deployers.services.decision_page`.

From operators, who need no more than to invoke this function, the actions of `skyloom.deployers.services.operating`.

Environment: SKYLOOM_TABLE, SKYLOOM_LINK_KEY, SKYLOOM_APP.
"""

from __future__ import annotations

import functools
import os
import time
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.gateway import event_of, request_of
from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.aws.services.records import Records
from skyloom.deployers.aws.services.tokens import TaskTokens
from skyloom.deployers.services.deciding import Deciding
from skyloom.deployers.services.decision_page import DecisionPage
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.operating import operate

Json = Any


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    # What comes through the API always has a request context, so that nobody outside reaches the operators' side.
    if "requestContext" not in event:
        return operate(_deciding(), event)
    return event_of(_page().respond(request_of(event), time.time()))


@functools.cache
def _deciding() -> Deciding:
    records = Records(client("dynamodb"), os.environ["SKYLOOM_TABLE"])
    return Deciding(records, Delivery(records, TaskTokens(client("stepfunctions"))))


@functools.cache
def _page() -> DecisionPage:
    keys = Keys(client("secretsmanager"), os.environ["SKYLOOM_LINK_KEY"])
    return DecisionPage(_deciding(), keys, os.environ["SKYLOOM_APP"])
