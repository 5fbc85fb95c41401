"""Approvals as operators see and decide them: what the records of every cloud's services mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from skyloom.deployers.base import CloudApproval
from skyloom.errors import Diagnostic, InvalidInput, UserError
from skyloom.flows.outcome import Json


def asked(approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> dict[str, Json]:
    """What is asked of the part of the app that keeps approvals, to decide one."""
    return {"action": "decide", "id": approval_id, "approved": approved, "comment": comment, "by": by, "answer": form}


def opened(entries: Iterable[Mapping[str, Any]]) -> list[CloudApproval]:
    """The approvals that the app's records tell of, oldest first."""
    return sorted(map(_approval, entries), key=lambda approval: approval.opened or 0.0)


def told(approval_id: str, answer: Mapping[str, Any], place: str, target: str) -> str:
    """What came of a decision.

    Raises:
        UserError: SKY611, there is no such approval, or it is answered or timed out already.
        InvalidInput: SKY611, the form does not fit.
    """
    said = str(answer.get("message") or answer["status"])
    match answer["status"]:
        case "decided":
            return said
        case "invalid":
            problems = [str(problem) for problem in answer.get("problems") or [said]]
            raise InvalidInput(*(_diagnostic(f"approval {approval_id}: {one}", place, target) for one in problems))
        case _:
            raise UserError(_diagnostic(f"approval {approval_id}: {said}", place, target))


def nobody_asked(place: str, target: str) -> UserError:
    """The error that the app has no approvals at all."""
    return UserError(_diagnostic("the app asks nobody: none of its flows has an approval", place, target))


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


def _diagnostic(message: str, place: str, target: str) -> Diagnostic:
    return Diagnostic("SKY611", message, place, hint=f"`skyloom approvals list --target {target}` shows the open ones")
