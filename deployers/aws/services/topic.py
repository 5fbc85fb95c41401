"""Publishes notifications of approvals to the app's topic.

Subscribers by e-mail get the text, functions get the document; the message attribute `to` lets subscribers filter.
"""

from __future__ import annotations

import json
import re
from typing import Any

Json = Any

_LONGEST_SUBJECT = 99
"""Characters of an SNS subject, which is ASCII. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""


class Topic:
    """A topic (`skyloom.deployers.services.telling.Publishing`). `sns` is an SNS client."""

    def __init__(self, sns: Any, arn: str) -> None:
        self._sns = sns
        self._arn = arn

    def publish(self, message: str, to: str | None, text: str, document: dict[str, Json]) -> None:
        """Publishes one notification."""
        messages = {"default": text, "lambda": json.dumps(document, ensure_ascii=False)}
        self._sns.publish(
            TopicArn=self._arn,
            Subject=subject_line(message),
            Message=json.dumps(messages, ensure_ascii=False),
            MessageStructure="json",
            MessageAttributes={"to": {"DataType": "String", "StringValue": to or "everybody"}},
        )


def subject_line(message: str) -> str:
    """The question as the subject of an e-mail: ASCII, one line, short."""
    plain = message.encode("ascii", "replace").decode()
    line = " ".join(re.sub(r"[^ -~]", " ", f"Approval: {plain}").split())
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 3] + "..."
