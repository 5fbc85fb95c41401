"""Logs: what flows and functions wrote to Cloud Logging."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from skyloom.deployers.base import LogLine
from skyloom.deployers.gcp.client import Google
from skyloom.deployers.gcp.moments import seconds

_PAGE = 1000
_LABEL = "execution_id"
"""The label that tells the requests of a function apart, which the Functions Framework puts on each line.
https://github.com/GoogleCloudPlatform/functions-framework-python (execution id)"""
_WORKFLOW = "workflows.googleapis.com/execution_id"


def lines(google: Google, sources: Mapping[str, str], run: str | None, since: float) -> list[LogLine]:
    """Lines since a time in seconds since the epoch, oldest first.

    Args:
        sources: what writes a log, by the name of the Cloud Run service or workflow.
        run: only lines of this run; None: all.
    """
    if not sources:
        return []
    entries = [*_entries(google, f"{_written_by(sources)} AND {_since(since)}")]
    if run is not None:
        entries = _of_run(entries, run)
    return [_line(entry, sources) for entry in entries]


def _of_run(entries: list[Mapping[str, Any]], run: str) -> list[Mapping[str, Any]]:
    """The entries that name the run, and those of the same requests of functions: the first and last line of each
    that Skyloom writes names the run."""
    marked = [entry for entry in entries if _names(entry, run)]
    requests = {_request(entry) for entry in marked} - {None}
    return [entry for entry in entries if entry in marked or _request(entry) in requests]


def _names(entry: Mapping[str, Any], run: str) -> bool:
    return entry.get("labels", {}).get(_WORKFLOW) == run or run in _text(entry)


def _request(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """What tells a request of a function apart: its execution id, or its trace."""
    id_ = entry.get("labels", {}).get(_LABEL) or entry.get("trace")
    return None if not id_ else (_service(entry), id_)


def _service(entry: Mapping[str, Any]) -> str:
    labels = entry.get("resource", {}).get("labels", {})
    return str(labels.get("service_name") or labels.get("workflow_id") or "")


def _line(entry: Mapping[str, Any], sources: Mapping[str, str]) -> LogLine:
    source = sources.get(_service(entry), _service(entry))
    return LogLine(time=seconds(entry["timestamp"]), source=source, text=_text(entry))


def _text(entry: Mapping[str, Any]) -> str:
    if "textPayload" in entry:
        return str(entry["textPayload"]).rstrip("\n")
    payload = entry.get("jsonPayload") or entry.get("protoPayload") or {}
    if payload.keys() == {"message"}:
        return str(payload["message"]).rstrip("\n")
    return json.dumps(payload, ensure_ascii=False)


def _written_by(sources: Mapping[str, str]) -> str:
    names = sorted(sources)
    either = [f'resource.labels.{label}="{name}"' for name in names for label in ("service_name", "workflow_id")]
    return f"({' OR '.join(either)})"


def _since(since: float) -> str:
    moment = datetime.fromtimestamp(since, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return f'timestamp>="{moment}"'


def _entries(google: Google, filter_: str) -> Iterator[Mapping[str, Any]]:
    asked: dict[str, Any] = {
        "resourceNames": [f"projects/{google.project}"],
        "filter": filter_,
        "orderBy": "timestamp asc",
        "pageSize": _PAGE,
    }
    while True:
        answer = google.call("logging", "POST", "v2/entries:list", asked)
        yield from answer.get("entries", [])
        if not answer.get("nextPageToken"):
            return
        asked["pageToken"] = answer["nextPageToken"]
