"""Service `decide`: a person decides an approval, on a page or through an operator's command.

From the HTTP API, `/approvals/{id}?e=<expiry>&s=<signature>`:

| request | answer |
|---|---|
| GET | 200, the question with its form. Changes nothing: mail scanners open links too. |
| POST | 200, the decision is taken |
| a form that does not fit, no name | 422, the page again with what is wrong |
| a signature that is missing or wrong | 403 |
| the link's time is over; the run stopped waiting; a newer link was sent | 410 |
| decided before | 409 |
| no such approval | 404 |
| the run could not be told; trying again is safe | 503 |

The inputs: `decision` (`approve`, `reject`), `by`, `comment`, and `answer.<field>` for the form's fields.

From operators, who need no more than to invoke this function:

    {"action": "list"} -> {"approvals": [{"id", "run", "flow", "step", "message", "show", "to", "form", "opened",
                                          "deadline"}]}
    {"action": "decide", "id", "approved": bool, "comment"?, "by"?, "answer"?}
        -> {"status": "decided" | "answered" | "gone" | "unknown" | "invalid", "message"}

Environment: SKYLOOM_TABLE, SKYLOOM_LINK_KEY, SKYLOOM_APP.
"""

from __future__ import annotations

import functools
import os
import time
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.deciding import Deciding
from skyloom.deployers.aws.services.decision_page import DecisionPage
from skyloom.deployers.aws.services.delivery import Delivery
from skyloom.deployers.aws.services.exchange import Request
from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.aws.services.operating import operate
from skyloom.deployers.aws.services.waiting import Waits

Json = Any


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    # What comes through the API always has a request context, so that nobody outside reaches the operators' side.
    if "requestContext" not in event:
        return operate(_deciding(), event)
    return _page().respond(Request.of(event), time.time()).to_event()


@functools.cache
def _deciding() -> Deciding:
    waits = Waits(client("dynamodb"), os.environ["SKYLOOM_TABLE"])
    return Deciding(waits, Delivery(waits, client("stepfunctions")))


@functools.cache
def _page() -> DecisionPage:
    keys = Keys(client("secretsmanager"), os.environ["SKYLOOM_LINK_KEY"])
    return DecisionPage(_deciding(), keys, os.environ["SKYLOOM_APP"])
