"""Blob storage: containers and block blobs over REST, with ETags and conditions, and roles that let in.

Not here: blocks, versions, leases, snapshots, tags, copying, shared keys (the accounts have none), pages of lists.
https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import unquote
from xml.sax.saxutils import escape

from engines.azure_account.answers import AzureError, Token
from engines.gcp_account.front import Answer, Front, Request

AUDIENCE = "https://storage.azure.com"
READERS = {"2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"}
WRITERS = {"ba92f5b4-2d11-453d-a403-e96b0029c9fe", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"}
"""Roles by the names of their definitions. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""


@dataclass
class Blob:
    body: bytes
    etag: str
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))


class Blobs:
    """The blobs of all storage accounts.

    Args:
        roles: the role definitions, by name, that somebody has on a resource (an id), there or above.
    """

    def __init__(self, front: Front, roles: Callable[[str, str], set[str]]) -> None:
        self._front, self._roles = front, roles
        self._containers: dict[str, dict[str, dict[str, Blob]]] = {}
        self._ids: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def open(self, account: str, id_: str) -> str:
        """Makes an account: the address of its blobs."""
        self._containers.setdefault(account, {})
        self._ids[account] = id_
        return self._front.listen(f"blobs {account}", lambda request: self._respond(account, request), tls=True)

    def make(self, account: str, container: str) -> None:
        self._containers[account].setdefault(container, {})

    def unmake(self, account: str, container: str) -> None:
        self._containers.get(account, {}).pop(container, None)

    def close(self, account: str) -> None:
        self._containers.pop(account, None)
        self._front.silence(f"blobs {account}")

    def names(self, account: str, container: str) -> list[str]:
        """The blobs of a container."""
        return sorted(self._containers.get(account, {}).get(container, {}))

    def _respond(self, account: str, request: Request) -> Answer:
        token = Token.of(request, AUDIENCE)
        container, _, name = unquote(request.path.lstrip("/")).partition("/")
        self._check(token, account, container, writes=request.method in ("PUT", "DELETE"))
        there = self._containers[account].get(container)
        if there is None:
            raise AzureError(404, "ContainerNotFound", "The specified container does not exist.")
        if not name:
            return self._listed(there, container, request.query.get("prefix", ""))
        match request.method:
            case "PUT":
                return self._put(there, name, request)
            case "DELETE":
                self._existing(there, name, request)
                del there[name]
                return Answer(202)
            case _:
                return self._got(self._existing(there, name, request), request)

    def _check(self, token: Token, account: str, container: str, *, writes: bool) -> None:
        scope = f"{self._ids[account]}/blobServices/default/containers/{container}"
        if not self._roles(token.oid, scope) & (WRITERS if writes else READERS | WRITERS):
            message = "This request is not authorized to perform this operation using this permission."
            raise AzureError(403, "AuthorizationPermissionMismatch", message)

    def _put(self, there: dict[str, Blob], name: str, request: Request) -> Answer:
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            raise AzureError(400, "MissingRequiredHeader", "x-ms-blob-type")
        known = there.get(name)
        if request.headers.get("if-none-match") == "*" and known is not None:
            raise AzureError(409, "BlobAlreadyExists", "The specified blob already exists.")
        wanted = request.headers.get("if-match")
        if wanted not in (None, "*") and (known is None or known.etag != wanted):
            raise AzureError(412, "ConditionNotMet", "The condition specified is not met.")
        blob = there[name] = Blob(request.body, f'"0x8D{next(self._numbers):012X}"')
        return Answer(201, b"", self._headers(blob))

    def _existing(self, there: dict[str, Blob], name: str, request: Request) -> Blob:
        blob = there.get(name)
        if blob is None:
            raise AzureError(404, "BlobNotFound", "The specified blob does not exist.")
        wanted = request.headers.get("if-match")
        if wanted not in (None, "*", blob.etag):
            raise AzureError(412, "ConditionNotMet", "The condition specified is not met.")
        return blob

    def _got(self, blob: Blob, request: Request) -> Answer:
        headers = {**self._headers(blob), "x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes"}
        if request.method == "HEAD":
            return Answer(200, blob.body, headers)
        asked = request.headers.get("x-ms-range") or request.headers.get("range")
        if not asked:
            return Answer(200, blob.body, headers)
        start, _, end = asked.removeprefix("bytes=").partition("-")
        if int(start) >= len(blob.body):
            raise AzureError(416, "InvalidRange", "The range specified is invalid for the resource.")
        last = min(int(end or len(blob.body)), len(blob.body) - 1)
        headers["Content-Range"] = f"bytes {start}-{last}/{len(blob.body)}"
        return Answer(206, blob.body[int(start) : last + 1], headers)

    @staticmethod
    def _headers(blob: Blob) -> dict[str, str]:
        changed = format_datetime(blob.changed, usegmt=True)
        return {"ETag": blob.etag, "Last-Modified": changed, "x-ms-version": "2025-05-05"}

    def _listed(self, there: dict[str, Blob], container: str, prefix: str) -> Answer:
        rows = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties>"
            f"<Last-Modified>{format_datetime(blob.changed, usegmt=True)}</Last-Modified>"
            f"<Etag>{escape(blob.etag)}</Etag>"
            f"<Content-Length>{len(blob.body)}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
            for name, blob in sorted(there.items())
            if name.startswith(prefix)
        )
        text = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<EnumerationResults ContainerName="{escape(container)}"><Blobs>{rows}</Blobs>'
            "<NextMarker /></EnumerationResults>"
        )
        return Answer(200, text.encode(), {"Content-Type": "application/xml"})
