"""Hands answers to executions that wait with a task token."""

from __future__ import annotations

import json
from typing import Any

from skyloom.deployers.services.delivery import Gone
from skyloom.deployers.services.waiting import Wait

Json = Any

LONGEST_OUTPUT = 262_144
"""Bytes that `SendTaskSuccess` takes. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class TaskTokens:
    """The runs that wait (`skyloom.deployers.services.delivery.WaitingRuns`). `states` is a Step Functions client."""

    longest = LONGEST_OUTPUT

    def __init__(self, states: Any) -> None:
        self._states = states

    def give(self, wait: Wait) -> None:
        """Hands the answer over. Raises Gone."""
        gone = self._states.exceptions
        try:
            if "error" in wait.answer:
                self._fail(wait.token, wait.answer["error"])
            else:
                self._states.send_task_success(
                    taskToken=wait.token, output=json.dumps(wait.answer["value"], ensure_ascii=False)
                )
        except (gone.TaskTimedOut, gone.TaskDoesNotExist, gone.InvalidToken):
            raise Gone from None

    def _fail(self, token: str, error: dict[str, Json]) -> None:
        # A failure in the form in which a function's failure reaches a state machine.
        told = {"errorType": error["type"], "errorMessage": json.dumps(error, ensure_ascii=False)}
        self._states.send_task_failure(taskToken=token, error=error["type"], cause=json.dumps(told))
