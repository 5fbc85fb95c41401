"""The records of what runs wait for, where they are objects: `waits/<subject>/<id>.json`.

A record that is settled is marked, so that a list of the open ones reads no others. The cloud deletes what is long
over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from skyloom.deployers.services.objects import NEW, Changed, Objects
from skyloom.deployers.services.waiting import APPROVALS, NotOpen, Wait, is_repeated

Json = Any

FOLDER = "waits/"
_LONGEST_RUN_SECONDS = 366 * 24 * 3600
"""How long a wait without a timeout may last: about as long as an execution of Workflows.
https://cloud.google.com/workflows/quotas"""
_SETTLED = "settled"


class Records:
    """Reads and writes the records (`skyloom.deployers.services.waiting.Waits`)."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def open(self, wait: Wait) -> Wait:
        """Writes down an open wait, and gives it as it stands: where the same one is open already (`is_repeated`), that
        one with the new token."""
        made, before = wait, NEW
        while True:
            try:
                self._write(made, before)
            except Changed:
                found = self._objects.read(_name(wait.subject, wait.id))
                if found is None:
                    raise
                known, before = _wait(found.document), found.generation
                made = replace(known, token=wait.token) if is_repeated(known, wait) else wait
                continue
            return made

    def get(self, subject: str, wait: str) -> Wait | None:
        """One record, as it stands now."""
        found = self._objects.read(_name(subject, wait))
        return None if found is None else _wait(found.document)

    def unsettled(self, subject: str) -> Iterator[Wait]:
        """The records of a subject that are open, or answered with the answer not handed over yet."""
        for name, marks in self._objects.listed(_folder(subject)):
            found = None if marks.get(_SETTLED) == "yes" else self._objects.read(name)
            if found is not None:
                wait = _wait(found.document)
                if not _is_settled(wait):
                    yield wait

    def answer(self, wait: Wait, answer: Json, now: float) -> Wait:
        """Writes down the answer.

        Raises:
            NotOpen: somebody else was first.
        """

        def answered(known: Wait) -> Wait:
            if known.state != "open":
                raise NotOpen(known)
            return replace(known, state="answered", answer=answer, answered=now, delivered=False)

        return self._change(wait, answered)

    def told(self, wait: Wait) -> None:
        """Notes that people have been told."""
        self._change(wait, lambda known: replace(known, told=True))

    def delivered(self, wait: Wait) -> None:
        """Notes that the run has its answer."""
        self._change(wait, lambda known: replace(known, delivered=True))

    def abandoned(self, wait: Wait) -> None:
        """Notes that the run does not wait any more, and never took an answer."""
        self._change(wait, lambda known: replace(known, state="abandoned"))

    def close(self, subject: str, wait: str) -> Wait | None:
        """Notes that the run gives up waiting, unless there is an answer: the record as it then stands."""
        found = self.get(subject, wait)
        if found is None or found.state != "open":
            return found
        return self._change(found, lambda known: replace(known, state="abandoned") if known.state == "open" else known)

    def _change(self, wait: Wait, change: Callable[[Wait], Wait]) -> Wait:
        while True:
            found = self._objects.read(_name(wait.subject, wait.id))
            if found is None:
                raise NotOpen(None)
            changed = change(_wait(found.document))
            try:
                self._write(changed, found.generation)
            except Changed:
                continue
            return changed

    def _write(self, wait: Wait, before: str) -> None:
        end = wait.opened + _LONGEST_RUN_SECONDS if wait.deadline is None else max(wait.expires, wait.deadline)
        marks = {_SETTLED: "yes" if _is_settled(wait) else "no"}
        self._objects.write(_name(wait.subject, wait.id), asdict(wait), before=before, until=end, marks=marks)


def _is_settled(wait: Wait) -> bool:
    return wait.state == "abandoned" or (wait.state == "answered" and wait.delivered)


def _folder(subject: str) -> str:
    """The folder of a subject; an event's may hold any text, so its digest stands for it."""
    plain = subject if subject == APPROVALS else f"event-{hashlib.sha256(subject.encode()).hexdigest()[:32]}"
    return f"{FOLDER}{plain}/"


def _name(subject: str, wait: str) -> str:
    return f"{_folder(subject)}{wait}.json"


def _wait(document: dict[str, Json]) -> Wait:
    return Wait(**document)
