"""The activity `skyloom_waits`: a run begins to wait for a person's decision or for an event, or gives up waiting.

What it is asked stands in `skyloom.deployers.services.opening` and `closing`; `token` is the name of the external event
that the orchestration awaits, `execution` the instance that does. It takes JSON text and answers JSON text:
`{"value": …}`.

Environment: SKYLOOM_STORAGE; for approvals SKYLOOM_LINK_KEY, WEBSITE_HOSTNAME, SKYLOOM_APP, SKYLOOM_ENV, and the bus
where somebody is to be told.
"""

from __future__ import annotations

import functools
import json
import os
import re
from typing import Any

from skyloom.deployers.azure.services.keys import Keys
from skyloom.deployers.azure.services.notices import Notices, read_notifiers
from skyloom.deployers.azure.services.surroundings import app_address, records, variable
from skyloom.deployers.services.closing import close
from skyloom.deployers.services.opening import Opening
from skyloom.deployers.services.telling import Notice, Teller

Json = Any

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""What the durable client puts into an address as it is."""


def activity(call: str) -> str:
    """The activity."""
    return json.dumps({"value": wait(json.loads(call))}, ensure_ascii=False)


def wait(asked: dict[str, Json]) -> dict[str, Json]:
    """Opens or closes a wait."""
    if not _TOKEN.fullmatch(asked["token"]):
        raise ValueError(f"{asked['token']!r} cannot be the name of an external event")
    return close(records(), asked) if asked["kind"] == "close" else _opening().open(asked)


@functools.cache
def _opening() -> Opening:
    address = os.environ.get("SKYLOOM_LINK_KEY")
    if address is None:
        return Opening(records(), None)
    notice = Notice(api=app_address(), app=variable("APP"), environment=variable("ENV"))
    notifiers = [notifier for notifier in read_notifiers() if notifier.approvals]
    return Opening(records(), Teller(Keys(address), notice, Notices(notifiers) if notifiers else None))
