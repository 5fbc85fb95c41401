"""Parallel and Map: each branch and iteration in a scope of its own; the first that fails ends the others.

https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html,
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engines.aws.machine.failure import StateFailure, Stopped
from engines.aws.machine.policies import with_policies
from engines.aws.machine.queries import of_type
from engines.aws.machine.scope import Scope, Visit, checked_size
from engines.aws.machine.states import STEPS, run_states, whole_number

Json = Any

MOST_AT_ONCE = 40
"""Of an inline Map: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"""


def _parallel(visit: Visit) -> tuple[Json, str | None]:
    return with_policies(visit, lambda: _branches(visit))


def _map(visit: Visit) -> tuple[Json, str | None]:
    return with_policies(visit, lambda: _iterations(visit))


def _branches(visit: Visit) -> Json:
    given = visit.value(visit.state["Arguments"], "Arguments") if "Arguments" in visit.state else visit.raw
    branches: list[Mapping[str, Any]] = visit.state["Branches"]
    visit.scope.record("ParallelStateStarted")

    def run(index: int, scope: Scope) -> Json:
        return run_states(branches[index], given, scope)

    return _side_by_side(visit, "Parallel", [visit.scope.inner() for _ in branches], run, len(branches))


def _iterations(visit: Visit) -> Json:
    state, processor = visit.state, visit.state["ItemProcessor"]
    if processor.get("ProcessorConfig", {}).get("Mode", "INLINE") != "INLINE":
        raise StateFailure("States.Runtime", "the test engine has no distributed Map")
    template = state.get("Items", "{% $states.input %}")
    items = of_type(visit.value(template, "Items"), "array", template, "Items")
    width = whole_number(visit, "MaxConcurrency", least=0) if "MaxConcurrency" in state else 0
    visit.scope.record("MapStateStarted", {"length": len(items)})
    scopes, inputs = [], []
    for index, item in enumerate(items):
        scope = visit.scope.inner({"Index": index, "Value": item})
        scopes.append(scope)
        if "ItemSelector" in state:
            chooser = Visit(visit.name, state, scope, visit.raw, visit.entered, visit.retries)
            inputs.append(chooser.value(state["ItemSelector"], "ItemSelector"))
        else:
            inputs.append(item)

    def run(index: int, scope: Scope) -> Json:
        named = {"name": visit.name, "index": index}
        scope.record("MapIterationStarted", named)
        try:
            output = run_states(processor, inputs[index], scope)
        except StateFailure:
            scope.record("MapIterationFailed", named)
            raise
        except Stopped:
            scope.record("MapIterationAborted", named)
            raise
        scope.record("MapIterationSucceeded", named)
        return output

    return _side_by_side(visit, "Map", scopes, run, min(width or MOST_AT_ONCE, MOST_AT_ONCE))


def _side_by_side(
    visit: Visit, kind: str, scopes: Sequence[Scope], run: Callable[[int, Scope], Json], width: int
) -> Json:
    together = _Together(scopes, run)
    with visit.scope.stop.watching(together.changed):
        results = together.results(width, visit.scope)
    if together.failure is not None:
        failure = together.failure
        details = {"error": failure.error} | ({} if failure.cause is None else {"cause": failure.cause})
        visit.scope.record(f"{kind}StateFailed", details)
        raise failure
    checked_size(results, "result", visit.name)
    visit.scope.record(f"{kind}StateSucceeded")
    return visit.leave(visit.state, results, result=results)


class _Together:
    """Runs scopes side by side in threads, in order, at most so many at once, until one fails."""

    def __init__(self, scopes: Sequence[Scope], run: Callable[[int, Scope], Json]) -> None:
        self.scopes = scopes
        self.changed = threading.Event()
        self.failure: StateFailure | None = None
        self._run = run
        self._lock = threading.Lock()
        self._results: dict[int, Json] = {}

    def results(self, width: int, outer: Scope) -> list[Json]:
        """The results in order; after a failure those that there are. Does not wait for what it ends."""
        started = 0
        while len(self._results) < len(self.scopes) and self.failure is None:
            if outer.stop.set_:
                raise Stopped
            while started < len(self.scopes) and started - len(self._results) < width:
                work = contextvars.copy_context()
                threading.Thread(target=work.run, args=(self._one, started), daemon=True).start()
                started += 1
            self.changed.wait(3600)
            self.changed.clear()
        with self._lock:
            outer.last_event = max([outer.last_event, *(scope.last_event for scope in self.scopes)])
            return [self._results[index] for index in sorted(self._results)]

    def _one(self, index: int) -> None:
        try:
            result = self._run(index, self.scopes[index])
        except StateFailure as failure:
            self._fail(failure)
        except Stopped:
            pass
        except Exception as problem:
            self._fail(StateFailure("States.Runtime", f"{type(problem).__name__}: {problem}"))
        else:
            with self._lock:
                self._results[index] = result
        self.changed.set()

    def _fail(self, failure: StateFailure) -> None:
        with self._lock:
            if self.failure is None:
                self.failure = failure
        for scope in self.scopes:
            scope.stop.end()


STEPS["Parallel"] = _parallel
STEPS["Map"] = _map
