"""Hands the answer to what a run waits for over to the run, once."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from skyloom.deployers.aws.services.waiting import NotOpen, Wait, Waits

Json = Any

LONGEST_OUTPUT = 262_144
"""Bytes that `SendTaskSuccess` takes. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class Gone(Exception):
    """The run does not wait any more: it was stopped, timed out, or went on some other way."""


class Delivery:
    """Answers waits. `states` is a Step Functions client."""

    def __init__(self, waits: Waits, states: Any) -> None:
        self._waits = waits
        self._states = states

    def answer(self, wait: Wait, answer: Json) -> Wait:
        """Writes the answer down and hands it over.

        Args:
            answer: `{"value": output}`, or `{"error": name, "cause": text}` for a failure.

        Raises:
            NotOpen: it was answered before; that answer has been handed over, if it was not yet.
            Gone: the run does not wait any more.
        """
        try:
            answered = self._waits.answer(wait, answer, time.time())
        except NotOpen as before:
            if before.wait is not None:
                self.settle(before.wait)
            raise
        try:
            self._hand_over(answered)
        except Gone:
            self._waits.abandoned(answered)
            raise
        self._waits.delivered(answered)
        return answered

    def settle(self, wait: Wait) -> None:
        """Hands over an answer that was written down, where that was cut off."""
        if wait.state == "answered" and not wait.delivered:
            # Gone: it was handed over and noting that was cut off, or the run has stopped. Nothing is left to do.
            with suppress(Gone):
                self._hand_over(wait)
            self._waits.delivered(wait)

    def _hand_over(self, wait: Wait) -> None:
        try:
            if "error" in wait.answer:
                self._states.send_task_failure(
                    taskToken=wait.token, error=wait.answer["error"], cause=wait.answer["cause"]
                )
            else:
                self._states.send_task_success(
                    taskToken=wait.token, output=json.dumps(wait.answer["value"], ensure_ascii=False)
                )
        except (
            self._states.exceptions.TaskTimedOut,
            self._states.exceptions.TaskDoesNotExist,
            self._states.exceptions.InvalidToken,
        ):
            raise Gone from None
