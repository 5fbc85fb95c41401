"""Starts runs by HTTP and tells how they stand, as `skyloom.deployers.services.api` says.

Who may call stands in `callers.json` (`skyloom.deployers.azure.services.callers`): 401 without a good token, 403 for
one that does not permit it, 429 for more requests of everybody than there may be.

Environment: SKYLOOM_STORAGE; SKYLOOM_TENANT, SKYLOOM_AUDIENCE where callers are known to Entra ID.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from skyloom.deployers.azure.services.callers import NotLet, check, read_callers
from skyloom.deployers.azure.services.instances import Instances, in_thread
from skyloom.deployers.azure.services.requests import answer_of, request_of
from skyloom.deployers.services.api import Api
from skyloom.deployers.services.exchange import Request, Response
from skyloom.deployers.services.starting import Start, read_starts

if TYPE_CHECKING:
    import azure.functions as func


async def respond(request: func.HttpRequest, client: Any, route: str) -> func.HttpResponse:
    """Answers a request to a route: `POST /tickets`, `GET /tickets/{run}`."""
    asked = request_of(request, route)
    return answer_of(await in_thread(client, lambda runs: _respond(asked, runs)))


def _respond(asked: Request, runs: Instances) -> Response:
    path = asked.route.partition(" ")[2].removesuffix("/{run}")
    try:
        check(read_callers()[path], path, asked)
    except NotLet as refused:
        return refused.response
    return Api(runs, _starts()).respond(asked)


@functools.cache
def _starts() -> dict[str, Start]:
    return {name: start for name, start in read_starts().items() if name.startswith("POST ")}
