"""Service `api`: starts runs by HTTP and tells how they stand, as `skyloom.deployers.services.api` says.

Environment: SKYLOOM_WORKFLOWS, SKYLOOM_BUCKET, SKYLOOM_PROJECT, SKYLOOM_REGION; the routes stand in `starts.json`.
"""

from __future__ import annotations

import functools
from typing import Any

from skyloom.deployers.gcp.services.requests import Answer, NoRoute, answer_of, json_answer, request_of
from skyloom.deployers.gcp.services.surroundings import runs
from skyloom.deployers.services.api import Api
from skyloom.deployers.services.starting import read_starts


def handler(request: Any) -> Answer:
    """The entry point."""
    api, routes = _api()
    try:
        return answer_of(api.respond(request_of(request, routes)))
    except NoRoute:
        return json_answer({"message": "no such route"}, 404)


@functools.cache
def _api() -> tuple[Api, tuple[str, ...]]:
    starts = {name: start for name, start in read_starts().items() if name.startswith("POST ")}
    states = (f"GET {name.removeprefix('POST ')}/{{run}}" for name in starts)
    return Api(runs(), starts), (*starts, *states)
