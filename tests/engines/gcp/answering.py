"""The function that the facts about HTTP call: it does what the path says."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from engines.gcp.requests import Answer, Request


def answering(request: Request) -> Answer:
    """A function that does what its path says."""
    path = urlsplit(request.url).path
    match path.strip("/").split("/"):
        case ["status", code]:
            return Answer(int(code), {"Content-Type": "application/json"}, b'{"why": "asked"}')
        case ["text"]:
            return Answer(200, {"content-type": "text/plain"}, b"hello")
        case ["bytes"]:
            return Answer(200, {"Content-Type": "application/octet-stream"}, b"\x00\x01")
        case ["numbers"]:
            return Answer(200, {"Content-Type": "application/json; charset=utf-8"}, b'{"i": 2, "f": 2.5, "d": 2.0}')
        case ["broken"]:
            return Answer(200, {"Content-Type": "application/json"}, b"{")
        case _:
            got = {
                "method": request.method,
                "query": urlsplit(request.url).query,
                "body": request.body.decode(),
                "type": request.headers.get("Content-Type"),
                "auth": request.headers.get("Authorization"),
                "agent": request.headers["User-Agent"],
                "timeout": request.timeout,
            }
            return Answer(200, {"Content-Type": "application/json"}, json.dumps(got).encode())
