"""Cloud Logging: entries that functions and workflows wrote, listed with filters.

Of the filter language: comparisons with `=`, `!=`, `:`, `>=`, `<=`, `>`, `<`, with AND, OR, NOT and parentheses.
https://cloud.google.com/logging/docs/view/logging-query-language
"""

from __future__ import annotations

import itertools
import re
from typing import Any

from engines.gcp_account.front import ApiError, Front, Json, Request, route
from engines.gcp_account.functions import parsed
from engines.gcp_account.storage import moment

_TOKEN = re.compile(
    r'\s*(?:(\()|(\))|([\w.]+(?:\."[^"]*")?)\s*(>=|<=|!=|=|:|>|<)\s*("(?:[^"\\]|\\.)*"|\S+?)(?=[\s()]|$)|(\w+))'
)


class Logs:
    """Everything that was logged in the project, oldest first."""

    def __init__(self, front: Front, project: str) -> None:
        self._project = project
        self._ids = itertools.count(1)
        self.entries: list[dict[str, Any]] = []
        front.add(route("POST", "/v2/entries:list", self._list))

    def wrote(self, service: str, line: str) -> None:
        """A function wrote a line. Cloud Run takes an object apart: severity, labels and the rest."""
        found = parsed(line)
        entry = self._entry(
            "run.googleapis.com%2Fstdout", {"type": "cloud_run_revision", "labels": {"service_name": service}}
        )
        if isinstance(found, dict):
            labels = found.pop("logging.googleapis.com/labels", {})
            entry |= {"jsonPayload": found, "labels": labels, "severity": found.pop("severity", "DEFAULT")}
        else:
            entry["textPayload"] = line
        self.entries.append(entry)

    def executed(self, workflow: str, execution: str, payload: dict[str, Any]) -> None:
        """Workflows wrote an entry about an execution."""
        kind = {"type": "workflows.googleapis.com/Workflow", "labels": {"workflow_id": workflow}}
        entry = self._entry("workflows.googleapis.com%2Fexecutions_system", kind)
        entry |= {"labels": {"workflows.googleapis.com/execution_id": execution}, "jsonPayload": payload}
        self.entries.append(entry)

    def _entry(self, log: str, resource: dict[str, Any]) -> dict[str, Any]:
        name = f"projects/{self._project}/logs/{log}"
        return {"logName": name, "resource": resource, "timestamp": moment(), "insertId": f"{next(self._ids):08}"}

    def _list(self, request: Request) -> Json:
        asked = request.json()
        if f"projects/{self._project}" not in asked.get("resourceNames", []):
            raise ApiError(404, f"no such resource: {asked.get('resourceNames')}")
        found = [entry for entry in [*self.entries] if matches(asked.get("filter", ""), entry)]
        if asked.get("orderBy") == "timestamp desc":
            found.reverse()
        start = int(asked.get("pageToken") or 0)
        end = start + int(asked.get("pageSize") or 50)
        return {"entries": found[start:end], **({"nextPageToken": str(end)} if len(found) > end else {})}


# --- filters --------------------------------------------------------------------------------------------------------


def matches(text: str, entry: dict[str, Any]) -> bool:
    """Whether an entry is one that the filter means. Raises ApiError (400) where the filter cannot be read."""
    if not text.strip():
        return True
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ApiError(400, f"Unparseable filter: {text[at:]}")
        tokens.append(found.groups())
        at = found.end()
    value, rest = _either(tokens, entry)
    if rest:
        raise ApiError(400, f"Unparseable filter: {text}")
    return value


_Tokens = list[tuple[Any, ...]]


def _either(tokens: _Tokens, entry: dict[str, Any]) -> tuple[bool, _Tokens]:
    value, tokens = _all(tokens, entry)
    while tokens and tokens[0][5] == "OR":
        other, tokens = _all(tokens[1:], entry)
        value = value or other
    return value, tokens


def _all(tokens: _Tokens, entry: dict[str, Any]) -> tuple[bool, _Tokens]:
    value, tokens = _one(tokens, entry)
    while tokens and tokens[0][5] != "OR" and not tokens[0][1]:
        other, tokens = _one(tokens[1:] if tokens[0][5] == "AND" else tokens, entry)
        value = value and other
    return value, tokens


def _one(tokens: _Tokens, entry: dict[str, Any]) -> tuple[bool, _Tokens]:
    opening, _, path, sign, wanted, word = tokens[0]
    if opening:
        value, tokens = _either(tokens[1:], entry)
        if not tokens or not tokens[0][1]:
            raise ApiError(400, "Unparseable filter: ) is missing")
        return value, tokens[1:]
    if word == "NOT":
        value, tokens = _one(tokens[1:], entry)
        return not value, tokens
    if path is None:
        raise ApiError(400, f"Unparseable filter: {word}")
    return _compared(path, sign, wanted, entry), tokens[1:]


def _compared(path: str, sign: str, wanted: str, entry: dict[str, Any]) -> bool:
    value: Any = entry
    for part in re.findall(r'"([^"]*)"|([^."]+)', path):
        value = value.get(part[0] or part[1]) if isinstance(value, dict) else None
    if value is None:
        return sign == "!="
    text, asked = str(value), wanted.strip('"').replace('\\"', '"')
    match sign:
        case "=":
            return text == asked
        case "!=":
            return text != asked
        case ":":
            return asked.lower() in text.lower()
        case ">=":
            return text >= asked
        case "<=":
            return text <= asked
        case ">":
            return text > asked
        case _:
            return text < asked
