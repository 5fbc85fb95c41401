"""Service `decide`: a person decides an approval on a page.

From API Gateway, `/approvals/{id}?e=<expiry>&s=<signature>`: `skyloom.deployers.services.decision_page`. Operators
need no function: `skyloom approvals` reads and writes the same records (`skyloom.deployers.gcp.decisions`).

Environment: SKYLOOM_BUCKET, SKYLOOM_LINK_KEY, SKYLOOM_APP.
"""

from __future__ import annotations

import functools
import time
from typing import Any

from skyloom.adapters.google_apis import APIS
from skyloom.deployers.gcp.services.keys import Keys
from skyloom.deployers.gcp.services.requests import Answer, NoRoute, answer_of, json_answer, request_of
from skyloom.deployers.gcp.services.surroundings import delivery, records, variable
from skyloom.deployers.services.deciding import Deciding
from skyloom.deployers.services.decision_page import DecisionPage

_ROUTES = ("GET /approvals/{id}", "POST /approvals/{id}")


def handler(request: Any) -> Answer:
    """The entry point."""
    try:
        asked = request_of(request, _ROUTES)
    except NoRoute:
        return json_answer({"message": "no such page"}, 404)
    return answer_of(_page().respond(asked, time.time()))


@functools.cache
def _page() -> DecisionPage:
    deciding = Deciding(records(), delivery())
    return DecisionPage(deciding, Keys.named(APIS, variable("LINK_KEY")), variable("APP"))
