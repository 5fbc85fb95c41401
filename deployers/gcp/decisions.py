"""Approvals: what runs ask people. Operators read and write the records that the page of decisions uses, in the app's
bucket, with their own permissions: no function stands between.
"""

from __future__ import annotations

from skyloom.adapters.google_apis import Apis
from skyloom.deployers.approvals import asked, nobody_asked, opened, told
from skyloom.deployers.base import CloudApproval
from skyloom.deployers.gcp.client import PLACE, Google
from skyloom.deployers.gcp.services.callbacks import Callbacks
from skyloom.deployers.gcp.services.objects import Objects
from skyloom.deployers.services.deciding import Deciding
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.operating import operate
from skyloom.deployers.services.records import Records
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
        return opened(operate(self._deciding, {"action": "list"})["approvals"])

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        """Decides one, and says what came of it.

        Raises:
            UserError: SKY611, there is no such approval, or it is answered or timed out already.
            InvalidInput: SKY611, the form does not fit.
        """
        if self._deciding is None:
            raise nobody_asked(PLACE, "gcp")
        question = asked(approval_id, approved=approved, comment=comment, by=by, form=form)
        return told(approval_id, operate(self._deciding, question), PLACE, "gcp")
