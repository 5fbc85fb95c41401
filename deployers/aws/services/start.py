"""Service `start`: a message or an event starts a run.

One function for each trigger of that kind. Invoked by an SQS queue, whose messages are JSON, with the messages that
failed reported one by one; or by a rule on the app's bus, whose events carry `{"payload"}` as their detail. The run is
called by the message's or the event's id, so that one that is delivered twice starts one run.

What is no JSON or does not fit the flow starts nothing: the message goes back to its queue and, in the end, to the
dead-letter queue; of an event, the invocation fails and is kept in the function's.

Environment: SKYLOOM_TRIGGER (the name in `starts.json`), SKYLOOM_MACHINES.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.machines import Machines, machines
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.log import log
from skyloom.deployers.services.starting import Start, begin, read_starts

Json = Any


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    start, runs = _settings()
    if "Records" not in event:
        begin(runs, start, (event.get("detail") or {}).get("payload"), event["id"])
        return {}
    failed = [record["messageId"] for record in event["Records"] if not _started(runs, start, record)]
    return {"batchItemFailures": [{"itemIdentifier": message} for message in failed]}


@functools.cache
def _settings() -> tuple[Start, Machines]:
    return read_starts()[os.environ["SKYLOOM_TRIGGER"]], Machines(client("stepfunctions"), machines())


def _started(runs: Machines, start: Start, record: dict[str, Json]) -> bool:
    """Whether the message has started its run. One that has not must not hold up the others."""
    try:
        begin(runs, start, strict_json.loads(record["body"]), record["messageId"])
    except Exception as problem:
        log("not started", message=record["messageId"], flow=start.flow, error=type(problem).__name__)
        return False
    return True
