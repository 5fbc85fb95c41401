"""A run begins to wait for a person's decision or for an event.

What it asks, as its workflow sends it; keys with `?` may be null or missing:

    {"kind": "approval", "token", "execution", "run", "flow", "step",
     "message", "show"?, "to"?, "timeout"?: seconds, "form"?: JSON Schema}
    {"kind": "event", "token", "execution", "run", "flow", "step",
     "event", "key"?, "timeout"?, "payload": JSON Schema}

`token` is what lets the run go on, `execution` the cloud's own name of the run. The run goes on with the decision
`{"approved", "comment", "by", "answer"}` or with the event's payload.
"""

from __future__ import annotations

import time
from typing import Any

from skyloom.deployers.services import links
from skyloom.deployers.services.telling import Teller
from skyloom.deployers.services.waiting import APPROVALS, Wait, Waits, event_subject, wait_id

Json = Any


class Opening:
    """Opens waits. `teller` tells people of approvals."""

    def __init__(self, waits: Waits, teller: Teller | None) -> None:
        self._waits = waits
        self._teller = teller

    def open(self, request: dict[str, Json]) -> dict[str, Json]:
        """Writes down what a run waits for and, where it is a person, tells people."""
        wait = self._waits.open(_wait(request, time.time()))
        if wait.subject == APPROVALS and not wait.told:
            assert self._teller is not None, "approvals need a key that signs links"
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
