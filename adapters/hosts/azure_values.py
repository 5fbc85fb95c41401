"""Large values in the container `claims` of the app's storage account on Azure."""

from __future__ import annotations

from skyloom.adapters.azure_apis import ApiFailed, Blobs
from skyloom.errors import TaskFailed

_CLAIMS = Blobs("claims")


def put(key: str, content: bytes) -> None:
    """Writes a blob. Raises TaskFailed."""
    try:
        _CLAIMS.put(key, content)
    except (ApiFailed, OSError) as problem:
        raise TaskFailed(f"a large value cannot be kept in the app's storage account: {problem}") from None


def get(key: str) -> bytes | None:
    """The content of a blob; None where there is none. Raises TaskFailed."""
    try:
        found = _CLAIMS.get(key)
    except (ApiFailed, OSError) as problem:
        raise TaskFailed(f"a large value cannot be read from the app's storage account: {problem}") from None
    return None if found is None else found.body
