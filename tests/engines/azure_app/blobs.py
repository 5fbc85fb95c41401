"""Blobs: containers with JSON and other content, ETags, conditions, metadata and lists.

Not here: versions, leases, ranges, blocks, properties that nobody asks for.
https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.sax.saxutils import escape

from engines.azure_app.web import Request, Response

_PAGE = 50
"""Fewer than the service's 5000, so that whoever lists has to ask for the next page."""


@dataclass(frozen=True)
class Blob:
    """A blob with its ETag and metadata."""

    body: bytes
    etag: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Blobs:
    """The blobs of an account. `arrived` is told of each one that is written: container, name, bytes."""

    def __init__(self) -> None:
        self.blobs: dict[tuple[str, str], Blob] = {}
        self.arrived: list[Callable[[str, str, int], None]] = []
        self._tags = itertools.count(1)
        self._lock = threading.Lock()

    def respond(self, request: Request, path: str) -> Response:
        """The answer to a request that may be made; `path` is what stands behind the account's address."""
        if "x-ms-version" not in request.headers:
            return _problem(400, "MissingRequiredHeader")
        container, _, name = path.strip("/").partition("/")
        if not name:
            return self._listed(container, request)
        place = (container, unquote(name))
        with self._lock:
            response = self._answered(place, request)
        if request.method == "PUT" and response.status == 201:
            for tell in self.arrived:
                tell(*place, len(request.body))
        return response

    def _answered(self, place: tuple[str, str], request: Request) -> Response:
        there = self.blobs.get(place)
        refused = _refused(there, request.headers)
        match request.method:
            case "PUT" if refused is not None:
                return refused
            case "PUT" if request.headers.get("x-ms-blob-type") != "BlockBlob":
                return _problem(400, "InvalidHeaderValue")
            case "PUT":
                marks = {key[10:]: told for key, told in request.headers.items() if key.startswith("x-ms-meta-")}
                made = Blob(request.body, f'"0x8D{next(self._tags):012X}"', marks)
                self.blobs[place] = made
                return Response(201, headers={"ETag": made.etag})
            case _ if there is None:
                return _problem(404, "BlobNotFound")
            case "GET" | "HEAD":
                return Response(200, there.body, {"ETag": there.etag, "Content-Type": "application/json"})
            case "DELETE" if refused is not None:
                return refused
            case "DELETE":
                del self.blobs[place]
                return Response(202)
        return _problem(400, "UnsupportedHttpVerb")

    def _listed(self, container: str, request: Request) -> Response:
        prefix, begin = request.query.get("prefix", ""), request.query.get("marker", "")
        names = sorted(name for place, name in self.blobs if place == container and name.startswith(prefix))
        chosen = [name for name in names if name >= begin][: _PAGE + 1]
        rows = "".join(self._row(container, name, request) for name in chosen[:_PAGE])
        marker = escape(chosen[_PAGE]) if len(chosen) > _PAGE else ""
        text = f"<EnumerationResults><Blobs>{rows}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
        return Response(200, f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode(), {"Content-Type": "text/xml"})

    def _row(self, container: str, name: str, request: Request) -> str:
        blob, marks = self.blobs[container, name], ""
        if "metadata" in request.query.get("include", ""):
            told = "".join(f"<{mark}>{escape(value)}</{mark}>" for mark, value in blob.metadata.items())
            marks = f"<Metadata>{told}</Metadata>"
        size = f"<Properties><Content-Length>{len(blob.body)}</Content-Length></Properties>"
        return f"<Blob><Name>{escape(name)}</Name>{size}{marks}</Blob>"


def _refused(there: Blob | None, headers: Mapping[str, str]) -> Response | None:
    """https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations"""
    if headers.get("if-none-match") == "*" and there is not None:
        return _problem(409, "BlobAlreadyExists")
    if "if-match" in headers and (there is None or there.etag != headers["if-match"]):
        return _problem(412, "ConditionNotMet")
    return None


def _problem(status: int, code: str) -> Response:
    return Response(status, f"<Error><Code>{code}</Code></Error>".encode(), {"x-ms-error-code": code})
