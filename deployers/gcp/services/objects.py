"""JSON objects in the app's bucket, changed under the condition that nobody else has changed them.

https://cloud.google.com/storage/docs/request-preconditions
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from skyloom.adapters.google_apis import Apis
from skyloom.deployers.services.objects import NEW, Changed, Found

Json = Any

_BOUNDARY = "skyloom-parts"


_NONE = "0"
"""The generation of an object that there is not."""


class Objects:
    """The objects of a bucket (`skyloom.deployers.services.objects.Objects`); a generation stands for a content."""

    def __init__(self, apis: Apis, bucket: str) -> None:
        self._apis, self._bucket = apis, bucket

    def read(self, name: str) -> Found | None:
        """The object; None where there is none."""
        path = f"storage/v1/b/{self._bucket}/o/{quote(name, safe='')}"
        # 403: who may read below one folder only, and list nothing else, is not told that there is no object.
        reply = self._apis.call("storage", "GET", path, query={"alt": "media"}, accept=(403, 404))
        return None if reply.status in (403, 404) else Found(reply.json(), reply.headers["x-goog-generation"])

    def write(
        self,
        name: str,
        document: Mapping[str, Json],
        *,
        before: str = NEW,
        until: float | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> str:
        """Writes the object where it is as it was: its new generation.

        Args:
            before: the generation that it must have; NEW: that there is none.
            until: when it is over, in seconds since 1970: the bucket deletes it some time later.
            marks: what a list tells of it.

        Raises:
            Changed: it has another generation.
        """
        about: dict[str, Json] = {"name": name, "contentType": "application/json", "metadata": dict(marks or {})}
        if until is not None:
            about["customTime"] = datetime.fromtimestamp(until, UTC).isoformat().replace("+00:00", "Z")
        content = json.dumps(document, ensure_ascii=False, allow_nan=False)
        parts = (json.dumps(about), content)
        body = "".join(f"--{_BOUNDARY}\r\nContent-Type: application/json\r\n\r\n{part}\r\n" for part in parts)
        reply = self._apis.call(
            "storage",
            "POST",
            f"upload/storage/v1/b/{self._bucket}/o",
            f"{body}--{_BOUNDARY}--\r\n".encode(),
            query={"uploadType": "multipart", "ifGenerationMatch": before or _NONE},
            headers={"Content-Type": f"multipart/related; boundary={_BOUNDARY}"},
            accept=(412,),
        )
        if reply.status == 412:
            raise Changed(name)
        return str(reply.json()["generation"])

    def listed(self, prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The names below the prefix, with their marks."""
        token: str | None = ""
        while token is not None:
            query = {"prefix": prefix, "fields": "items(name,metadata),nextPageToken"}
            query |= {"pageToken": token} if token else {}
            page = self._apis.call("storage", "GET", f"storage/v1/b/{self._bucket}/o", query=query).json()
            yield from ((item["name"], item.get("metadata") or {}) for item in page.get("items", []))
            token = page.get("nextPageToken")
