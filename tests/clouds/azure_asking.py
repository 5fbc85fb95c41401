"""The app of `tests/deployers/azure/asking_app.py` at work, and the services' own parts looking at the same account."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from engines.azure_app.at_work import AtWork, until

from skyloom.deployers.azure.services.blobs import Container
from skyloom.deployers.azure.services.keys import Keys
from skyloom.deployers.services import links
from skyloom.deployers.services.records import Records
from skyloom.deployers.services.waiting import APPROVALS, Wait
from skyloom.flows.frontend import load_file

APP = load_file(Path(__file__).parents[1] / "deployers/azure/asking_app.py")
OUTSIDE = "/shop"
"""Where events come from that the app has not sent itself."""


class Asking(AtWork):
    """The app at work, and the services' own parts looking at the same account."""

    def __init__(self, place: Path) -> None:
        super().__init__(APP.app, place)
        self.records = Records(Container("waits", self.apis))

    def event(self, name: str, data: Any, source: str = OUTSIDE) -> None:
        told = {"specversion": "1.0", "id": f"e-{time.time_ns()}", "source": source, "type": name, "data": data}
        self.places.topic.publish(told)

    def open_waits(self, subject: str) -> list[Wait]:
        return [wait for wait in self.records.unsettled(subject) if wait.state == "open"]

    def waits_for(self, event: str, key: str) -> None:
        until(lambda: self.open_waits(f'event/["{event}","{key}"]'))

    def asked(self, question: str) -> Wait:
        """The open approval with that question, when people have been told."""

        def found() -> Wait | None:
            every = [wait for wait in self.open_waits(APPROVALS) if wait.asked["message"] == question and wait.told]
            return every[0] if every else None

        wait: Wait = until(found)
        return wait

    def link(self, wait: Wait, expires: int | None = None) -> str:
        """The link to an approval, signed with the key of links."""
        key = Keys(f"{self.places.url}/vault/keys/links", self.apis).current()
        return links.link(self.host.address, key, wait.id, wait.expires if expires is None else expires)
