"""The APIs of a cloud over HTTPS, as a function calls them: with a token of its own identity. Nothing but the standard
library, so that a function starts fast.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Json = Any

JSON = {"Content-Type": "application/json"}

_SECONDS = 30.0
_ATTEMPTS, _FIRST_PAUSE = 5, 0.5
_AGAIN = (429, 500, 502, 503, 504)
"""Answers behind which the same request may succeed: an object of Cloud Storage, for one, takes about one change a
second. https://cloud.google.com/storage/docs/retry-strategy
https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an API answered. Names of headers are in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Json:
        """The body as JSON."""
        return json.loads(self.body or b"{}")


class ApiFailed(Exception):
    """An API refuses a request, or does not answer. `status` is 0 where it does not."""

    def __init__(self, what: str, status: int, reason: str) -> None:
        super().__init__(f"{what}: {status} {reason}")
        self.status = status


class Apis:
    """Calls APIs.

    Args:
        token: gives an access token for an API, by its name.
        address: the address of an API by its name: `storage`.
    """

    def __init__(self, token: Callable[[str], str], address: Callable[[str], str]) -> None:
        self._token, self.address = token, address

    def call(
        self,
        service: str,
        method: str,
        path: str,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
        seconds: float = _SECONDS,
    ) -> Reply:
        """The answer to a request; one that failed in passing is tried again.

        Args:
            accept: codes of answers that are no failure here, besides those below 300.
            seconds: how long one attempt may take.

        Raises:
            ApiFailed: the API refuses.
        """
        url = f"{self.address(service)}/{path}" + (f"?{urlencode(query)}" if query else "")
        return self.request(service, method, url, body, headers, accept, seconds)

    def request(
        self,
        service: str,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
        seconds: float = _SECONDS,
    ) -> Reply:
        """As `call`, to a whole address. Whoever calls sees to it that the address is one of the API's: it gets the
        token. Raises ApiFailed."""
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            signed = {"Authorization": f"Bearer {self._token(service)}", "User-Agent": "skyloom", **(headers or {})}
            reply = _attempt(urllib.request.Request(url, data=body, headers=signed, method=method), seconds)
            if reply.status in accept or 0 < reply.status < 300:
                return reply
            if attempt == _ATTEMPTS or reply.status not in (0, *_AGAIN):
                break
            time.sleep(pause)
            pause *= 2
        raise ApiFailed(f"{service} {method}", reply.status, reply.body[:500].decode(errors="replace"))

    def post(self, service: str, path: str, document: Json, accept: tuple[int, ...] = ()) -> Reply:
        """Posts JSON. Raises ApiFailed."""
        return self.call(service, "POST", path, json.dumps(document).encode(), headers=JSON, accept=accept)


def _attempt(request: urllib.request.Request, seconds: float) -> Reply:
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return Reply(answer.status, answer.read(), _lower(answer))
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.read(), _lower(error))
    except (OSError, http.client.HTTPException) as error:
        return Reply(0, repr(error).encode(), {})


def _lower(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


class KeptToken:
    """A token that is fetched when it is first asked for, and renewed before its end. Threads may share it.

    Args:
        fetch: gives a token, and the seconds for which it is good.
    """

    _EARLIER = 60.0
    """Seconds before its end at which a token is renewed."""

    def __init__(self, fetch: Callable[[], tuple[str, float]]) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        with self._lock:
            if time.monotonic() > self._until - self._EARLIER:
                self._token, seconds = self._fetch()
                self._until = time.monotonic() + seconds
            return self._token
