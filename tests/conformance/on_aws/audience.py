"""Answers what a run waits for, as its case says: through the functions that an operator and an event come through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from conformance.case import Case
from conformance.on_aws.services import AppServices

from skyloom.conformance.audience import next_arrival
from skyloom.flows.testing import Answer

Json = Any

PAUSE = 0.1


class Audience:
    """Looks after all runs of the suite that wait for something."""

    def __init__(self, services: AppServices, waits: Callable[[], list[Json]]) -> None:
        self._services = services
        self._waits = waits
        self._lock = threading.Lock()
        self._watched: dict[str, _Watched] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._hands = ThreadPoolExecutor(8)
        self.problems: dict[str, Exception] = {}

    def __enter__(self) -> Audience:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        self._hands.shutdown(cancel_futures=True)

    def watch(self, run: str, case: Case) -> None:
        """The run's questions are answered as the case says."""
        with self._lock:
            self._watched[run] = _Watched(run, case, self._services)

    def forget(self, run: str) -> None:
        """The run has ended."""
        with self._lock:
            del self._watched[run]

    def _look(self) -> None:
        while not self._stop.wait(PAUSE):
            with self._lock:
                watched = dict(self._watched)
            if not watched:
                continue
            for wait in self._waits():
                if wait["run"] in watched:
                    with self._noting(wait["run"]):
                        watched[wait["run"]].see(wait)
            for run, one in watched.items():
                for give in one.due():
                    self._hands.submit(self._give, run, give)

    def _give(self, run: str, give: Callable[[], None]) -> None:
        with self._noting(run):
            give()

    @contextmanager
    def _noting(self, run: str) -> Iterator[None]:
        try:
            yield
        except Exception as problem:
            self.problems[run] = problem


class _Watched:
    def __init__(self, run: str, case: Case, services: AppServices) -> None:
        self.run = run
        self._services = services
        self._approvals = iter(case.approvals)
        self._events = {name: list(arrivals) for name, arrivals in (case.events or {}).items()}
        self._seen: set[str] = set()
        self._due: list[tuple[float, Callable[[], None]]] = []

    def see(self, wait: Json) -> None:
        """A wait is open: plans its answer, once."""
        if wait["id"] in self._seen:
            return
        self._seen.add(wait["id"])
        asked = wait["asked"]
        if wait["subject"] == "approval":
            given = next(self._approvals)
            answer = Answer(approved=given) if isinstance(given, bool) else given
            if answer.after is not None:
                self._due.append((time.time() + answer.after, lambda: self._decide(wait["id"], answer)))
        else:
            arrival = next_arrival(self._events[asked["event"]], asked.get("key"))
            if arrival.after is not None:
                name, key = asked["event"], asked.get("key")
                send = self._services.send
                self._due.append((time.time() + arrival.after, lambda: send(name, key, arrival.payload, self.run)))

    def due(self) -> list[Callable[[], None]]:
        """Takes out the answers whose time has come."""
        now = time.time()
        due = [give for moment, give in self._due if moment <= now]
        self._due = [(moment, give) for moment, give in self._due if moment > now]
        return due

    def _decide(self, wait: str, answer: Answer) -> None:
        given = {"approved": answer.approved, "comment": answer.comment, "by": answer.by, "answer": answer.answer}
        self._services.decide(wait, **given)
