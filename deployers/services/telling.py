"""Tells people of approvals: subscribers by e-mail get a text, programs get a document with

    {"message", "to", "link", "until": seconds, "app", "environment", "flow", "run", "step"}

What is shown stays out of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from skyloom.deployers.services import links
from skyloom.deployers.services.waiting import Wait

Json = Any

_LONGEST_MESSAGE = 100_000
"""Characters of a question in a notification; SNS takes 256 KB, Pub/Sub 10 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a notification says beside the question: the address of the API, the app and its environment."""

    api: str
    app: str
    environment: str

    def text(self, wait: Wait, link: str) -> str:
        """The notification as a person reads it."""
        until = datetime.fromtimestamp(wait.expires, UTC).strftime("%d %B %Y, %H:%M UTC")
        to = wait.asked.get("to")
        lines = [
            str(wait.asked["message"])[:_LONGEST_MESSAGE],
            "",
            *([f"For {to}."] if to else []),
            f"Decide here, until {until}:",
            link,
            "",
            "Whoever has this link can decide, once. Pass it on only to people who may.",
            "",
            f"{self.app} ({self.environment}), flow {wait.flow}, run {wait.run}, step {wait.step}",
        ]
        return "\n".join(lines)

    def document(self, wait: Wait, link: str) -> dict[str, Json]:
        """The notification as a program reads it."""
        return {
            "message": str(wait.asked["message"])[:_LONGEST_MESSAGE],
            "to": wait.asked.get("to"),
            "link": link,
            "until": wait.expires,
            "app": self.app,
            "environment": self.environment,
            "flow": wait.flow,
            "run": wait.run,
            "step": wait.step,
        }


class Publishing(Protocol):
    """Where the cloud publishes notifications."""

    def publish(self, message: str, to: str | None, text: str, document: dict[str, Json]) -> None:
        """Publishes one notification.

        Args:
            message: the question, for a subject line.
            to: whom the flow asks; None: everybody.
            text: the notification as a person reads it.
            document: the same as a program reads it.
        """


class Teller:
    """Tells people of approvals. Without a topic nobody is told: operators list what is open."""

    def __init__(self, keys: links.Keys, notice: Notice, topic: Publishing | None) -> None:
        self._keys = keys
        self._notice = notice
        self._topic = topic

    def tell(self, wait: Wait) -> None:
        """Publishes a notification with a link to the approval."""
        if self._topic is None:
            return
        link = links.link(self._notice.api, self._keys.current(), wait.id, wait.expires)
        message, to = str(wait.asked["message"]), wait.asked.get("to")
        self._topic.publish(message, to, self._notice.text(wait, link), self._notice.document(wait, link))
