"""A message, an event or a new object starts a run.

A function for each trigger of that kind, with a queue of its own. A queue's message is JSON; of an event, the message
is a CloudEvent with `{"payload"}` as its data; of a new object, one of Azure Storage. The run is named after the
message or the event, so that one that is delivered twice starts one run.

What is no JSON or does not fit the flow starts nothing and fails: the queue tries it again and, in the end, keeps it
among its dead letters.

Environment: SKYLOOM_STORAGE; what each trigger starts stands in `starts.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from skyloom.deployers.azure.services.instances import Instances, in_thread
from skyloom.deployers.azure.services.surroundings import variable
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.log import log
from skyloom.deployers.services.starting import begin, read_starts

if TYPE_CHECKING:
    import azure.functions as func

Json = Any
Source = Literal["queue", "event", "object"]

_CONTAINERS = "/blobServices/default/containers/"


async def start(message: func.ServiceBusMessage, client: Any, trigger: str, source: Source) -> None:
    """Starts the run of a message.

    Args:
        trigger: the trigger's name in `starts.json`.
        source: what the message is of.
    """
    # Not every sender gives its messages ids; the queue numbers them all.
    body, id_ = message.get_body(), message.message_id or f"#{message.sequence_number}"
    await in_thread(client, lambda runs: _start(body, id_, trigger, source, runs))


def _start(body: bytes, id_: str, trigger: str, source: Source, runs: Instances) -> None:
    found = read_starts()[trigger]
    try:
        content = strict_json.loads(body)
        name = id_ if source == "queue" else f"{content['source']}\n{content['id']}"
        begin(runs, found, arrived(source, content), f"{trigger}\n{name}")
    except Exception as problem:
        log("not started", message=id_, flow=found.flow, error=type(problem).__name__)
        raise


def arrived(source: Source, content: Json) -> Json:
    """What the flow is started with."""
    match source:
        case "event":
            return (content.get("data") or {}).get("payload")
        case "object":
            # https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
            container, _, key = content["subject"].removeprefix(_CONTAINERS).partition("/blobs/")
            bucket = f"{variable('STORAGE').rstrip('/')}/{container}"
            return {"bucket": bucket, "key": key, "size": int(content["data"]["contentLength"])}
        case _:
            return content
