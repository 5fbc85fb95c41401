"""The keys that sign links: the current one, and the one before it, in a secret that `SKYLOOM_LINK_KEY` names."""

from __future__ import annotations

import time
from typing import Any

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
_KEEP_SECONDS = 300
_REFRESH_SECONDS = 10


class Keys:
    """Reads the keys, and keeps them for some minutes."""

    def __init__(self, secrets: Any, secret: str) -> None:
        self._secrets = secrets
        self._secret = secret
        self._kept: dict[str, tuple[float, bytes | None]] = {}

    def current(self) -> bytes:
        """The key to sign with."""
        key = self._read(CURRENT, _KEEP_SECONDS)
        assert key is not None
        return key

    def accepted(self, *, fresh: bool = False) -> list[bytes]:
        """The keys whose signatures count. `fresh` asks again, unless that was done a moment ago: a link may be signed
        with a key that was made since."""
        keep = _REFRESH_SECONDS if fresh else _KEEP_SECONDS
        found = (self._read(stage, keep) for stage in (CURRENT, PREVIOUS))
        return [key for key in found if key is not None]

    def _read(self, stage: str, keep: float) -> bytes | None:
        at, key = self._kept.get(stage, (float("-inf"), None))
        if time.monotonic() - at > keep:
            key = self._fetch(stage)
            self._kept[stage] = (time.monotonic(), key)
        return key

    def _fetch(self, stage: str) -> bytes | None:
        try:
            answer = self._secrets.get_secret_value(SecretId=self._secret, VersionStage=stage)
        except self._secrets.exceptions.ResourceNotFoundException:
            if stage == CURRENT:
                raise
            return None
        return str(answer["SecretString"]).encode()
