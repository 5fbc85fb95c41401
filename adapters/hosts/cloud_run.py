"""The host of a function on Cloud Run, below Google's Functions Framework: `invocation.py` says what comes in, as the
body of a POST.

    200  the bare JSON value
    422  {"error": {"type", "bases", "message"}}: the task raised it; the function did what it is there for

All of 500, and 429, 502, 503 and 504, come from Cloud Run itself, so that a look at the codes tells the platform's
failures from those of tasks.
https://cloud.google.com/run/docs/troubleshooting
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from skyloom.adapters.hosts.invocation import Failed, jobs, outcome, write
from skyloom.adapters.hosts.wire import text_on_the_wire

Json = Any
Response = tuple[str, int, dict[str, str]]
"""Body, status, headers: what the framework takes from a function."""

RAISED = 422
"""The code of an answer that is the error of a task."""
_HEADERS = {"Content-Type": "application/json"}


def function(
    tasks: Mapping[str, str] | None = None,
    prompts: str | None = None,
    expressions: str | None = None,
    fused: str | None = None,
) -> Callable[[Any], Response]:
    """The handler of a function; `invocation.jobs` says what the arguments are."""
    kinds = jobs(tasks, prompts, expressions, fused)
    cold = True

    def handler(request: Any) -> Response:
        nonlocal cold
        first, cold = cold, False
        event = request.get_json(silent=True)
        if request.method != "POST" or not isinstance(event, dict):
            return json.dumps({"problem": "a function takes a JSON object, by POST"}), 400, _HEADERS
        try:
            result = outcome(event, _CloudRun(request.headers), first, kinds)
        except Failed as failed:
            return f'{{"error": {text_on_the_wire(failed.error)}}}', RAISED, _HEADERS
        return json.dumps(result, ensure_ascii=False), 200, _HEADERS

    return handler


class _CloudRun:
    """An invocation as Cloud Run knows it."""

    keeps_numbers = False

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self.root = os.getcwd()  # noqa: PTH109 - pathlib is not loaded for this

    def left(self) -> None:
        """The service's own limit is above that of all its tasks, and nothing tells how much of it is left."""
        return

    def log(self, failed: bool) -> dict[str, Json]:
        """Fields that Cloud Logging takes out of a line of JSON, and the trace that ties it to the request's own line.

        https://cloud.google.com/logging/docs/structured-logging
        """
        trace, _, rest = self._headers.get("X-Cloud-Trace-Context", "").partition("/")
        project = os.environ.get("GOOGLE_CLOUD_PROJECT")
        return {
            "severity": "ERROR" if failed else "INFO",
            "logging.googleapis.com/trace": f"projects/{project}/traces/{trace}" if project and trace else None,
            "logging.googleapis.com/trace_sampled": True if rest.endswith("o=1") else None,
        }

    def write(self, line: str, failed: bool) -> None:
        write(line)
