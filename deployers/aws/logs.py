"""Logs: what flows and functions wrote to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from skyloom.deployers.aws.client import Aws
from skyloom.deployers.base import LogLine

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

_MOST_STREAMS = 100
"""Streams that one call filters: FilterLogEvents takes no more."""
_ENDS = ("END RequestId:", "REPORT RequestId:", '"type":"platform.report"')
"""What Lambda itself writes when an invocation has ended."""


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
    """The events that name the run, and those that stand between them in the same invocation of a function: a stream
    holds one invocation after the other, and the first and last line of each that Skyloom writes names the run."""
    marked = [*_events(aws, group, since, pattern=f'"{run}"')]
    streams = sorted({event["logStreamName"] for event in marked})
    for start in range(0, len(streams), _MOST_STREAMS):
        some = streams[start : start + _MOST_STREAMS]
        every = _events(aws, group, min(event["timestamp"] for event in marked) / 1000, streams=some)
        yield from _between(every, run)


def _between(events: Iterable[FilteredLogEventTypeDef], run: str) -> Iterator[FilteredLogEventTypeDef]:
    inside: set[str] = set()
    for event in events:
        stream, text = event["logStreamName"], event["message"]
        if run in text:
            inside.add(stream)
        elif any(end in text for end in _ENDS) or text.startswith("START RequestId:"):
            inside.discard(stream)
        if stream in inside:
            yield event


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
