"""Service `waits`: a run begins to wait for a person's decision or for an event, or gives up waiting.

Called by workflows, with a POST of what `skyloom.deployers.services.opening` describes; `callback`, the address of the
callback endpoint that the run awaits, stands for its token and its execution. Answers `{"id"}`. Of an approval, people
are told through the notification topic.

    {"kind": "close", "run", "step", "callback", "event"?, "key"?} -> {"answer": null or {"value"} or {"error"}}

closes a wait whose time is over (`skyloom.deployers.services.closing`).

Environment: SKYLOOM_BUCKET; for approvals SKYLOOM_LINK_KEY, SKYLOOM_API, SKYLOOM_APP, SKYLOOM_ENV, and SKYLOOM_TOPIC
where somebody is to be told.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from skyloom.adapters.google_apis import APIS
from skyloom.deployers.gcp.services.keys import Keys
from skyloom.deployers.gcp.services.requests import Answer, json_answer
from skyloom.deployers.gcp.services.surroundings import records, variable
from skyloom.deployers.gcp.services.topic import Topic
from skyloom.deployers.services.closing import close
from skyloom.deployers.services.opening import Opening
from skyloom.deployers.services.telling import Notice, Teller

Json = Any


def handler(request: Any) -> Answer:
    """The entry point."""
    asked = request.get_json()
    if asked["kind"] == "close":
        return json_answer(close(records(), {**asked, "token": asked["callback"]}))
    return json_answer(_opening().open(opened(asked)))


def opened(asked: dict[str, Json]) -> dict[str, Json]:
    """What a workflow asks, with its token and its execution."""
    callback = asked["callback"]
    execution = callback.partition("/v1/")[2].partition("/callbacks/")[0]
    return {**asked, "token": callback, "execution": execution}


@functools.cache
def _opening() -> Opening:
    versions = os.environ.get("SKYLOOM_LINK_KEY")
    if versions is None:
        return Opening(records(), None)
    notice = Notice(api=variable("API"), app=variable("APP"), environment=variable("ENV"))
    topic = os.environ.get("SKYLOOM_TOPIC")
    return Opening(records(), Teller(Keys.named(APIS, versions), notice, Topic(APIS, topic) if topic else None))
