"""Service `start`: a message, an event or a new object starts a run.

One function for each trigger of that kind, called by a push subscription. Of a queue's message the data is JSON; of an
event `{"payload"}`; of a new object the data is the object as Cloud Storage notifies of it. The run is named after the
message, so that one that is delivered twice starts one run.

What is no JSON or does not fit the flow starts nothing and is answered with 500: Pub/Sub sends it again and, in the
end, to the dead-letter topic.

Environment: SKYLOOM_TRIGGER (the name in `starts.json`), SKYLOOM_WORKFLOWS, SKYLOOM_BUCKET, SKYLOOM_PROJECT,
SKYLOOM_REGION; SKYLOOM_SOURCE: `queue`, `event` or `object`, and for objects SKYLOOM_SUFFIX.
"""

from __future__ import annotations

import os
from typing import Any

from skyloom.deployers.gcp.services.requests import Answer, Message, json_answer, message_of
from skyloom.deployers.gcp.services.surroundings import runs, variable
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.log import log
from skyloom.deployers.services.starting import begin, read_starts

Json = Any


def handler(request: Any) -> Answer:
    """The entry point."""
    message = message_of(request)
    start = read_starts()[variable("TRIGGER")]
    source = os.environ.get("SKYLOOM_SOURCE", "queue")
    if source == "object" and not message.attributes.get("objectId", "").endswith(os.environ.get("SKYLOOM_SUFFIX", "")):
        return json_answer({})
    try:
        begin(runs(), start, arrived(source, message), message.id)
    except Exception as problem:
        log("not started", message=message.id, flow=start.flow, error=type(problem).__name__)
        return json_answer({"message": "not started"}, 500)
    return json_answer({})


def arrived(source: str, message: Message) -> Json:
    """What the flow is started with. Raises ValueError where it is no JSON."""
    content = strict_json.loads(message.data or b"{}")
    match source:
        case "event":
            return content.get("payload")
        case "object":
            return {"bucket": content["bucket"], "key": content["name"], "size": int(content["size"])}
        case _:
            return content
