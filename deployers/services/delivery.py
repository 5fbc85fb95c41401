"""Hands the answer to what a run waits for over to the run, once."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any, Protocol

from skyloom.deployers.services.waiting import NotOpen, Wait, Waits

Json = Any


class Gone(Exception):
    """The run does not wait any more: it was stopped, timed out, or went on some other way."""


class WaitingRuns(Protocol):
    """The runs, as the cloud reaches them by a wait's token. `longest` is how many bytes of JSON it hands over."""

    longest: int

    def give(self, wait: Wait) -> None:
        """Hands `wait.answer` to its run: `{"value": output}`, or `{"error": {"type", "bases", "message"}}`, which
        the step raises.

        Raises:
            Gone: the run does not wait any more.
        """


class Delivery:
    """Answers waits."""

    def __init__(self, waits: Waits, runs: WaitingRuns) -> None:
        self._waits = waits
        self._runs = runs

    @property
    def longest(self) -> int:
        """Bytes of JSON that an answer may have."""
        return self._runs.longest

    def answer(self, wait: Wait, answer: Json) -> Wait:
        """Writes the answer down and hands it over.

        Args:
            answer: `{"value": output}`, or `{"error": {"type", "bases", "message"}}` for a failure.

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
            self._runs.give(answered)
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
                self._runs.give(wait)
            self._waits.delivered(wait)
