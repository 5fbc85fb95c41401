"""The page on which a person decides an approval: `/approvals/{id}?e=<expiry>&s=<signature>`, as
`skyloom.deployers.services.decision_page` says.

Environment: SKYLOOM_STORAGE, SKYLOOM_LINK_KEY, SKYLOOM_APP.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

from skyloom.deployers.azure.services.instances import Instances, in_thread
from skyloom.deployers.azure.services.keys import Keys
from skyloom.deployers.azure.services.requests import answer_of, request_of
from skyloom.deployers.azure.services.surroundings import APPROVALS_ROUTE, records, variable
from skyloom.deployers.services.deciding import Deciding
from skyloom.deployers.services.decision_page import DecisionPage
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.exchange import Request, Response

if TYPE_CHECKING:
    import azure.functions as func


async def respond(request: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Answers a request for the page."""
    asked = request_of(request, f"{request.method} /{APPROVALS_ROUTE}")
    return answer_of(await in_thread(client, lambda runs: _respond(asked, runs)))


def _respond(asked: Request, runs: Instances) -> Response:
    deciding = Deciding(records(), Delivery(records(), runs))
    return DecisionPage(deciding, _keys(), variable("APP")).respond(asked, time.time())


@functools.cache
def _keys() -> Keys:
    return Keys(variable("LINK_KEY"))
