"""Objects in Google's Cloud Storage."""

from __future__ import annotations

from urllib.parse import quote

from skyloom.adapters.buckets import BucketFailed
from skyloom.adapters.google_apis import APIS, ApiFailed

_BYTES = {"Content-Type": "application/octet-stream"}


class Bucket:
    """A bucket, by name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, key: str, content: bytes) -> None:
        """Writes an object."""
        path = f"upload/storage/v1/b/{self._name}/o"
        try:
            APIS.call("storage", "POST", path, content, query={"uploadType": "media", "name": key}, headers=_BYTES)
        except (ApiFailed, OSError) as problem:
            raise BucketFailed(f"gs://{self._name}/{key} cannot be written: {problem}") from None

    def get(self, key: str) -> bytes | None:
        """What an object holds."""
        path = f"storage/v1/b/{self._name}/o/{quote(key, safe='')}"
        try:
            reply = APIS.call("storage", "GET", path, query={"alt": "media"}, accept=(404,))
        except (ApiFailed, OSError) as problem:
            raise BucketFailed(f"gs://{self._name}/{key} cannot be read: {problem}") from None
        return None if reply.status == 404 else reply.body
