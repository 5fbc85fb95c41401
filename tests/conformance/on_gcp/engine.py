"""Runs cases on the tests' own Workflows: compiled and deployed, with functions in processes of their own."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from conformance.case import Case, TaskCall
from conformance.engines import Observed
from conformance.on_gcp.app import Deployed, deploy
from conformance.on_gcp.audience import Audience
from conformance.on_gcp.surroundings import google
from conformance.suite import ALL, FILES
from engines.gcp.engine import Engine
from engines.gcp.execution import Execution
from engines.gcp.requests import Answer, Handler, Request

from skyloom.deployers.gcp.workflow import WAITS, Invoke, Publish, Workflow
from skyloom.flows.runner import launch

Json = Any

AT_ONCE = 4
FILES_AT_ONCE = 3
"""Files whose functions run: one is being deployed, one runs, and one may wait for its last case."""
LONGEST = 60.0
"""Seconds that a case may take on a busy machine."""
TOPIC = "projects/skyloom-tests/topics/conformance"


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
            deployed = deploy(FILES[file], [ALL[name] for name in futures], self._folder, variables)
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


def observed(case: Case, deployed: Deployed) -> Observed:
    """What becomes of a case."""
    refusal = deployed.refusals.get(case.flow.name)
    if refusal is not None:
        raise refusal
    handlers = {key: service.answer for key, service in deployed.services.items()}
    run = CaseRun(case, deployed.workflows[case.flow.name], handlers)
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


class CaseRun:
    """One case: its workflow on an engine of its own. `handlers` answer for the functions, by their keys."""

    def __init__(self, case: Case, workflow: Workflow, handlers: Mapping[str, Handler]) -> None:
        self.case = case
        self.keys: set[str] = set()
        self.engine = Engine()
        self._audience = Audience(case)
        for key, handler in {**handlers, WAITS: self._audience.service}.items():
            self.engine.route(f"https://{key}.run.app", self._noting(handler))
        self.engine.deploy(case.flow.name, workflow.definition, environment(workflow))

    def ended(self) -> Execution:
        """The execution, when it is over."""
        execution = self.engine.start(self.case.flow.name, launch.prepare(self.case.flow, self.case.input).arguments)
        execution.wait(LONGEST)
        for problem in self._audience.problems:
            raise problem
        return execution

    def emitted(self) -> list[tuple[str, Json]]:
        """The events that were published."""
        found = []
        for message in self.engine.published:
            assert message["topic"] == TOPIC
            told = json.loads(base64.b64decode(message["data"]))
            assert set(told) == {"payload", "key", "run"}
            found.append((message["attributes"]["event"], told["payload"]))
        return found

    def close(self) -> None:
        """Ends what still runs."""
        self._audience.close()
        self.engine.close()

    def _noting(self, handler: Handler) -> Handler:
        """Notes the idempotency keys of the tasks that are called."""

        def noted(request: Request) -> Answer:
            context = json.loads(request.body).get("context", {})
            if "step" in context:
                self.keys.add(sha256(f"{context['run']}\n{context['step']}".encode()).hexdigest()[:32])
            return handler(request)

        return noted


def environment(workflow: Workflow) -> dict[str, str]:
    """The workflow's environment variables."""
    found = {}
    for need in workflow.uses:
        match need:
            case Invoke(function=key):
                found[need.variable] = f"https://{key}.run.app"
            case Publish():
                found[need.variable] = TOPIC
            case _:
                pass
    return found


def error_of(execution: Execution) -> tuple[str, str] | None:
    """Class and message of the error that an execution ended with."""
    if execution.state == "SUCCEEDED":
        return None
    if execution.error is None:
        return execution.state, ""
    error = json.loads(execution.error)
    with contextlib.suppress(KeyError, TypeError):
        return error["type"], error["message"]
    return "not ours", execution.error
