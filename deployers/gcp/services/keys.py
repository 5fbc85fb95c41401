"""The keys that sign links: made from keys of Cloud KMS, which never leave it.

A key that signs links is the MAC that a KMS key gives of one fixed text. It stands in no file, secret or variable: only
those who may sign with the KMS key can make it, and a process asks once. `SKYLOOM_LINK_KEY` names the versions of KMS
keys, the current one first; the links of all of them count.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from skyloom.adapters.google_apis import Apis

_TEXT = b"skyloom links 1"


class Keys:
    """The keys (`skyloom.deployers.services.links.Keys`)."""

    def __init__(self, apis: Apis, versions: Sequence[str]) -> None:
        self._apis, self._versions = apis, versions
        self._made: dict[str, bytes] = {}

    @classmethod
    def named(cls, apis: Apis, variable: str) -> Keys:
        """The keys that a variable names, with spaces between them."""
        return cls(apis, variable.split())

    def current(self) -> bytes:
        """The key to sign with."""
        return self._key(self._versions[0])

    def accepted(self, *, fresh: bool = False) -> list[bytes]:
        """The keys whose signatures count. They do not change while a process lives."""
        return [self._key(version) for version in self._versions]

    def _key(self, version: str) -> bytes:
        if version not in self._made:
            asked = {"data": base64.b64encode(_TEXT).decode()}
            answer = self._apis.post("cloudkms", f"v1/{version}:macSign", asked).json()
            self._made[version] = base64.b64decode(answer["mac"])
        return self._made[version]
