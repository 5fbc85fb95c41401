"""Sends events to a deployed app: to the runs that wait for them, and to the flows that they start."""

from __future__ import annotations

import json
from collections.abc import Mapping

from skyloom.deployers.aws.client import PLACE, Aws
from skyloom.deployers.aws.deployed import Deployed
from skyloom.errors import Diagnostic, EngineError, InvalidInput, UserError
from skyloom.flows.outcome import Json

SOURCE = "skyloom.command"
"""Whom the event comes from. What comes from the app itself answers none of its waits."""
LONGEST_ENTRY = 262_144
"""Bytes of an event. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html"""


def send(aws: Aws, deployed: Deployed, app: str, event: str, detail: Mapping[str, Json]) -> str:
    """Puts an event on the app's bus, and says where it went.

    Raises:
        UserError: SKY624, the app has no bus.
        InvalidInput: SKY611, the event is too large.
    """
    if deployed.bus is None:
        hint = "`wait_for`, `emit` and the trigger `OnEvent` are what events are for"
        raise UserError(Diagnostic("SKY624", f"no flow of {app} takes events", PLACE, hint=hint))
    text = json.dumps({name: value for name, value in detail.items() if value is not None}, ensure_ascii=False)
    if len(text.encode()) + len(event.encode()) + len(SOURCE) > LONGEST_ENTRY:
        raise InvalidInput(Diagnostic("SKY611", f"event {event} is larger than {LONGEST_ENTRY} bytes", PLACE))
    answer = aws.events.put_events(
        Entries=[{"EventBusName": deployed.bus, "Source": SOURCE, "DetailType": event, "Detail": text}]
    )
    for entry in answer["Entries"]:
        if "ErrorCode" in entry:
            raise EngineError(f"the event was not taken: {entry.get('ErrorMessage') or entry['ErrorCode']}")
    return f"bus {deployed.bus}"
