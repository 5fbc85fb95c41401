"""The keys of an issuer of tokens: which of them has signed a token.

Whoever calls names the key of his token, and may name any. So the issuer is asked again for a name that is not known,
as it may have a new key, but not more often than every ten seconds.
https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

import threading
import time
from typing import Any

SECONDS = 10
"""The longest wait for an issuer's answer."""
_PAUSE = 10.0
"""Seconds between two requests for names that are not known."""


class IssuerKeys:
    """The keys of one issuer. They are good for five minutes, and then asked for anew.

    Args:
        address: where the issuer keeps them.
    """

    def __init__(self, address: str) -> None:
        import jwt

        self._client = jwt.PyJWKClient(address, timeout=SECONDS)
        self._lock = threading.Lock()
        self._again = 0.0

    def of(self, token: str) -> Any:
        """The key that a token names. Raises jwt.PyJWTError: there is none, or the issuer does not answer."""
        import jwt

        name = jwt.get_unverified_header(token).get("kid")
        found = _named(name, self._client.get_signing_keys())
        if found is None and self._may_ask_again():
            found = _named(name, self._client.get_signing_keys(refresh=True))
        if found is None:
            raise jwt.PyJWKClientError("the issuer has no such key")
        return found

    def _may_ask_again(self) -> bool:
        with self._lock:
            if time.monotonic() < self._again:
                return False
            self._again = time.monotonic() + _PAUSE
            return True


def _named(name: Any, keys: list[Any]) -> Any:
    return next((one.key for one in keys if one.key_id == name), None)
