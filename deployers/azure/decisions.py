"""Approvals: what runs ask people. The deployed app lists and answers them, for the page and for us."""

from __future__ import annotations

from typing import Any

from skyloom.deployers.approvals import asked, opened, told
from skyloom.deployers.azure import operating
from skyloom.deployers.azure.client import PLACE, Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.base import CloudApproval
from skyloom.errors import EngineError
from skyloom.flows.outcome import Json


class Decisions:
    """The open approvals of a deployed app."""

    def __init__(self, azure: Azure, deployed: Deployed) -> None:
        self._azure, self._deployed = azure, deployed

    def open(self) -> list[CloudApproval]:
        """The open approvals, oldest first."""
        return opened(self._ask({"action": "list"})["approvals"])

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        """Decides one, and says what came of it.

        Raises:
            UserError: SKY611, there is no such approval, or it is answered or timed out already.
            InvalidInput: SKY611, the form does not fit.
        """
        answer = self._ask(asked(approval_id, approved=approved, comment=comment, by=by, form=form))
        return told(approval_id, answer, PLACE, "azure")

    def _ask(self, question: dict[str, Json]) -> dict[str, Any]:
        try:
            return operating.ask(self._azure, self._deployed, question)
        except operating.Refused as refused:
            raise EngineError(f"the app does not tell of its approvals: {refused.problem}") from None
