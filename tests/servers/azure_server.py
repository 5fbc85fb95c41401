"""What code in a function app of Azure finds around it: its identity's endpoint, blobs and a key vault, as far as
Skyloom's own code asks them over REST."""

from __future__ import annotations

import hashlib
import json
import time
from urllib.parse import parse_qs, unquote, urlsplit

from servers.local import LocalServer, Reply

HEADER = "identity-header-of-the-app"
CLIENT = "00000000-0000-0000-0000-00000000c11e"


class AzureServer(LocalServer):
    """Use it as a context manager. `variables` makes an app find it; `blobs` are contents by container and name,
    `secrets` values by name, `statuses` what is to be answered first. `tokens` says for whom tokens were given."""

    def __init__(self) -> None:
        super().__init__()
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.secrets: dict[str, str] = {}
        self.statuses: list[int] = []
        self.tokens: list[str] = []
        self.seconds = 3600

    @property
    def url(self) -> str:
        """Its address."""
        return self.address

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a process that is to find it."""
        return {
            "IDENTITY_ENDPOINT": f"{self.url}/identity",
            "IDENTITY_HEADER": HEADER,
            "AZURE_CLIENT_ID": CLIENT,
            # As templates write them, with the slash at the end.
            "SKYLOOM_STORAGE": f"{self.url}/",
            "SKYLOOM_VAULT": f"{self.url}/",
        }

    def token(self, resource: str) -> str:
        """The token of the app's identity for a resource."""
        return f"token for {resource}"

    def answer(
        self, method: str, address: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        """What a service answers."""
        if self.statuses:
            return self.statuses.pop(0), b"{}", {}
        parts = urlsplit(address)
        if parts.path.startswith("/secrets/"):
            if headers.get("authorization") != f"Bearer {self.token('https://vault.azure.net')}":
                return 401, b"{}", {}
            return self._secret(parts.path.removeprefix("/secrets/"), parse_qs(parts.query))
        if headers.get("authorization") != f"Bearer {self.token('https://storage.azure.com')}":
            return 401, b"", {}
        if "x-ms-version" not in headers:
            return 400, b"a request with a token says its version", {}
        container, _, name = unquote(parts.path.removeprefix("/")).partition("/")
        return self._blob(method, (container, name), headers, body)

    def _secret(self, name: str, query: dict[str, list[str]]) -> tuple[int, bytes, dict[str, str]]:
        if query.get("api-version") != ["7.4"]:
            return 400, b"{}", {}
        if name not in self.secrets:
            return 404, b'{"error": {"code": "SecretNotFound"}}', {}
        return 200, json.dumps({"value": self.secrets[name], "id": f"{self.url}/secrets/{name}/1"}).encode(), {}

    def _blob(
        self, method: str, place: tuple[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes, dict[str, str]]:
        there = self.blobs.get(place)
        tag = None if there is None else f'"{hashlib.sha256(there).hexdigest()[:16]}"'
        match method:
            case "PUT" if headers.get("x-ms-blob-type") != "BlockBlob":
                return 400, b"a blob has a type", {}
            case "PUT" if headers.get("if-none-match") == "*" and there is not None:
                return 409, b"BlobAlreadyExists", {}
            case "PUT" if headers.get("if-match", tag) != tag:
                return 412, b"ConditionNotMet", {}
            case "PUT":
                self.blobs[place] = body
                return 201, b"", {}
            case _ if there is None:
                return 404, b"BlobNotFound", {}
            case "GET":
                return 200, there or b"", {"ETag": tag or ""}
            case "DELETE":
                del self.blobs[place]
                return 202, b"", {}
        return 400, f"nothing here: {method}".encode(), {}

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if target.startswith("/identity?"):
            return Reply(*self._identity(target, headers))
        return Reply(*self.answer(method, target, headers, body))

    def _identity(self, target: str, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        known = query.get("api-version") == "2019-08-01" and query.get("client_id") == CLIENT
        if headers.get("x-identity-header") != HEADER or not known:
            return 400, b"no such identity", {}
        resource = query["resource"]
        self.tokens.append(resource)
        document = {"access_token": self.token(resource), "expires_on": str(int(time.time()) + self.seconds)}
        return 200, json.dumps(document).encode(), {}
