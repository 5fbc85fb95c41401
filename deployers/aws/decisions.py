"""Approvals: what runs ask people. The deployed `decide` function lists and answers them, for the page and for us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from skyloom.deployers.approvals import asked, nobody_asked, opened, told
from skyloom.deployers.aws.client import PLACE, Aws
from skyloom.deployers.base import CloudApproval
from skyloom.errors import EngineError
from skyloom.flows.outcome import Json

OUTPUT = "DecideFunction"
"""The output of the stack that names the function. An app that asks nobody has none."""


class Decisions:
    """The open approvals of a deployed app."""

    def __init__(self, aws: Aws, outputs: Mapping[str, str]) -> None:
        self._aws = aws
        self._function = outputs.get(OUTPUT)

    def open(self) -> list[CloudApproval]:
        """The open approvals, oldest first."""
        if self._function is None:
            return []
        return opened(self._call({"action": "list"})["approvals"])

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        """Decides one, and says what came of it.

        Raises:
            UserError: SKY611, there is no such approval, or it is answered or timed out already.
            InvalidInput: SKY611, the form does not fit.
        """
        answer = self._call(asked(approval_id, approved=approved, comment=comment, by=by, form=form))
        return told(approval_id, answer, PLACE, "aws")

    def _call(self, payload: dict[str, Json]) -> dict[str, Any]:
        if self._function is None:
            raise nobody_asked(PLACE, "aws")
        answer = self._aws.functions.invoke(FunctionName=self._function, Payload=json.dumps(payload).encode())
        document = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or not isinstance(document, dict):
            reason = document.get("errorMessage") if isinstance(document, dict) else document
            raise EngineError(f"the function that keeps the approvals failed: {reason}")
        return document
