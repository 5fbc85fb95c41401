"""Logs: what flows and functions wrote to CloudWatch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from skyloom.deployers.aws.client import Aws
from skyloom.deployers.base import LogLine

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

_MOST_STREAMS = 100
"""Streams that one call filters: FilterLogEvents takes no more."""
_EDGES = (
    "START RequestId:",
    "END RequestId:",
    "REPORT RequestId:",
    '"type":"platform.start"',
    '"type":"platform.report"',
)
"""What Lambda itself writes before and after an invocation."""
_LONGEST_CALL = 900.0
"""Seconds of an invocation at most. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def lines(aws: Aws, groups: Mapping[str, str], run: str | None, since: float) -> list[LogLine]:
    """Lines since a time in seconds since the epoch, oldest first.

    Args:
        groups: what writes into each log group, by the group's name.
        run: only lines of this run; None: all.
    """
    found = [line for group, source in groups.items() for line in _lines(aws, group, source, run, since)]
    return sorted(found, key=lambda line: line.time)


def _lines(aws: Aws, group: str, source: str, run: str | None, since: float) -> Iterator[LogLine]:
    events = _events(aws, group, since) if run is None else _of_run(aws, group, run, since)
    for event in events:
        yield LogLine(time=event["timestamp"] / 1000, source=source, text=event["message"].rstrip("\n"))


def _of_run(aws: Aws, group: str, run: str, since: float) -> Iterator[FilteredLogEventTypeDef]:
    """The events that name the run, and all others of the same invocations of functions: a stream holds one invocation
    after the other, and the line that ends each names the run."""
    marked = [event for event in _events(aws, group, since, pattern=f'"{run}"') if _names(event["message"], run)]
    streams = sorted({event["logStreamName"] for event in marked})
    for start in range(0, len(streams), _MOST_STREAMS):
        some = streams[start : start + _MOST_STREAMS]
        first = min(event["timestamp"] for event in marked) / 1000 - _LONGEST_CALL
        yield from _around(_events(aws, group, max(first, 0.0), streams=some), run)


def _around(events: Iterable[FilteredLogEventTypeDef], run: str) -> Iterator[FilteredLogEventTypeDef]:
    """The events of invocations that name the run."""
    inside: set[str] = set()
    before: dict[str, list[FilteredLogEventTypeDef]] = {}
    for event in events:
        stream, text = event["logStreamName"], event["message"]
        if _names(text, run):
            inside.add(stream)
            yield from before.pop(stream, [])
            yield event
        elif any(edge in text for edge in _EDGES):
            inside.discard(stream)
            before.pop(stream, None)
        elif stream in inside:
            yield event
        else:
            before.setdefault(stream, []).append(event)


def _names(text: str, run: str) -> bool:
    """Whether the text names the run, and not one whose id only begins or ends so: CloudWatch finds these too."""
    return re.search(rf"(?<![\w-]){re.escape(run)}(?![\w-])", text) is not None


def _events(
    aws: Aws, group: str, since: float, *, pattern: str | None = None, streams: list[str] | None = None
) -> Iterator[FilteredLogEventTypeDef]:
    options = {"filterPattern": pattern, "logStreamNames": streams}
    pages = aws.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int(since * 1000),
        **{name: value for name, value in options.items() if value is not None},  # type: ignore[arg-type]
    )
    try:
        for page in pages:
            yield from page["events"]
    except aws.logs.exceptions.ResourceNotFoundException:
        return
