"""Service `waits`: a run begins to wait for a person's decision or for an event.

Invoked by state machines with `arn:aws:states:::lambda:invoke.waitForTaskToken` and the payload that
`skyloom.deployers.services.opening` describes: `token` is the task token, `execution` the execution's ARN. The run goes
on with the `Decision` object or the event's payload, which `decide` and `events` send. Of an approval, people are told
through the notification topic.

Environment: SKYLOOM_TABLE; for approvals SKYLOOM_LINK_KEY, SKYLOOM_API, SKYLOOM_APP, SKYLOOM_ENV, and SKYLOOM_TOPIC
where somebody is to be told.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.aws.services.records import Records
from skyloom.deployers.aws.services.topic import Topic
from skyloom.deployers.services.opening import Opening
from skyloom.deployers.services.telling import Notice, Teller

Json = Any


def handler(event: dict[str, Json], context: object) -> dict[str, Json]:
    """The entry point."""
    return _opening().open(event)


@functools.cache
def _opening() -> Opening:
    records = Records(client("dynamodb"), os.environ["SKYLOOM_TABLE"])
    secret = os.environ.get("SKYLOOM_LINK_KEY")
    if secret is None:
        return Opening(records, None)
    notice = Notice(api=os.environ["SKYLOOM_API"], app=os.environ["SKYLOOM_APP"], environment=os.environ["SKYLOOM_ENV"])
    arn = os.environ.get("SKYLOOM_TOPIC")
    topic = Topic(client("sns"), arn) if arn else None
    return Opening(records, Teller(Keys(client("secretsmanager"), secret), notice, topic))
