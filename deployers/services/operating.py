"""Approvals for operators: lists and decides them, for whoever may invoke the service `decide`.

{"action": "list"} -> {"approvals": [{"id", "run", "flow", "step", "message", "show", "to", "form", "opened",
                                      "deadline"}]}
{"action": "decide", "id", "approved": bool, "comment"?, "by"?, "answer"?}
    -> {"status": "decided" | "answered" | "gone" | "unknown" | "invalid", "message"}
"""

from __future__ import annotations

import json
from typing import Any

from skyloom.deployers.services.deciding import Deciding, Decision
from skyloom.deployers.services.delivery import Gone
from skyloom.deployers.services.schema import Misfit
from skyloom.deployers.services.waiting import NotOpen, Wait

Json = Any


def operate(deciding: Deciding, event: dict[str, Json]) -> dict[str, Json]:
    """Carries out an operator's action."""
    match event.get("action"):
        case "list":
            return {"approvals": [_listed(wait) for wait in sorted(deciding.open(), key=lambda wait: wait.opened)]}
        case "decide":
            return _decide(deciding, event)
        case action:
            raise ValueError(f"{action} is no action")


_LONGEST_SHOWN = 10_000
"""Characters of JSON of what is shown, in a list: a function's response has 6 MB."""


def _listed(wait: Wait) -> dict[str, Json]:
    asked = {name: wait.asked.get(name) for name in ("message", "show", "to", "form")}
    if len(json.dumps(asked["show"])) > _LONGEST_SHOWN:
        asked["show"] = "(too long for a list: see the approval's page)"
    place = {"id": wait.id, "run": wait.run, "flow": wait.flow, "step": wait.step}
    return place | asked | {"opened": wait.opened, "deadline": wait.deadline}


def _decide(deciding: Deciding, event: dict[str, Json]) -> dict[str, Json]:
    wait = deciding.get(event["id"])
    if wait is None:
        return {"status": "unknown", "message": f"there is no approval {event['id']}"}
    decision = Decision(
        approved=event["approved"] is True,
        comment=event.get("comment") or "",
        by=event.get("by") or "",
        answer=event.get("answer"),
    )
    try:
        deciding.decide(wait, decision)
    except Misfit as problem:
        return {"status": "invalid", "message": f"form {problem}"}
    except NotOpen as before:
        return {"status": "answered", "message": str(before)}
    except Gone:
        return {"status": "gone", "message": "the run does not wait any more"}
    return {"status": "decided", "message": ""}
