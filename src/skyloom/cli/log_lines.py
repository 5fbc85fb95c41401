"""One line of a log for people: what a function notes of a step, what a task printed, what the cloud says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from skyloom.cli.output import duration

_PLATFORM = ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START ")
"""What Lambda writes around every invocation."""


def readable(text: str) -> str | None:
    """The line for people; None of one that says only that a function ran.

    Args:
        text: the line as the cloud keeps it: a JSON object, or anything else.
    """
    record = _parsed(text)
    if record is None:
        return None if text.startswith(_PLATFORM) else text
    if "outcome" in record and any(kind in record for kind in ("task", "prompt", "expression")):
        return _step(record)
    if str(record.get("type", "")).startswith("platform."):
        return _platform(record)
    if "execution_arn" in record:
        return _state(record)
    if "happening" in record:
        details = ", ".join(f"{name} {value}" for name, value in record.items() if name != "happening")
        return f"{record['happening']}: {details}" if details else str(record["happening"])
    if isinstance(record.get("message"), str):
        level = record.get("level") or record.get("severity")
        return f"{level}: {record['message']}" if level and level != "INFO" else record["message"]
    return text


def _parsed(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        record = json.loads(text)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _step(record: Mapping[str, Any]) -> str:
    """`search[2] failed after 0.3 s, attempt 2: NoPrice at shop.py:12 price`."""
    name = next(str(record[kind]) for kind in ("task", "prompt", "expression") if kind in record)
    path = str(record.get("step") or "").partition("/")[2] or name
    attempt = f", attempt {record['attempt']}" if record.get("attempt", 1) > 1 else ""
    took = duration(float(record.get("seconds") or 0))
    if record["outcome"] != "failed":
        model, usage = record.get("model"), record.get("usage") or {}
        tokens = f" ({usage.get('input_tokens', 0)} tokens in, {usage.get('output_tokens', 0)} out)" if usage else ""
        return f"{path} done in {took}{attempt}{f', {model}{tokens}' if model else ''}"
    frames = record.get("frames") or []
    place = f" at {frames[-1]}" if frames else ""
    return f"{path} failed after {took}{attempt}: {record.get('error', 'an error')}{place}"


def _platform(record: Mapping[str, Any]) -> str | None:
    """What Lambda says of an invocation that did not end well; what it says of all others is left out."""
    details = record.get("record") or {}
    status = details.get("status", "success")
    if record["type"] != "platform.report" or status == "success":
        return None
    return f"the invocation ended with {status}{f': {kind}' if (kind := details.get('errorType')) else ''}"


def _state(record: Mapping[str, Any]) -> str:
    """An event of a workflow: `TaskFailed`, `MapStateEntered search_map`."""
    details = record.get("details") or {}
    name = details.get("name")
    error = f": {details['error']}" if details.get("error") else ""
    return f"{record.get('type', 'event')}{f' {name}' if name else ''}{error}"
