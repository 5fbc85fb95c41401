"""Requests and responses in the form of an API Gateway HTTP API, payload format 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from skyloom.deployers.services.exchange import Request, Response

Json = Any


def request_of(event: Mapping[str, Json]) -> Request:
    """The request in an invocation of a function."""
    text = event.get("body") or ""
    http, stage = event["requestContext"]["http"], event["requestContext"].get("stage", "$default")
    return Request(
        route=event["routeKey"],
        method=http["method"],
        path=event["rawPath"] if stage == "$default" else event["rawPath"].removeprefix(f"/{stage}"),
        parameters=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=base64.b64decode(text) if event.get("isBase64Encoded") else text.encode(),
    )


def event_of(response: Response) -> dict[str, Json]:
    """What the function returns."""
    return {
        "statusCode": response.status,
        "headers": dict(response.headers),
        "body": response.body,
        "isBase64Encoded": False,
    }
