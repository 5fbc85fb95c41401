"""A deployer of somebody else brings this: an engine for the cases. Its target is the interpreter, without races.

Tests install it as a distribution of its own.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skyloom.conformance.audience import Audience
from skyloom.conformance.capabilities import EVERYTHING, Capability
from skyloom.conformance.gaps import Gap
from skyloom.conformance.observed import Observed
from skyloom.conformance.plain import traced
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.ir.nodes import Race, walk
from skyloom.flows.ir.program import Program
from skyloom.flows.runner import launch
from skyloom.flows.runner.answering import answer_approval, send_event
from skyloom.flows.runner.store import RunStore


class Elsewhere:
    """The engine."""

    capabilities: frozenset[Capability] = EVERYTHING - {"race"}
    exact = True
    gaps: Mapping[str, Gap] = {}

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def deployed(self, file: Path, programs: Mapping[str, Program]) -> Iterator[DeployedElsewhere]:
        """What this target compiles is the program itself."""
        yield DeployedElsewhere(file, programs, self._folder / file.stem)


class DeployedElsewhere:
    """Flows of a file."""

    def __init__(self, file: Path, programs: Mapping[str, Program], folder: Path) -> None:
        self._file, self._programs, self._folder = file, programs, folder
        self._numbers = itertools.count(1)

    def run(self, flow: str, arguments: Mapping[str, Any], audience: Audience) -> Observed:
        """Runs a flow in a store of its own. Raises CheckFailed."""
        program = compiled(self._programs[flow])
        folder = self._folder / str(next(self._numbers))
        folder.mkdir(parents=True)
        store = RunStore(folder / "runs.db")
        prepared = launch.Prepared(program, self._file, dict(arguments))
        with traced(folder) as calls, answering(store, audience):
            ended = launch.start(prepared, carrier=launch.run_inline, store=store)
        error = None if ended.error is None else (ended.error.type, ended.error.message)
        emitted = [(step.name, step.notes["payload"]) for step in store.steps(ended.id) if step.kind == "emit"]
        return Observed(ended.result, error, calls, emitted)


def compiled(program: Program) -> Program:
    """Raises CheckFailed for each race."""
    races = [
        Diagnostic("ELS001", "this cloud has no race", flow.file, statement.span, hint="wait for all: parallel(...)")
        for flow in program.flows.values()
        for statement in walk(flow.body)
        if isinstance(statement, Race)
    ]
    if races:
        raise CheckFailed(*races)
    return program


@contextmanager
def answering(store: RunStore, audience: Audience) -> Iterator[None]:
    """Answers what runs of the store wait for."""
    over, hands = threading.Event(), list[threading.Timer]()

    def look() -> None:
        seen: set[str] = set()
        while not over.wait(0.02):
            for wait in [*store.waits("approval"), *store.waits("event")]:
                if wait.id not in seen:
                    seen.add(wait.id)
                    after, act = answer(store, audience, wait)
                    if after is not None:
                        hands.append(threading.Timer(after, act))
                        hands[-1].start()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for hand in hands:
            hand.cancel()


def answer(store: RunStore, audience: Audience, wait: Any) -> tuple[float | None, Any]:
    """After how many seconds a wait is answered, and what does it."""
    if wait.kind == "approval":
        told = audience.approval()
        return told.after, lambda: answer_approval(
            store, wait.id, approved=told.approved, comment=told.comment, by=told.by, form=told.answer
        )
    arrival = audience.event(wait.name, wait.key)
    return arrival.after, lambda: send_event(store, wait.id, arrival.payload)
