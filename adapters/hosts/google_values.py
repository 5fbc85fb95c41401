"""Large values in a bucket of Google's Cloud Storage."""

from __future__ import annotations

from urllib.parse import quote

from skyloom.adapters.google_apis import APIS, JSON, ApiFailed
from skyloom.errors import TaskFailed


def put(bucket: str, key: str, content: bytes) -> None:
    """Writes an object. Raises TaskFailed."""
    try:
        APIS.call(
            "storage",
            "POST",
            f"upload/storage/v1/b/{bucket}/o",
            content,
            query={"uploadType": "media", "name": key},
            headers=JSON,
        )
    except ApiFailed as problem:
        raise TaskFailed(f"a large value cannot be kept in gs://{bucket}: {problem}") from None


def get(bucket: str, key: str) -> bytes | None:
    """The content of an object; None where there is none. Raises TaskFailed."""
    path = f"storage/v1/b/{bucket}/o/{quote(key, safe='')}"
    try:
        reply = APIS.call("storage", "GET", path, query={"alt": "media"}, accept=(403, 404))
    except ApiFailed as problem:
        raise TaskFailed(f"a large value cannot be read from gs://{bucket}: {problem}") from None
    if reply.status == 403:
        # Whether there is an object is told only to those who may list the bucket, and functions may not.
        why = "it is gone, as large values are kept for a limited time, or this function may not read it"
        raise TaskFailed(f"a large value cannot be read from gs://{bucket}: {why}")
    return None if reply.status == 404 else reply.body
