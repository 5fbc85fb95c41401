"""What a run did, read from the histories of its executions and from the trace of the host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from conformance.case import TaskCall
from engines.aws.account import AwsAccount
from engines.fused import paths

from skyloom.deployers.fused import FusedTask

Json = Any

CHILD = "startExecution.sync:2"


def histories(account: AwsAccount, execution: str) -> list[Json]:
    """The events of an execution and of those that it started, in their order."""
    pages = account.client("stepfunctions").get_paginator("get_execution_history")
    own = [event for page in pages.paginate(executionArn=execution) for event in page["events"]]
    below = [event for child in _children(own) for event in histories(account, child)]
    return sorted([*own, *below], key=lambda event: event["timestamp"])


def emitted(events: list[Json]) -> list[tuple[str, Json]]:
    """The events that were put on the bus."""
    found = []
    for event in events:
        details = event.get("taskScheduledEventDetails", {})
        if details.get("resource") == "putEvents":
            for entry in json.loads(details["parameters"])["Entries"]:
                detail = entry["Detail"]
                detail = json.loads(detail) if isinstance(detail, str) else detail
                found.append((entry["DetailType"], detail.get("payload")))
    return found


def calls(events: list[Json], trace: Path, fused: Mapping[str, FusedTask]) -> list[TaskCall]:
    """The attempts of tasks, in the order in which the host began them."""
    keys = {sha256(f"{run}\n{step}".encode()).hexdigest()[:32] for run, step in _steps(events, fused)}
    lines = trace.read_text().splitlines(keepends=True) if trace.exists() else []
    # Another run's last line may still be on its way.
    records = [json.loads(line) for line in lines if line.endswith("\n")]
    return [TaskCall(record["task"], record["arguments"]) for record in records if record["key"] in keys]


def _steps(events: list[Json], fused: Mapping[str, FusedTask]) -> Iterator[tuple[str, str]]:
    for event in events:
        details = event.get("taskScheduledEventDetails", {})
        if details.get("resourceType") == "lambda":
            payload = json.loads(details["parameters"]).get("Payload", {})
            context = payload.get("context", {})
            if "fused" in payload:
                yield from ((context["run"], path) for path in paths(fused[payload["fused"]], context["step"]))
            elif "step" in context:
                yield context["run"], context["step"]


def _children(events: list[Json]) -> Iterator[str]:
    for event in events:
        details = event.get("taskSubmittedEventDetails", {})
        if details.get("resource") == CHILD:
            yield json.loads(details["output"])["ExecutionArn"]
