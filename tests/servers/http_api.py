"""A local HTTP API: turns requests into the events that API Gateway gives to functions (payload format 2.0), and back.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class HttpApi:
    """Serves routes such as `GET /approvals/{id}`, each with a function that takes and gives what Lambda does."""

    def __init__(self, routes: Mapping[str, Handler]) -> None:
        self.routes = dict(routes)
        api = self

        class Requests(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments: object) -> None:
                return

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = api.answer(self.command, self.path, dict(self.headers), body)
                text = answer["body"].encode()
                self.send_response(answer["statusCode"])
                for name, value in answer["headers"].items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """What the function of the fitting route answers; 404 without one."""
        path, _, query = target.partition("?")
        for route, handler in self.routes.items():
            routed, _, template = route.partition(" ")
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
            found = re.fullmatch(pattern, path)
            if routed == method and found:
                event = self._event(route, method, path, query, headers, body)
                event["pathParameters"] = {name: unquote(value) for name, value in found.groupdict().items()} or None
                return handler(event)
        return {"statusCode": 404, "headers": {"Content-Type": "application/json"}, "body": '{"message":"Not Found"}'}

    def _event(
        self, route: str, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        event: dict[str, Any] = {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": query,
            "headers": {name.lower(): value for name, value in headers.items()},
            "requestContext": {"http": {"method": method, "path": path}, "routeKey": route, "stage": "$default"},
            "isBase64Encoded": False,
        }
        # Repeated names are joined with commas.
        parameters: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
        if parameters:
            event["queryStringParameters"] = parameters
        if body:
            textual = headers.get("Content-Type", "").startswith(("application/json", "text/"))
            event["isBase64Encoded"] = not textual or not body.isascii()
            event["body"] = base64.b64encode(body).decode() if event["isBase64Encoded"] else body.decode()
        return event
