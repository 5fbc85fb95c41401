"""Notifications are posted to web addresses, and the key that signs links is renewed."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from skyloom.deployers.aws.services import rotate, webhook
from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.services.posting import NotTaken

TOLD = {
    "message": "Send it?",
    "to": "leads",
    "link": "https://api.example/approvals/1?e=1&s=2",
    "until": 1_800_000_000,
    "app": "shop",
    "environment": "dev",
    "flow": "answer",
    "run": "r-1",
    "step": "answer/approval",
}


class Hook:
    """A chat that takes notifications."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Requests(BaseHTTPRequestHandler):
            def log_message(self, *arguments: object) -> None:
                return

            def do_POST(self) -> None:
                hook.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                if hook.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            do_GET = do_POST

        self._server = HTTPServer(("127.0.0.1", 0), Requests)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook-of-secret-name"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def settings(deployed_in: pytest.MonkeyPatch) -> None:
    deployed_in.setenv("SKYLOOM_APP", "shop")
    deployed_in.setenv("SKYLOOM_ENV", "dev")


def notify(message: str) -> None:
    webhook.handler({"Records": [{"Sns": {"Message": message}}]}, None)


def test_an_approval_is_posted_with_its_link(account: Any, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLOOM_WEBHOOK", account.secret(f" {hook.url}\n"))
    notify(json.dumps(TOLD))
    assert hook.posted == [
        {
            "text": f"Send it?\nUntil 15 January 2027, 08:00 UTC: {TOLD['link']}",
            "app": "shop",
            "environment": "dev",
            "run": "r-1",
            "step": "answer/approval",
            "to": "leads",
            "url": TOLD["link"],
        }
    ]


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            json.dumps({"AlarmName": "shop-dev-failed", "NewStateValue": "ALARM", "NewStateReason": "1 > 0"}),
            "shop-dev-failed is ALARM: 1 > 0",
        ),
        ("plain words", "plain words"),
        ("[1]", "[1]"),
    ],
)
def test_alarms_are_posted(account: Any, hook: Hook, monkeypatch: pytest.MonkeyPatch, message: str, text: str) -> None:
    monkeypatch.setenv("SKYLOOM_WEBHOOK", account.secret(hook.url))
    notify(message)
    assert hook.posted == [{"text": text, "app": "shop", "environment": "dev"}]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_fails_the_invocation_and_never_names_the_address(
    account: Any, hook: Hook, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("SKYLOOM_WEBHOOK", account.secret(hook.url))
    hook.status = status
    with pytest.raises(NotTaken) as raised:
        notify("words")
    assert str(raised.value) == f"the webhook answered {status}"
    assert len(hook.posted) == 1, "a redirection is not followed"


@pytest.mark.parametrize("address", ["http://example.com/x", "file:///etc/passwd", "", "https://[", "https://a b/"])
def test_other_addresses_are_refused(account: Any, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("SKYLOOM_WEBHOOK", account.secret(address or " "))
    with pytest.raises(NotTaken) as raised:
        notify("words")
    assert not address or address not in str(raised.value)


# --- the key that signs links ---------------------------------------------------------------------------------------


def test_the_key_is_renewed_and_the_one_before_still_counts(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = account.secret("first")
    monkeypatch.setenv("SKYLOOM_LINK_KEY", secret)
    known = [b"first"]
    for _ in range(2):
        version = str(uuid.uuid4())
        for step in ("createSecret", "createSecret", "setSecret", "testSecret", "finishSecret", "finishSecret"):
            rotate.handler({"Step": step, "SecretId": secret, "ClientRequestToken": version}, None)
        current, previous = Keys(account.secrets, secret).accepted()
        assert previous == known[-1] and current not in known and len(current) == 64
        known.append(current)


def test_no_other_secret_is_touched(account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLOOM_LINK_KEY", account.secret("a"))
    other = account.secret("b")
    with pytest.raises(ValueError, match="one secret only"):
        rotate.handler({"Step": "createSecret", "SecretId": other, "ClientRequestToken": str(uuid.uuid4())}, None)
    with pytest.raises(ValueError, match="dance is no step"):
        mine = account.secret("c")
        monkeypatch.setenv("SKYLOOM_LINK_KEY", mine)
        rotate.handler({"Step": "dance", "SecretId": mine, "ClientRequestToken": "v"}, None)
