"""The keys that sign links: made from a key of Key Vault, which never leaves it.

A key that signs links is the digest of the signature that a version of the vault's key gives of one fixed text. That
key is RSA, whose signatures (PKCS #1 v1.5) are the same each time; those of elliptic curves are not. It stands in no
secret, file or variable: only those who may sign with the vault's key can make it, and a process asks once.

The vault makes a new version of its key every 90 days. The current version signs; it and the one before count.
https://learn.microsoft.com/rest/api/keyvault/keys/sign/sign
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

from skyloom.adapters.azure_apis import APIS, JSON, VAULT_VERSION, Apis

Json = Any

_TEXT = b"skyloom links 1"
_COUNT = 2
_SECONDS = 300.0
"""How long a list of versions is good, unless somebody asks afresh; then the pause between two such requests."""
_PAUSE = 10.0


class Keys:
    """The keys (`skyloom.deployers.services.links.Keys`).

    Args:
        address: of the vault's key, without a version: `https://<vault>.vault.azure.net/keys/links`.
    """

    def __init__(self, address: str, apis: Apis = APIS) -> None:
        self._address, self._apis = address.rstrip("/"), apis
        self._made: dict[str, bytes] = {}
        self._versions: list[str] = []
        self._listed = -_SECONDS

    def current(self) -> bytes:
        """The key to sign with."""
        return self._key(self._known(_SECONDS)[0])

    def accepted(self, *, fresh: bool = False) -> list[bytes]:
        """The keys whose signatures count: of the current version and the one before."""
        return [self._key(version) for version in self._known(_PAUSE if fresh else _SECONDS)]

    def _known(self, seconds: float) -> list[str]:
        """The versions that count, the newest first; asked for again when the answer is older than `seconds`."""
        if time.monotonic() - self._listed > seconds or not self._versions:
            found: list[tuple[int, str]] = []
            url: str | None = f"{self._address}/versions?api-version={VAULT_VERSION}"
            while url:
                page = self._apis.request("vault", "GET", url).json()
                found += [(key["attributes"]["created"], key["kid"]) for key in page["value"] if _good(key)]
                url = page.get("nextLink")
            self._versions = [kid.rpartition("/")[2] for _, kid in sorted(found, reverse=True)[:_COUNT]]
            self._listed = time.monotonic()
        return self._versions

    def _key(self, version: str) -> bytes:
        if version not in self._made:
            digest = base64.urlsafe_b64encode(hashlib.sha256(_TEXT).digest()).rstrip(b"=").decode()
            asked = json.dumps({"alg": "RS256", "value": digest}).encode()
            url = f"{self._address}/{version}/sign?api-version={VAULT_VERSION}"
            answer = self._apis.request("vault", "POST", url, asked, JSON).json()
            self._made[version] = hashlib.sha256(answer["value"].encode()).digest()
        return self._made[version]


def _good(key: dict[str, Json]) -> bool:
    return key["attributes"].get("enabled", True) is True
