"""What code in a function of Google Cloud finds around it: metadata server, Secret Manager and Cloud Storage, as far
as Skyloom's own code asks them over REST."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ya29.token-of-the-function"


class GoogleServer:
    """Use it as a context manager. `variables` makes a function find it; `secrets` are values by version, `objects`
    contents by bucket and name, `statuses` what is to be answered first."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.objects: dict[tuple[str, str], bytes] = {}
        self.statuses: list[int] = []
        self.tokens = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a process that is to find it."""
        host = f"127.0.0.1:{self._server.server_port}"
        return {"GCE_METADATA_HOST": host, "SKYLOOM_GOOGLE_ENDPOINT": f"http://{host}"}

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

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    owner: GoogleServer
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def _respond(self, method: str) -> None:
        server = self.server
        assert isinstance(server, _Server)
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.startswith("/computeMetadata/"):
            allowed = self.headers.get("Metadata-Flavor") == "Google" and self.path.endswith("/default/token")
            server.owner.tokens += 1
            token = json.dumps({"access_token": TOKEN, "expires_in": 3000, "token_type": "Bearer"}).encode()
            status, content = (200, token) if allowed else (403, b"")
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            status, content = 401, b"{}"
        else:
            status, content = server.owner.answer(method, self.path, body)
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""
