"""Runs cases on the tests' own Workflows: compiled and deployed, with functions in processes of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from conformance.case import Case, TaskCall
from conformance.engines import Observed, must_be
from conformance.on_gcp.app import Deployed, deploy
from conformance.on_gcp.case_run import FlowRun, error_of
from conformance.on_gcp.surroundings import google
from conformance.suite import ALL, FILES

from skyloom.conformance.audience import Audience
from skyloom.conformance.case import programs_of
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Json
from skyloom.flows.runner import launch

AT_ONCE = 4
FILES_AT_ONCE = 3
"""Files whose functions run: one is being deployed, one runs, and one may wait for its last case."""


class OnGcp:
    """The engine. Cases are named `file/case`; each file's app is deployed when its first case is near."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns = threading.BoundedSemaphore(FILES_AT_ONCE)

    @contextmanager
    def running(self, names: list[str]) -> Iterator[dict[str, Future[Observed]]]:
        """Deploys and runs these cases; what is not awaited inside the block is given up at its end."""
        futures: dict[str, Future[Observed]] = {name: Future() for name in names}
        files: dict[str, list[str]] = {}
        for name in names:
            files.setdefault(name.partition("/")[0], []).append(name)
        deploying, pool = ThreadPoolExecutor(1, "deploying"), ThreadPoolExecutor(AT_ONCE, "case")
        with google(self._folder) as variables:
            try:
                for file, cases in files.items():
                    deploying.submit(self._file, file, {name: futures[name] for name in cases}, pool, variables)
                yield futures
            finally:
                for future in futures.values():
                    future.cancel()
                deploying.shutdown()
                pool.shutdown()

    def _file(
        self, file: str, futures: dict[str, Future[Observed]], pool: ThreadPoolExecutor, variables: Mapping[str, str]
    ) -> None:
        self._turns.acquire()
        try:
            if all(future.cancelled() for future in futures.values()):
                raise CancelledError
            deployed = deploy(FILES[file], _programs(futures), self._folder, variables)
        except Exception as problem:
            self._turns.release()
            for future in futures.values():
                _settle(future, partial(_raise, problem))
            return
        ending = _Ending(len(futures), lambda: self._close(deployed))
        for name, future in futures.items():
            future.add_done_callback(ending.one)
            pool.submit(_settle, future, partial(observed, ALL[name], deployed))

    def _close(self, deployed: Deployed) -> None:
        deployed.close()
        self._turns.release()


class _Ending:
    """Does something when all of so many have ended."""

    def __init__(self, many: int, then: Callable[[], None]) -> None:
        self._left, self._then = many, then
        self._lock = threading.Lock()

    def one(self, _: object) -> None:
        """One has ended."""
        with self._lock:
            self._left -= 1
            last = self._left == 0
        if last:
            self._then()


def _programs(names: Iterable[str]) -> dict[str, Program]:
    """The flows of cases."""
    return programs_of(ALL[name] for name in names)


def observed(case: Case, deployed: Deployed) -> Observed:
    """What becomes of a case."""
    for before in case.earlier:
        must_be(before, observed(before, deployed))
    arguments = launch.prepare(case.flow, case.input).arguments
    return observed_of_flow(case.flow.name, arguments, Audience(case), deployed)


def observed_of_flow(flow: str, arguments: Mapping[str, Json], audience: Audience, deployed: Deployed) -> Observed:
    """What becomes of a run. Raises what the compiler did."""
    refusal = deployed.refusals.get(flow)
    if refusal is not None:
        raise refusal
    handlers = {key: service.answer for key, service in deployed.services.items()}
    run = FlowRun(flow, arguments, audience, deployed.workflows[flow], handlers)
    run.engine.route("https://aiplatform.googleapis.com", deployed.models)
    try:
        execution = run.ended()
    finally:
        run.close()
    return Observed(execution.result, error_of(execution), _calls(deployed.trace, run.keys), run.emitted())


def _calls(trace: Path, keys: set[str]) -> list[TaskCall]:
    lines = trace.read_text().splitlines(keepends=True) if trace.exists() else []
    # Another case's last line may still be on its way.
    records = [json.loads(line) for line in lines if line.endswith("\n")]
    return [TaskCall(record["task"], record["arguments"]) for record in records if record["key"] in keys]


def _settle(future: Future[Observed], work: Callable[[], Observed]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except Exception as problem:
        future.set_exception(problem)


def _raise(problem: Exception) -> Observed:
    raise problem
