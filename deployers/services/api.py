"""Starts runs by HTTP and tells how they stand.

| request | answer |
|---|---|
| `POST <path>`, the flow's input as JSON | 202, `Location: <path>/<run>`, `{"run", "status": "running", "url"}` |
| ... of a flow whose runs are over at once | 200 or 500, as the run ended: `{"run", "status", "result" or "error"}` |
| `GET <path>/<run>` | 200, `{"run", "status", "started", "ended"?, "result"? , "error"?}` |

`status` is `running`, `done`, `failed` or `cancelled`; `error` is `{"type", "bases", "message"}`. A header
`Idempotency-Key` of 16 to 128 characters makes a repeated POST harmless: it names the same run.

Refused: 400 no JSON, or a bad key; 404 no such run; 409 the key was used with another input; 410 a large value of the
result is not kept any more; 413 too large; 415 another kind of body; 422 the input does not fit the flow, with
`problems`, each with `path` and `message`; 503 another request with the same key has just begun to start the run.

The routes stand in `starts.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from skyloom.adapters.hosts import claims
from skyloom.deployers.services import strict_json
from skyloom.deployers.services.exchange import Request, Response
from skyloom.deployers.services.schema import Misfit
from skyloom.deployers.services.starting import Conflict, Runs, RunState, Start, Starting, TooLarge
from skyloom.errors import TaskFailed

Json = Any

LONGEST_RESULT = 5_500_000
"""Bytes; a function's response has 6 MB. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_RUN = re.compile(r"[0-9a-f-]{32,36}")


class Refused(Exception):
    """The request cannot be carried out: the response says why."""

    def __init__(self, status: int, problem: str, **more: Json) -> None:
        super().__init__(problem)
        self.response = Response.of_json(status, {"message": problem, **more})


class Api:
    """Answers requests. `starts` holds what each route starts: `POST /tickets`."""

    def __init__(self, runs: Runs, starts: Mapping[str, Start]) -> None:
        self._runs = runs
        self._starts = starts

    def respond(self, request: Request) -> Response:
        """The answer to a request."""
        try:
            if request.method == "POST":
                return self._start(request, self._starts[request.route])
            path = request.route.removeprefix("GET ").removesuffix("/{run}")
            return self._status(request, self._starts[f"POST {path}"])
        except Refused as refused:
            return refused.response
        except Starting:
            return Response.of_json(503, {"message": "the same run is being started; ask again"}, {"Retry-After": "2"})

    def _start(self, request: Request, start: Start) -> Response:
        given, name = _input(request, start), _name(request)
        try:
            if start.at_once:
                state = _told(name, self._runs.finish(start.flow, given, name))
                return Response.of_json(200 if state["status"] == "done" else 500, state)
            self._runs.start(start.flow, given, name)
        except TooLarge as problem:
            raise Refused(413, str(problem)) from None
        except Conflict:
            raise Refused(409, "this Idempotency-Key was used with another input") from None
        url = f"{request.path.rstrip('/')}/{name}"
        return Response.of_json(202, {"run": name, "status": "running", "url": url}, {"Location": url})

    def _status(self, request: Request, start: Start) -> Response:
        run = request.parameters.get("run", "")
        state = self._runs.state(start.flow, run) if _RUN.fullmatch(run) else None
        if state is None:
            raise Refused(404, "no such run")
        return Response.of_json(200, _told(run, state))


def _input(request: Request, start: Start) -> Json:
    if request.media_type not in ("application/json", ""):
        raise Refused(415, "the body must be application/json")
    try:
        return start.input(strict_json.loads(request.body or b"{}"))
    except Misfit as misfit:
        problems = [{"path": path, "message": message} for path, message in misfit.problems]
        raise Refused(422, f"the input does not fit flow {start.flow}", problems=problems) from None
    except ValueError as problem:
        raise Refused(400, f"the body is no JSON: {problem}") from None


def _name(request: Request) -> str:
    """The run's id: nobody can guess it, and who sends the same key again means the same run."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return str(uuid.uuid4())
    if not 16 <= len(key) <= 128:
        raise Refused(400, "an Idempotency-Key has 16 to 128 characters")
    return hashlib.sha256(f"{request.route}\n{key}".encode()).hexdigest()[:32]


# --- how a run stands -----------------------------------------------------------------------------------------------


def _told(run: str, state: RunState) -> dict[str, Json]:
    told: dict[str, Json] = {"run": run, "status": state.status, "started": _iso(state.started)}
    if state.ended is not None:
        told["ended"] = _iso(state.ended)
    if state.status == "done":
        told["result"] = _result(run, state.result)
    if state.error is not None:
        told["error"] = state.error.to_json()
    return told


def _result(run: str, output: Json) -> Json:
    """The result, with the large values in it that waited in the app's bucket."""
    try:
        result = claims.checked_out(output, run)
    except TaskFailed as gone:
        raise Refused(410, str(gone)) from None
    if result is not output and len(json.dumps(result)) > LONGEST_RESULT:
        raise Refused(413, f"the result is larger than {LONGEST_RESULT} bytes")
    return result


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
