"""Objects in a container of the app's storage account on Azure."""

from __future__ import annotations

from skyloom.adapters.azure_apis import ApiFailed, Blobs
from skyloom.adapters.buckets import BucketFailed

_BYTES = {"Content-Type": "application/octet-stream"}


class Container:
    """A container, by address."""

    def __init__(self, address: str) -> None:
        # The account is the app's own, whose address `Blobs` knows.
        self._name = address.rstrip("/").rpartition("/")[2]
        self._blobs = Blobs(self._name)

    def put(self, key: str, content: bytes) -> None:
        """Writes a blob."""
        try:
            written = self._blobs.put(key, content, _BYTES)
        except (ApiFailed, OSError) as problem:
            raise BucketFailed(f"{key} cannot be written into the container {self._name}: {problem}") from None
        if not written:
            raise BucketFailed(f"{key} cannot be written into the container {self._name}: it is being changed")

    def get(self, key: str) -> bytes | None:
        """What a blob holds."""
        try:
            found = self._blobs.get(key)
        except (ApiFailed, OSError) as problem:
            raise BucketFailed(f"{key} cannot be read from the container {self._name}: {problem}") from None
        return None if found is None else found.body
