"""Notices of approvals and alarms: one message for each notifier in the queue `skyloom-notices`, and the function that
sends them, as a mail or as a POST to a web address.

A message is `{"notifier": its number, "document"}`. A notice that is not taken comes back later (`later`), for a day;
then it fails, and the queue keeps it among its dead letters.

Who hears of an approval: the notifiers of its audience; where there are none, those that serve every audience.

Environment: SKYLOOM_APP, SKYLOOM_ENV; SKYLOOM_MAIL and SKYLOOM_MAIL_FROM; SKYLOOM_SECRET_... of web addresses. The
notifiers stand in `notifiers.json`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from skyloom.adapters.azure_apis import APIS, VAULT_VERSION, Apis
from skyloom.deployers.azure.services import bus, mail
from skyloom.deployers.azure.services.later import again, round_of
from skyloom.deployers.azure.services.surroundings import NOTICES_QUEUE, variable
from skyloom.deployers.services.log import log
from skyloom.deployers.services.posting import asked, post

if TYPE_CHECKING:
    import azure.functions as func

Json = Any

NOTIFIERS = Path(__file__).with_name("notifiers.json")
"""Whom the app tells, written into the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """Who is told. `address` is of mails; `secret` is the variable of the web address."""

    number: int
    kind: Literal["mail", "web"]
    address: str = ""
    secret: str = ""
    to: str | None = None
    approvals: bool = True
    alarms: bool = False


def read_notifiers() -> list[Notifier]:
    """The notifiers of the package."""
    return [Notifier(**written) for written in json.loads(NOTIFIERS.read_text(encoding="utf-8"))]


def audience(notifiers: Sequence[Notifier], to: str | None) -> list[Notifier]:
    """Those of the audience `to`; where there are none, those that serve every audience."""
    own = [notifier for notifier in notifiers if notifier.to is not None and notifier.to == to]
    return own or [notifier for notifier in notifiers if notifier.to is None]


class Notices:
    """Where notices are published (`skyloom.deployers.services.telling.Publishing`)."""

    def __init__(self, notifiers: Sequence[Notifier]) -> None:
        self._notifiers = notifiers

    def publish(self, message: str, to: str | None, text: str, document: dict[str, Json]) -> None:
        """Sends one message for each notifier that serves the audience."""
        for notifier in audience(self._notifiers, to):
            bus.send(NOTICES_QUEUE, {"notifier": notifier.number, "document": {**document, "text": text}})


def deliver(message: func.ServiceBusMessage) -> None:
    """The function behind the queue."""
    body, count = message.get_body(), round_of(message)
    told = json.loads(body)
    try:
        _send(read_notifiers()[told["notifier"]], told["document"])
    except Exception as problem:
        log("notification not taken", message=message.message_id, round=count, reason=str(problem)[:200])
        if not again(NOTICES_QUEUE, body, count):
            raise


def _send(notifier: Notifier, document: dict[str, Json]) -> None:
    match notifier.kind:
        case "mail":
            mail.send(notifier.address, subject(document), document["text"])
        case "web":
            post(_web_address(notifier), posted(document))


def subject(document: dict[str, Json]) -> str:
    """The subject of a mail: one line."""
    line = " ".join(f"Approval: {document['message']}".split())
    return line if len(line) <= 100 else f"{line[:97]}..."


def posted(document: dict[str, Json]) -> dict[str, Json]:
    """What is posted to a web address."""
    origin = {"app": variable("APP"), "environment": variable("ENV")}
    return asked(document) | origin if "link" in document else {"text": document["text"], **origin}


def _web_address(notifier: Notifier, apis: Apis = APIS) -> str:
    # Read each time: a notification is rare, and the address may be changed.
    name = os.environ[notifier.secret].rpartition("/")[2]
    found = apis.call("vault", "GET", f"secrets/{name}", query={"api-version": VAULT_VERSION})
    return str(found.json()["value"]).strip()
