"""Publishes notifications of approvals to the app's topic: the document as data, whom it is for as the attribute
`to`."""

from __future__ import annotations

import base64
import json
from typing import Any

from skyloom.adapters.google_apis import Apis

Json = Any


class Topic:
    """A topic (`skyloom.deployers.services.telling.Publishing`), by its full name."""

    def __init__(self, apis: Apis, name: str) -> None:
        self._apis, self._name = apis, name

    def publish(self, message: str, to: str | None, text: str, document: dict[str, Json]) -> None:
        """Publishes one notification; who reads it as a person finds the text in it."""
        data = base64.b64encode(json.dumps({**document, "text": text}, ensure_ascii=False).encode()).decode()
        sent = {"data": data, "attributes": {"to": to or "everybody", "kind": "approval"}}
        self._apis.post("pubsub", f"v1/{self._name}:publish", {"messages": [sent]})
