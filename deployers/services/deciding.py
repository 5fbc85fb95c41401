"""Takes decisions: checks them against the approval's form and hands them to the run, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.schema import Misfit, fitted
from skyloom.deployers.services.waiting import APPROVALS, Wait, Waits

Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided. `answer` is the filled-in form as JSON, None where nothing was filled in."""

    approved: bool
    comment: str
    by: str
    answer: Json = None


class Deciding:
    """Approvals, and decisions on them."""

    def __init__(self, waits: Waits, delivery: Delivery) -> None:
        self._waits = waits
        self._delivery = delivery

    def get(self, wait: str) -> Wait | None:
        """An approval; one whose decision had not reached the run gets it now."""
        found = self._waits.get(APPROVALS, wait)
        if found is not None:
            self._delivery.settle(found)
        return found

    def open(self) -> Iterator[Wait]:
        """The approvals that wait for a decision."""
        for wait in self._waits.unsettled(APPROVALS):
            if wait.state == "open":
                yield wait
            else:
                self._delivery.settle(wait)

    def decide(self, wait: Wait, decision: Decision) -> None:
        """Takes the decision.

        Raises:
            Misfit: the form does not fit; nothing is decided.
            NotOpen: it was decided before.
            Gone: the run does not wait any more.
        """
        value = {
            "approved": decision.approved,
            "comment": decision.comment,
            "by": decision.by,
            "answer": _checked(wait.asked.get("form"), decision),
        }
        if len(json.dumps(value, ensure_ascii=False).encode()) > self._delivery.longest:
            raise Misfit([("", f"is longer than {self._delivery.longest} bytes")])
        self._delivery.answer(wait, {"value": value})


def _checked(form: Json, decision: Decision) -> Json:
    """The form in canonical form. Who refuses need not have filled it in properly."""
    if decision.answer is None:
        return None
    if form is None:
        raise Misfit([("", "this approval has no form to fill in")])
    try:
        return fitted(decision.answer, form)
    except Misfit:
        if decision.approved:
            raise
        return None
