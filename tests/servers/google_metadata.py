"""What code in a function of Google Cloud finds around it: metadata server, Secret Manager and Cloud Storage, as far
as Skyloom's own code asks them over REST."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, unquote, urlsplit

from servers.local import LocalServer, Reply

TOKEN = "ya29.token-of-the-function"


class GoogleServer(LocalServer):
    """Use it as a context manager. `variables` makes a function find it; `secrets` are values by version, `objects`
    contents by bucket and name, `statuses` what is to be answered first."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, str] = {}
        self.objects: dict[tuple[str, str], bytes] = {}
        self.statuses: list[int] = []
        self.tokens = 0

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a process that is to find it."""
        return {"GCE_METADATA_HOST": f"127.0.0.1:{self.port}", "SKYLOOM_GOOGLE_ENDPOINT": self.address}

    def answer(self, method: str, address: str, body: bytes) -> tuple[int, bytes]:
        """What an API answers."""
        if self.statuses:
            return self.statuses.pop(0), b"{}"
        parts = urlsplit(address)
        query = parse_qs(parts.query)
        if parts.path.startswith("/v1/projects/") and parts.path.endswith(":access"):
            version = parts.path.removeprefix("/v1/").removesuffix(":access")
            if version not in self.secrets:
                return 404, b"{}"
            data = base64.b64encode(self.secrets[version].encode()).decode()
            return 200, json.dumps({"name": version, "payload": {"data": data}}).encode()
        folder, _, rest = parts.path.partition("/b/")
        bucket, _, name = rest.partition("/o")
        if method == "POST" and folder == "/upload/storage/v1" and query["uploadType"] == ["media"]:
            self.objects[bucket, query["name"][0]] = body
            return 200, b"{}"
        if method == "GET" and folder == "/storage/v1" and query.get("alt") == ["media"]:
            found = self.objects.get((bucket, unquote(name.removeprefix("/"))))
            return (404, b"{}") if found is None else (200, found)
        return 400, f"nothing here: {method} {address}".encode()

    def reply(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        if target.startswith("/computeMetadata/"):
            allowed = headers.get("metadata-flavor") == "Google" and target.endswith("/default/token")
            self.tokens += 1
            token = json.dumps({"access_token": TOKEN, "expires_in": 3000, "token_type": "Bearer"}).encode()
            return Reply(200, token) if allowed else Reply(403)
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, b"{}")
        return Reply(*self.answer(method, target, body))
