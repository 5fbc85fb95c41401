"""Loops, parallel steps, `try`."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from engines.gcp.errors import Undocumented, Value, WorkflowError, type_error
from engines.gcp.expressions.operators import type_name
from engines.gcp.frame import Frame
from engines.gcp.library.jsons import told
from engines.gcp.limits import CONCURRENT, PARALLEL_NESTING, UNHANDLED_BRANCHES
from engines.gcp.model import For, Parallel, Step, Try
from engines.gcp.retrying import Policy, policy_of
from engines.gcp.signals import Goto, Signal
from engines.gcp.templates import copied, resolved
from engines.gcp.variables import Scope

Run = Callable[[tuple[Step, ...], Frame], Signal]
Task = tuple[str, Callable[[], Scope], tuple[Step, ...]]
"""A branch or iteration: its name, what makes its variables, its steps."""


def items_of(loop: For, frame: Frame) -> list[Value]:
    """What a loop goes through (syntax/iteration): a list, or the numbers of a range with both ends."""
    if loop.span is None:
        items = resolved(loop.items, frame.scope, frame)
        if isinstance(items, dict):
            raise Undocumented("a loop over a map")
        if not isinstance(items, list):
            raise type_error(f"a loop goes over a list, not {type_name(items)}")
        return items
    span = resolved(loop.span, frame.scope, frame)
    if not isinstance(span, list) or len(span) != 2:
        raise type_error("a range is a list of two numbers")
    first, last = span
    if not all(type(end) is int for end in span):
        raise Undocumented(f"a range from {first!r} to {last!r}")
    if first > last:
        raise Undocumented(f"a range from {first} down to {last}")
    return list(range(first, last + 1))


def iteration(loop: For, place: int, item: Value, frame: Frame) -> Scope:
    """The variables of one iteration."""
    scope = Scope(frame.execution.memory, frame.scope)
    scope.keep(loop.value, copied(item))
    if loop.index is not None:
        scope.keep(loop.index, place)
    return scope


def run_for(loop: For, frame: Frame, run: Run) -> Signal:
    """A loop, one iteration after the other."""
    for place, item in enumerate(items_of(loop, frame)):
        scope = iteration(loop, place, item, frame)
        try:
            signal = run(loop.steps, frame.inside(scope))
        finally:
            scope.leave()
        if signal == Goto("break"):
            break
        if signal is not None and signal != Goto("continue"):
            return signal
    return None


def run_parallel(action: Parallel, frame: Frame, run: Run) -> None:
    """Branches or iterations at once, in any order.

    Raises:
        WorkflowError: ParallelNestingError; UnhandledBranchError, after all have ended.
    """
    if frame.parallel >= PARALLEL_NESTING:
        raise WorkflowError.tagged(
            "ParallelNestingError", f"parallel steps are nested more than {PARALLEL_NESTING} deep"
        )
    tasks: list[Task]
    if isinstance(action.body, For):
        items = items_of(action.body, frame)
        scopes = [partial(iteration, action.body, place, item, frame) for place, item in enumerate(items)]
        tasks = [(str(place), scope, action.body.steps) for place, scope in enumerate(scopes)]
    else:
        empty = partial(Scope, frame.execution.memory, frame.scope)
        tasks = [(branch.name, empty, branch.steps) for branch in action.body]
    failures = at_once(tasks, limit_of(action, frame), frame, run)
    if failures:
        raise unhandled(failures)


def limit_of(action: Parallel, frame: Frame) -> int:
    """How many run at once."""
    limit = resolved(action.concurrency, frame.scope, frame)
    if limit is None:
        return CONCURRENT
    if type(limit) is not int:
        raise type_error(f"concurrency_limit is an integer, not {type_name(limit)}")
    if limit < 1:
        raise Undocumented(f"a concurrency_limit of {limit}")
    return min(limit, CONCURRENT)


def at_once(tasks: list[Task], limit: int, frame: Frame, run: Run) -> list[tuple[str, WorkflowError]]:
    """Runs tasks in threads; the errors that they do not handle, in the order in which they happen."""
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    order = list(tasks)
    if frame.execution.seed is not None:
        random.Random(frame.execution.seed).shuffle(order)
    for task in order:
        waiting.put(task)
    failures: list[tuple[str, WorkflowError]] = []
    lock = threading.Lock()

    def work() -> None:
        while True:
            try:
                name, new_scope, steps = waiting.get_nowait()
            except queue.Empty:
                return
            scope: Scope | None = None
            try:
                scope = new_scope()
                run(steps, frame.inside(scope, branch=True))
            except WorkflowError as problem:
                with lock:
                    failures.append((name, problem))
            except BaseException as problem:
                frame.execution.stop(problem)
                raise
            finally:
                if scope is not None:
                    scope.leave()

    if not tasks:
        return []
    with ThreadPoolExecutor(min(limit, len(tasks))) as threads:
        running = [threads.submit(work) for _ in range(min(limit, len(tasks)))]
    for one in running:
        one.result()
    return failures


def unhandled(failures: list[tuple[str, WorkflowError]]) -> WorkflowError:
    """The error of a parallel step (syntax/parallel-steps, exceptions)."""
    branches = [
        {"id": name, "error": {"context": "", "payload": told(problem.value), "stackTrace": {}}}
        for name, problem in failures[:UNHANDLED_BRANCHES]
    ]
    message = "UnhandledBranchError: One or more branches or iterations encountered an unhandled runtime error"
    return WorkflowError(
        {
            "branches": branches,
            "message": message,
            "tags": ["UnhandledBranchError", "RuntimeError"],
            "truncated": len(failures) > UNHANDLED_BRANCHES,
        }
    )


def run_try(action: Try, frame: Frame, run: Run) -> Signal:
    """`try`: again as long as the policy says, then `except`."""
    tries = 0
    policy: Policy | None = None
    while True:
        try:
            return run(action.steps, frame)
        except WorkflowError as problem:
            if action.retry is not None:
                policy = policy or policy_of(action.retry, frame)
                if tries < policy.max_retries and policy.wants(problem, frame):
                    frame.execution.sleep(policy.delay(tries))
                    tries += 1
                    continue
            if action.caught is None:
                raise
            return handled(action, problem, frame, run)


def handled(action: Try, problem: WorkflowError, frame: Frame, run: Run) -> Signal:
    """`except`."""
    assert action.caught is not None
    scope = Scope(frame.execution.memory, frame.scope)
    scope.keep(action.caught.variable, copied(problem.value))
    try:
        return run(action.caught.steps, frame.inside(scope))
    finally:
        scope.leave()
