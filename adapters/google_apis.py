"""Google's APIs over HTTPS, with a token of the function's own service account. Nothing but the standard library, so
that a function starts fast.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Json = Any

_SECONDS = 30.0
_ATTEMPTS, _FIRST_PAUSE = 5, 0.5
_AGAIN = (429, 500, 502, 503, 504)
"""Answers behind which the same request may succeed: an object of Cloud Storage, for one, takes about one change a
second. https://cloud.google.com/storage/docs/retry-strategy"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an API answered."""

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
        token: gives an access token.
        address: the address of an API by its name: `storage`.
    """

    def __init__(self, token: Callable[[], str], address: Callable[[str], str]) -> None:
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
    ) -> Reply:
        """The answer to a request; one that failed in passing is tried again.

        Args:
            accept: codes of answers that are no failure here, besides those below 300.

        Raises:
            ApiFailed: the API refuses.
        """
        url = f"{self.address(service)}/{path}" + (f"?{urlencode(query)}" if query else "")
        return self.request(method, url, body, headers or {}, accept, what=f"{service} {method}")

    def post(self, service: str, path: str, document: Json, accept: tuple[int, ...] = ()) -> Reply:
        """Posts JSON. Raises ApiFailed."""
        return self.call(service, "POST", path, json.dumps(document).encode(), headers=JSON, accept=accept)

    def request(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        accept: tuple[int, ...],
        *,
        what: str,
    ) -> Reply:
        """The answer to a request to an address of Google's. Raises ApiFailed."""
        pause = _FIRST_PAUSE
        for attempt in range(1, _ATTEMPTS + 1):
            reply = self._attempt(method, url, body, headers)
            if reply.status in accept or 0 < reply.status < 300:
                return reply
            if attempt == _ATTEMPTS or reply.status not in (0, *_AGAIN):
                break
            time.sleep(pause)
            pause *= 2
        raise ApiFailed(what, reply.status, reply.body[:500].decode(errors="replace"))

    def _attempt(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        signed = {"Authorization": f"Bearer {self._token()}", "User-Agent": "skyloom", **headers}
        request = urllib.request.Request(url, data=body, headers=signed, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
                return Reply(answer.status, answer.read(), _lower(answer))
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read(), _lower(error))
        except (OSError, http.client.HTTPException) as error:
            return Reply(0, repr(error).encode(), {})


def _lower(answer: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


JSON = {"Content-Type": "application/json"}

# --- in a function --------------------------------------------------------------------------------------------------

_METADATA = "metadata.google.internal"
_EARLIER = 60.0
"""Seconds before its end at which a token is renewed."""


class _MetadataToken:
    """The token of the function's service account, from the metadata server.

    https://cloud.google.com/compute/docs/access/authenticate-workloads
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        with self._lock:
            if time.monotonic() > self._until - _EARLIER:
                self._fetch()
            return self._token

    def _fetch(self) -> None:
        host = os.environ.get("GCE_METADATA_HOST", _METADATA)
        url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
        request = urllib.request.Request(url, headers={"Metadata-Flavor": "Google"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found = json.load(answer)
        self._token, self._until = found["access_token"], time.monotonic() + found["expires_in"]


def _address(service: str) -> str:
    # Another address than Google's is for tests.
    return os.environ.get("SKYLOOM_GOOGLE_ENDPOINT") or f"https://{service}.googleapis.com"


APIS = Apis(_MetadataToken(), _address)
"""The APIs as a function calls them."""
