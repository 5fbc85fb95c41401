"""What operators do through the app itself: `POST /skyloom/operate` with the app's key, JSON in and out.

| action | |
|---|---|
| `list`, `decide` | as `skyloom.deployers.services.operating` says |
| `start`, `flow`, `arguments`, `run` | starts a run: `{"run": the instance's id}` |
| `send`, `event`, `payload`, `key`?, `run`? | publishes an event: `{"to": "topic …"}` |
| `code` | which code the host runs: `{"code": its digest}` |

A start that cannot be is answered with `{"problem"}`: 400 what is wrong with it, 409 there is a run of that name, 503
it is being started right now.

Environment: SKYLOOM_STORAGE; SKYLOOM_TOPIC.
"""

from __future__ import annotations

import json
import os
import uuid
from typing import TYPE_CHECKING, Any

from skyloom.deployers.azure.services.code import CODE
from skyloom.deployers.azure.services.emit import TooLarge as EventTooLarge
from skyloom.deployers.azure.services.emit import publish
from skyloom.deployers.azure.services.instances import Instances, in_thread, instance_id, orchestrators
from skyloom.deployers.azure.services.requests import answer_of
from skyloom.deployers.azure.services.surroundings import records
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.deciding import Deciding
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.exchange import Response
from skyloom.deployers.services.operating import operate
from skyloom.deployers.services.starting import Conflict, Starting, TooLarge

if TYPE_CHECKING:
    import azure.functions as func

Json = Any

OPERATORS = "/skyloom/operators"
"""Where events come from that operators send."""


async def respond(request: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Carries out an operator's action."""
    try:
        asked = strict_json.loads(request.get_body())
    except ValueError:
        return answer_of(_problem(400, "the body is no JSON"))
    return answer_of(await in_thread(client, lambda runs: _respond(asked, runs)))


def _respond(asked: dict[str, Json], runs: Instances) -> Response:
    if not isinstance(asked, dict):
        return _problem(400, "the body is no object")
    match asked.get("action"):
        case "list" | "decide":
            return Response.of_json(200, operate(Deciding(records(), Delivery(records(), runs)), asked))
        case "start":
            return _start(asked, runs)
        case "send":
            return _send(asked)
        case "code":
            return Response.of_json(200, {"code": CODE})
        case action:
            return _problem(400, f"{action} is no action")


def _start(asked: dict[str, Json], runs: Instances) -> Response:
    flow, name = asked["flow"], asked.get("run") or str(uuid.uuid4())
    if flow not in orchestrators():
        return _problem(400, f"the app has no flow {flow}")
    try:
        runs.start(flow, asked["arguments"], name)
    except TooLarge as problem:
        return _problem(400, str(problem))
    except Conflict:
        return _problem(409, f"there is a run {name} with another input")
    except Starting:
        return _problem(503, f"run {name} is being started; ask again")
    return Response.of_json(200, {"run": instance_id(name)})


def _send(asked: dict[str, Json]) -> Response:
    if "SKYLOOM_TOPIC" not in os.environ:
        return _problem(400, "no flow of the app takes events")
    data = {name: asked[name] for name in ("payload", "key", "run") if asked.get(name) is not None}
    try:
        publish(asked["event"], {"payload": None, **data}, str(uuid.uuid4()), OPERATORS)
    except EventTooLarge as problem:
        return _problem(400, str(problem))
    return Response.of_json(200, {"to": "the app's topic"})


def _problem(status: int, message: str) -> Response:
    return Response(status, json.dumps({"problem": message}), {"Content-Type": "application/json"})
