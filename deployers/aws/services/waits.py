"""Service `waits`: a run begins to wait for a person's decision or for an event.

Invoked by state machines with `arn:aws:states:::lambda:invoke.waitForTaskToken` and this payload; keys with `?` may be
null or missing:

    {"kind": "approval", "token", "execution": ARN, "run", "flow", "step",
     "message", "show"?, "to"?, "timeout"?: seconds, "form"?: JSON Schema}
    {"kind": "event", "token", "execution", "run", "flow", "step",
     "event", "key"?, "timeout"?, "payload": JSON Schema}

The run goes on with the `Decision` object or the event's payload, which `decide` and `events` send. Of an approval,
people are told through the notification topic: subscribers by e-mail get a text, functions get
`{"message", "to", "link", "until": seconds, "app", "environment", "flow", "run", "step"}`. What is shown stays out of
both. The message attribute `to` lets subscribers filter.

Environment: SKYLOOM_TABLE; for approvals SKYLOOM_LINK_KEY, SKYLOOM_API, SKYLOOM_APP, SKYLOOM_ENV, and SKYLOOM_TOPIC
where somebody is to be told.
"""

from __future__ import annotations

import functools
import json
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from skyloom.deployers.aws.services import links
from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.aws.services.waiting import APPROVALS, Wait, Waits, event_subject, wait_id

Json = Any

_LONGEST_SUBJECT = 99
"""Characters of an SNS subject, which is ASCII. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
_LONGEST_MESSAGE = 100_000
"""Characters of a question in a notification; SNS takes 256 KB."""


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    return _opening().open(event)


@functools.cache
def _opening() -> Opening:
    waits = Waits(client("dynamodb"), os.environ["SKYLOOM_TABLE"])
    secret = os.environ.get("SKYLOOM_LINK_KEY")
    if secret is None:
        return Opening(waits, None)
    notice = Notice(api=os.environ["SKYLOOM_API"], app=os.environ["SKYLOOM_APP"], environment=os.environ["SKYLOOM_ENV"])
    topic = os.environ.get("SKYLOOM_TOPIC")
    return Opening(waits, Teller(Keys(client("secretsmanager"), secret), notice, topic and client("sns"), topic))


class Opening:
    """Opens waits. `teller` tells people of approvals."""

    def __init__(self, waits: Waits, teller: Teller | None) -> None:
        self._waits = waits
        self._teller = teller

    def open(self, request: dict[str, Json]) -> dict[str, Json]:
        """Writes down what a run waits for and, where it is a person, tells people."""
        wait = self._waits.open(_wait(request, time.time()))
        if wait.subject == APPROVALS and not wait.told:
            assert self._teller is not None, "approvals need SKYLOOM_LINK_KEY"
            self._teller.tell(wait)
            self._waits.told(wait)
        return {"id": wait.id}


def _wait(request: dict[str, Json], now: float) -> Wait:
    match request["kind"]:
        case "approval":
            subject = APPROVALS
            asked = {name: request.get(name) for name in ("message", "show", "to", "form")}
        case "event":
            subject = event_subject(request["event"], request.get("key"))
            asked = {name: request.get(name) for name in ("event", "key", "payload")}
        case kind:
            raise ValueError(f"{kind} is no kind of wait")
    timeout = request.get("timeout")
    deadline = None if timeout is None else now + timeout
    return Wait(
        subject=subject,
        id=wait_id(request["run"], request["step"]),
        **{name: request[name] for name in ("token", "execution", "run", "flow", "step")},
        asked=asked,
        opened=now,
        deadline=deadline,
        expires=int(now + min(links.LONGEST, links.LONGEST if timeout is None else timeout)),
    )


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


class Teller:
    """Tells people of approvals. Without a topic nobody is told: operators list what is open."""

    def __init__(self, keys: Keys, notice: Notice, sns: Any, topic: str | None) -> None:
        self._keys = keys
        self._notice = notice
        self._sns = sns
        self._topic = topic

    def tell(self, wait: Wait) -> None:
        """Publishes a notification with a link to the approval."""
        if self._topic is None:
            return
        link = links.link(self._notice.api, self._keys.current(), wait.id, wait.expires)
        messages = {
            "default": self._notice.text(wait, link),
            "lambda": json.dumps(self._notice.document(wait, link), ensure_ascii=False),
        }
        self._sns.publish(
            TopicArn=self._topic,
            Subject=subject_line(str(wait.asked["message"])),
            Message=json.dumps(messages, ensure_ascii=False),
            MessageStructure="json",
            MessageAttributes={"to": {"DataType": "String", "StringValue": wait.asked.get("to") or "everybody"}},
        )


def subject_line(message: str) -> str:
    """The question as the subject of an e-mail: ASCII, one line, short."""
    plain = message.encode("ascii", "replace").decode()
    line = " ".join(re.sub(r"[^ -~]", " ", f"Approval: {plain}").split())
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 3] + "..."
