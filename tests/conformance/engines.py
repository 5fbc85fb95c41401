"""The engines that conformance cases run on: each takes a case and says what it saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conformance.case import Case
from expressions.exact import is_exactly

from skyloom.conformance.audience import next_arrival
from skyloom.conformance.judging import differences
from skyloom.conformance.observed import Observed
from skyloom.conformance.plain import plain, traced
from skyloom.flows.expr.nodes import Expr
from skyloom.flows.expr.python import Compiled, compile_expr
from skyloom.flows.expr.types import show
from skyloom.flows.runner import launch, scopes
from skyloom.flows.runner.answering import answer_approval, send_event
from skyloom.flows.runner.store import RunStore
from skyloom.flows.testing import Answer, Arrival

__all__ = ["ENGINES", "Observed", "inline", "on", "plain", "traced"]


def on(carrier: launch.Carrier | None) -> Callable[[Case, Path], Observed]:
    """The interpreter, on what carries its steps out; None: on Prefect."""

    def run(case: Case, folder: Path) -> Observed:
        store = RunStore(folder / "runs.db")
        prepared = launch.prepare(case.flow, case.input)
        with traced(folder) as calls, _audience(case, folder):
            ended = launch.start(prepared, carrier=carrier, store=store)
        emitted = [(step.name, step.notes["payload"]) for step in store.steps(ended.id) if step.kind == "emit"]
        error = None if ended.error is None else (ended.error.type, ended.error.message)
        return Observed(ended.result, error, calls, emitted)

    return run


@contextmanager
def _audience(case: Case, folder: Path) -> Iterator[None]:
    """Answers the run's questions as the case says, from outside."""
    stop = threading.Event()
    thread = threading.Thread(target=_answer_all, args=(case, folder, stop), daemon=True)
    if case.approvals or case.events:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread.is_alive():
            thread.join()


def _answer_all(case: Case, folder: Path, stop: threading.Event) -> None:
    store = RunStore(folder / "runs.db")
    approvals = iter(case.approvals)
    events = {name: list(arrivals) for name, arrivals in (case.events or {}).items()}
    due: list[tuple[float, Callable[[], Any]]] = []
    seen: set[str] = set()
    while not stop.wait(0.02):
        for wait in [*store.waits("approval"), *store.waits("event")]:
            if wait.id in seen:
                continue
            seen.add(wait.id)
            if wait.kind == "approval":
                given = next(approvals)
                answer = Answer(approved=given) if isinstance(given, bool) else given
                if answer.after is not None:
                    due.append((time.time() + answer.after, _approval(store, wait.id, answer)))
            else:
                arrival = next_arrival(events[wait.name], wait.key)
                if arrival.after is not None:
                    due.append((time.time() + arrival.after, _event(store, wait.id, arrival)))
        for moment, act in list(due):
            if moment <= time.time():
                due.remove((moment, act))
                act()


def _approval(store: RunStore, wait_id: str, answer: Answer) -> Callable[[], Any]:
    return lambda: answer_approval(
        store, wait_id, approved=answer.approved, comment=answer.comment, by=answer.by, form=answer.answer
    )


def _event(store: RunStore, wait_id: str, arrival: Arrival) -> Callable[[], Any]:
    return lambda: send_event(store, wait_id, arrival.payload)


def inline(case: Case, folder: Path) -> Observed:
    """The interpreter without Prefect. Every value that it meets must be of its static type: compilers build on it."""
    models = case.flow.program.models

    def checked(expr: Expr) -> Compiled:
        compiled = compile_expr(expr)

        def value(variables: Mapping[str, Any]) -> Any:
            found = compiled(variables)
            assert is_exactly(found, expr.type, models), f"no {show(expr.type)}: {found!r}"
            return found

        return value

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scopes, "compile_expr", checked)
        return on(launch.run_inline)(case, folder)


prefect = on(None)


def after_earlier(engine: Callable[[Case, Path], Observed]) -> Callable[[Case, Path], Observed]:
    """The engine, with the runs that a case wants before its own."""

    def run(case: Case, folder: Path) -> Observed:
        for number, before in enumerate(case.earlier):
            (own := folder / f"earlier-{number}").mkdir()
            must_be(before, engine(before, own))
        return engine(case, folder)

    return run


def must_be(case: Case, observed: Observed) -> None:
    """Raises AssertionError where an earlier run did otherwise than it says."""
    found = differences(case, observed, exact=False)
    assert not found, f"an earlier run: {'; '.join(map(str, found))}"


ENGINES: dict[str, Callable[[Case, Path], Observed]] = {
    name: after_earlier(engine) for name, engine in (("plain", plain), ("inline", inline), ("prefect", prefect))
}
