"""Approvals: what runs ask people. Operators read and write the records that the page of decisions uses, in the app's
bucket, with their own permissions: no function stands between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skyloom.adapters.google_apis import Apis
from skyloom.deployers.base import CloudApproval
from skyloom.deployers.gcp.client import PLACE, Google
from skyloom.deployers.gcp.services.callbacks import Callbacks
from skyloom.deployers.gcp.services.objects import Objects
from skyloom.deployers.gcp.services.records import Records
from skyloom.deployers.services.deciding import Deciding
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.operating import operate
from skyloom.errors import Diagnostic, InvalidInput, UserError
from skyloom.flows.outcome import Json


class Decisions:
    """The open approvals of a deployed app. `bucket` is the app's; an app that asks nobody may have none."""

    def __init__(self, google: Google, bucket: str | None) -> None:
        self._deciding: Deciding | None = None
        if bucket is not None:
            apis = Apis(google.token, google.address)
            records = Records(Objects(apis, bucket))
            self._deciding = Deciding(records, Delivery(records, Callbacks(apis)))

    def open(self) -> list[CloudApproval]:
        """The open approvals, oldest first."""
        if self._deciding is None:
            return []
        return [_approval(entry) for entry in operate(self._deciding, {"action": "list"})["approvals"]]

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        """Decides one, and says what came of it.

        Raises:
            UserError: SKY611, there is no such approval, or it is answered or timed out already.
            InvalidInput: SKY611, the form does not fit.
        """
        if self._deciding is None:
            raise UserError(_diagnostic("the app asks nobody: none of its flows has an approval"))
        asked = {"id": approval_id, "approved": approved, "comment": comment, "by": by, "answer": form}
        answer = operate(self._deciding, {"action": "decide", **asked})
        told = str(answer.get("message") or answer["status"])
        match answer["status"]:
            case "decided":
                return told
            case "invalid":
                raise InvalidInput(_diagnostic(f"approval {approval_id}: {told}"))
            case _:
                raise UserError(_diagnostic(f"approval {approval_id}: {told}"))


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
    return Diagnostic("SKY611", message, PLACE, hint="`skyloom approvals list --target gcp` shows the open ones")
