"""JSON objects as blobs of one container, changed under the condition that nobody else has changed them.

https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from skyloom.adapters.azure_apis import APIS, Apis
from skyloom.deployers.services.objects import NEW, Changed, Found

Json = Any

_VERSION = {"x-ms-version": "2023-11-03"}
_MARK = "x-ms-meta-"


class Container:
    """The blobs of a container (`skyloom.deployers.services.objects.Objects`); the ETag stands for a content. Blobs go
    when the account's lifecycle rule says so: `until` is not written down."""

    def __init__(self, name: str, apis: Apis = APIS) -> None:
        self._name, self._apis = name, apis

    def read(self, name: str) -> Found | None:
        """The blob; None where there is none."""
        reply = self._apis.call("storage", "GET", self._path(name), headers=_VERSION, accept=(404,))
        return None if reply.status == 404 else Found(reply.json(), reply.headers["etag"])

    def write(
        self,
        name: str,
        document: Mapping[str, Json],
        *,
        before: str = NEW,
        until: float | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> str:
        """Writes the blob where it is as it was: its new ETag. Raises Changed."""
        condition = {"If-None-Match": "*"} if before == NEW else {"If-Match": before}
        content = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        headers = {**_VERSION, "x-ms-blob-type": "BlockBlob", "Content-Type": "application/json", **condition}
        headers |= {f"{_MARK}{mark}": value for mark, value in (marks or {}).items()}
        # 409: there is a blob already, of those that must be new.
        reply = self._apis.call("storage", "PUT", self._path(name), content, headers=headers, accept=(409, 412))
        if reply.status in (409, 412):
            raise Changed(name)
        return reply.headers["etag"]

    def listed(self, prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The names below the prefix, with their marks.

        https://learn.microsoft.com/rest/api/storageservices/list-blobs
        """
        marker: str | None = ""
        while marker is not None:
            query = {"restype": "container", "comp": "list", "include": "metadata", "prefix": prefix}
            query |= {"marker": marker} if marker else {}
            reply = self._apis.call("storage", "GET", self._name, query=query, headers=_VERSION)
            page = ElementTree.fromstring(reply.body)
            for blob in page.iterfind("Blobs/Blob"):
                metadata = blob.find("Metadata")
                marks = {} if metadata is None else {mark.tag: mark.text or "" for mark in metadata}
                yield blob.findtext("Name", ""), marks
            marker = page.findtext("NextMarker") or None

    def _path(self, name: str) -> str:
        return f"{self._name}/{quote(name)}"
