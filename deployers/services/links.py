"""Links to approvals: signed, so that nobody makes one up, and good until a moment that stands in them.

`https://<api>/approvals/<id>?e=<expiry>&s=<signature>`: `expiry` in seconds since 1970, `signature` the URL-safe base64
of HMAC-SHA256 over both. Whoever has the link may decide, once: it is a key, to be sent to the right people only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from typing import Protocol

DAY = 24 * 3600
LONGEST = 90 * DAY
"""Seconds for which a link is good at most; the signing key is renewed as often, and the one before it still counts."""


class Keys(Protocol):
    """The keys that sign links, where the cloud keeps them."""

    def current(self) -> bytes:
        """The key to sign with."""

    def accepted(self, *, fresh: bool = False) -> list[bytes]:
        """The keys whose signatures count: the current one and the one before it. `fresh` asks again, unless that was
        done a moment ago: a link may be signed with a key that was made since."""


class Forged(Exception):
    """The signature is missing or not of a known key."""


class Expired(Exception):
    """The link was good once."""


def link(base: str, key: bytes, wait: str, expiry: int) -> str:
    """The link to the approval `wait`; `base` is the API's address."""
    return f"{base.rstrip('/')}/approvals/{wait}?e={expiry}&s={signature(key, wait, expiry)}"


def signature(key: bytes, wait: str, expiry: int) -> str:
    """The signature of a link."""
    mac = hmac.new(key, f"skyloom approval 1\n{wait}\n{expiry}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def check(keys: Iterable[bytes], wait: str, expiry: str, signed: str, now: float) -> int:
    """The moment until which a link is good.

    Raises:
        Forged: it was not made with one of `keys`.
        Expired: that moment is over.
    """
    # One spelling only, so that a link cannot be altered and still count.
    if re.fullmatch(r"[1-9][0-9]{0,11}", expiry) is None:
        raise Forged
    given = signed.encode(errors="replace")
    fitting = [hmac.compare_digest(signature(key, wait, int(expiry)).encode(), given) for key in keys]
    if not any(fitting):
        raise Forged
    if now >= int(expiry):
        raise Expired
    return int(expiry)
