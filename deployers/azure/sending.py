"""Sends events to a deployed app: to the runs that wait for them, and to the flows that they start."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers.azure import operating
from skyloom.deployers.azure.client import PLACE, Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.errors import Diagnostic, InvalidInput, UserError
from skyloom.flows.outcome import Json

TOPIC = "topic"
"""The output that names the topic of the app's events; an app without events has none."""


def send(azure: Azure, deployed: Deployed, app: str, event: str, detail: Mapping[str, Json]) -> str:
    """Lets the app publish an event to its topic, and says where it went.

    Raises:
        UserError: SKY624, the app has no topic.
        InvalidInput: SKY611, the event cannot be sent.
    """
    if not deployed.state.outputs.get(TOPIC):
        hint = "`wait_for`, `emit` and the trigger `OnEvent` are what events are for"
        raise UserError(Diagnostic("SKY624", f"no flow of {app} takes events", PLACE, hint=hint))
    known = {name: value for name, value in detail.items() if value is not None}
    try:
        answer = operating.ask(azure, deployed, {"action": "send", "event": event, **known})
    except operating.Refused as refused:
        raise InvalidInput(Diagnostic("SKY611", f"event {event}: {refused.problem}", PLACE)) from None
    return str(answer["to"])
