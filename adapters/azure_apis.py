"""Azure's APIs over HTTPS, with tokens of the app's own managed identity.

SKYLOOM_STORAGE   https://<account>.blob.core.windows.net      blobs of the app: claims, waits
SKYLOOM_VAULT     https://<vault>.vault.azure.net              secrets and the key that signs links
SKYLOOM_TOPIC     https://<topic>.<region>-1.eventgrid.azure.net   events
AZURE_CLIENT_ID   the user-assigned identity whose tokens are asked for
"""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from skyloom.adapters.web_apis import JSON, ApiFailed, Apis, KeptToken, Reply

__all__ = ["APIS", "JSON", "ApiFailed", "Apis", "Blobs", "Reply", "token_for"]

RESOURCES = {
    "eventgrid": "https://eventgrid.azure.net",
    "models": "https://ai.azure.com",
    "servicebus": "https://servicebus.azure.net",
    "storage": "https://storage.azure.com",
    "vault": "https://vault.azure.net",
}
"""For whom a token is, by the API's name; a name that is not here is that itself (`api://…`).
https://learn.microsoft.com/azure/role-based-access-control/ and the pages of the services."""

_ADDRESSES = {"eventgrid": "SKYLOOM_TOPIC", "storage": "SKYLOOM_STORAGE", "vault": "SKYLOOM_VAULT"}
"""The variables that hold the addresses of APIs."""

_IDENTITY_VERSION = "2019-08-01"
_STORAGE_VERSION = "2023-11-03"
VAULT_VERSION = "7.4"


def _identity_token(resource: str) -> tuple[str, float]:
    """A token of the app's managed identity, from the address that the platform gives to its apps.

    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference

    Raises:
        OSError: there is no identity here, or it gets no token.
    """
    endpoint, secret = os.environ.get("IDENTITY_ENDPOINT"), os.environ.get("IDENTITY_HEADER")
    if not endpoint or not secret:
        raise OSError("there is no managed identity here: $IDENTITY_ENDPOINT is not set")
    query = {"resource": resource, "api-version": _IDENTITY_VERSION}
    client = os.environ.get("AZURE_CLIENT_ID")
    if client:
        query["client_id"] = client
    request = urllib.request.Request(f"{endpoint}?{urlencode(query)}", headers={"X-IDENTITY-HEADER": secret})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        said = error.read()[:300].decode(errors="replace")
        raise OSError(f"the managed identity gets no token for {resource}: {error.code} {said}") from None
    return found["access_token"], float(found["expires_on"]) - time.time()


_lock = threading.Lock()
_tokens: dict[str, KeptToken] = {}


def token_for(service: str) -> str:
    """A token of the app's identity for an API, kept until shortly before its end. Raises OSError."""
    resource = RESOURCES.get(service, service)
    with _lock:
        kept = _tokens.setdefault(resource, KeptToken(lambda: _identity_token(resource)))
    return kept()


def _address(service: str) -> str:
    return os.environ[_ADDRESSES[service]].rstrip("/")


APIS = Apis(token_for, _address)
"""The APIs as an app calls them."""


class Blobs:
    """The blobs of one container of the app's storage account.

    https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
    """

    def __init__(self, container: str, apis: Apis = APIS) -> None:
        self._container, self._apis = container, apis

    def get(self, name: str) -> Reply | None:
        """A blob, `ETag` among its headers; None where there is none. Raises ApiFailed."""
        reply = self._call("GET", name, accept=(404,))
        return None if reply.status == 404 else reply

    def put(self, name: str, content: bytes, headers: Mapping[str, str] | None = None) -> bool:
        """Writes a blob; False where a condition in `headers` (`If-Match`, `If-None-Match`) does not hold, so that the
        blob is as it was. Raises ApiFailed."""
        sent = {"x-ms-blob-type": "BlockBlob", **JSON, **(headers or {})}
        return self._call("PUT", name, content, sent, accept=(409, 412)).status < 300

    def delete(self, name: str) -> None:
        """Takes a blob away, if it is there. Raises ApiFailed."""
        self._call("DELETE", name, accept=(404,))

    def _call(
        self,
        method: str,
        name: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> Reply:
        path = f"{self._container}/{quote(name)}"
        told = {"x-ms-version": _STORAGE_VERSION, **(headers or {})}
        return self._apis.call("storage", method, path, content, headers=told, accept=accept)
