"""Requests and responses in the form of Azure Functions."""

from __future__ import annotations

from urllib.parse import urlsplit

import azure.functions as func

from skyloom.deployers.services.exchange import Request, Response


def request_of(incoming: func.HttpRequest, route: str) -> Request:
    """The request that came in.

    Args:
        route: of the function: `GET /tickets/{run}`.
    """
    return Request(
        route=route,
        method=incoming.method,
        path=urlsplit(incoming.url).path,
        parameters=dict(incoming.route_params),
        query=dict(incoming.params),
        headers={name.lower(): value for name, value in incoming.headers.items()},
        body=incoming.get_body(),
    )


def answer_of(response: Response) -> func.HttpResponse:
    """What the function returns."""
    return func.HttpResponse(response.body, status_code=response.status, headers=dict(response.headers))
