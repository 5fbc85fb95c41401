"""The runs of an app that are under way: what they still need must not go unnoticed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from skyloom.deployers.aws import stacks
from skyloom.deployers.aws.client import Aws, code
from skyloom.deployers.plan import Change

MACHINE = "AWS::StepFunctions::StateMachine"


def running(aws: Aws, machine: str) -> Iterator[str]:
    """The executions of a machine that are under way; none of one that is gone or keeps no record."""
    try:
        pages = aws.states.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
        for page in pages:
            yield from (execution["executionArn"] for execution in page["executions"])
    except aws.states.exceptions.ClientError as error:
        if code(error) not in ("StateMachineDoesNotExist", "StateMachineTypeNotSupported"):
            raise


def losses(aws: Aws, stack: str, changes: Iterable[Change]) -> tuple[str, ...]:
    """What to know of functions that go while runs are under way: these go on with the definition that they began
    with, and that names the functions of then."""
    gone = [change.name for change in changes if change.kind == "function" and change.action in ("delete", "replace")]
    if not gone:
        return ()
    count = sum(1 for row in stacks.resources(aws, stack) if row[1] == MACHINE for _ in running(aws, row[2]))
    if not count:
        return ()
    runs = "1 run is" if count == 1 else f"{count} runs are"
    return (f"{runs} under way, and will fail at a step that still calls {', '.join(sorted(gone))}",)
