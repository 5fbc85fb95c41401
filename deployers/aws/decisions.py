"""Approvals: what runs ask people. The deployed `decide` function lists and answers them, for the page and for us."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from skyloom.deployers.aws.client import PLACE, Aws
from skyloom.deployers.base import CloudApproval
from skyloom.errors import Diagnostic, EngineError, InvalidInput, UserError
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
        found = [_approval(entry) for entry in self._call({"action": "list"})["approvals"]]
        return sorted(found, key=lambda approval: approval.opened or 0.0)

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        """Decides one, and says what came of it.

        Raises:
            UserError: SKY611, there is no such approval, or it is answered or timed out already.
            InvalidInput: SKY611, the form does not fit.
        """
        answer = self._call(
            {"action": "decide", "id": approval_id, "approved": approved, "comment": comment, "by": by, "answer": form}
        )
        told = str(answer.get("message") or answer["status"])
        match answer["status"]:
            case "decided":
                return told
            case "invalid":
                problems = [str(problem) for problem in answer.get("problems") or [told]]
                raise InvalidInput(*(_diagnostic(f"approval {approval_id}: {problem}") for problem in problems))
            case _:
                raise UserError(_diagnostic(f"approval {approval_id}: {told}"))

    def _call(self, payload: dict[str, Json]) -> dict[str, Any]:
        if self._function is None:
            raise UserError(_diagnostic("the app asks nobody: none of its flows has an approval"))
        answer = self._aws.functions.invoke(FunctionName=self._function, Payload=json.dumps(payload).encode())
        document = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or not isinstance(document, dict):
            told = document.get("errorMessage") if isinstance(document, dict) else document
            raise EngineError(f"the function that keeps the approvals failed: {told}")
        return document


def _approval(entry: Mapping[str, Any]) -> CloudApproval:
    return CloudApproval(
        id=entry["id"],
        run=entry["run"],
        flow=entry["flow"],
        step=entry["step"],
        message=entry["message"],
        show=entry.get("show"),
        to=entry.get("to"),
        form=entry.get("form"),
        opened=entry.get("opened"),
        deadline=entry.get("deadline"),
    )


def _diagnostic(message: str) -> Diagnostic:
    return Diagnostic("SKY611", message, PLACE, hint="`skyloom approvals list --target aws` shows the open ones")
