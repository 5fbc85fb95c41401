"""Runs cases on the tests' Durable host: compiled to a function app, whose code runs in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from conformance.case import Case
from conformance.engines import Observed, must_be
from conformance.on_azure.app import Built, build
from conformance.on_azure.audience import Audience
from conformance.on_azure.observing import observed_of
from conformance.suite import ALL, BUCKETS, FILES
from servers.azure_server import AzureServer
from servers.openai_server import OpenAIServer

from skyloom.adapters.llm.azure_foundry import ENDPOINT_VARIABLE
from skyloom.flows.invoke import TRACE_VARIABLE
from skyloom.flows.runner import launch

Json = Any

AT_ONCE = 2
"""Processes: what runs in them never waits."""
HOSTING = Path(__file__).with_name("hosting.py")


class Broken(AssertionError):
    """The host could not carry a case to an end."""


class OnAzure:
    """The engine. Cases are named `file/case`.

    Args:
        folder: for the apps.
        seeds: the orders in which each case runs.
    """

    def __init__(self, folder: Path, seeds: range) -> None:
        self._folder, self._seeds = folder, seeds

    @contextmanager
    def running(self, names: list[str]) -> Iterator[dict[str, Future[list[Observed]]]]:
        """Compiles and runs these cases; what was not begun is given up at the end of the block."""
        futures: dict[str, Future[list[Observed]]] = {name: Future() for name in names}
        files: dict[str, list[str]] = {}
        for name in names:
            files.setdefault(name.partition("/")[0], []).append(name)
        pool = ThreadPoolExecutor(AT_ONCE, "file")
        with AzureServer() as azure, OpenAIServer() as models:
            variables = {
                **azure.variables,
                **dict.fromkeys(BUCKETS, f"{azure.variables['SKYLOOM_STORAGE']}books"),
                ENDPOINT_VARIABLE: models.url.removesuffix("/v1"),
            }
            try:
                for file, cases in files.items():
                    pool.submit(self._file, file, {name: futures[name] for name in cases}, variables)
                yield futures
            finally:
                for future in futures.values():
                    future.cancel()
                pool.shutdown()

    def _file(self, file: str, futures: dict[str, Future[list[Observed]]], variables: dict[str, str]) -> None:
        wanted = {name: future for name, future in futures.items() if future.set_running_or_notify_cancel()}
        if not wanted:
            return
        try:
            folder = self._folder / file
            built = build(FILES[file], [ALL[name] for name in wanted], folder)
            with _process(folder, "1", variables) as process, _process(folder, "2", variables) as other:
                for name, future in wanted.items():
                    self._case(ALL[name], built, process, other, future)
        except Exception as problem:
            for future in wanted.values():
                if not future.done():
                    future.set_exception(problem)

    def _case(self, case: Case, built: Built, process: Process, other: Process, future: Future[list[Observed]]) -> None:
        """Runs a case in all orders. The history of the last is replayed by another process too, which hashes texts
        otherwise: it must say the same."""
        try:
            for run in (*case.earlier, case):
                if (refusal := built.refusals.get(run.flow.name)) is not None:
                    raise refusal
            for before in case.earlier:
                must_be(before, process.run(before, built.names.orchestrator_name(before.flow.name), self._seeds[0]))
            orchestrator = built.names.orchestrator_name(case.flow.name)
            ended = [process.ended(case, orchestrator, seed) for seed in self._seeds]
            if other.said(orchestrator, ended[-1]["body"]) != ended[-1]["said"]:
                raise Broken("another process says something else of the same history")
            future.set_result([observed_of(one) for one in ended])
        except Exception as problem:
            future.set_exception(problem)


def _process(folder: Path, hashes: str, variables: dict[str, str]) -> Process:
    return Process(folder, folder.with_name(f"{folder.name}-{hashes}.jsonl"), {**variables, "PYTHONHASHSEED": hashes})


class Process:
    """A process in which an app's code runs (hosting.py), with variables by which it finds its surroundings."""

    def __init__(self, folder: Path, trace: Path, variables: dict[str, str]) -> None:
        own = {**variables, TRACE_VARIABLE: str(trace), "SKYLOOM_APP": "conformance", "SKYLOOM_ENV": "test"}
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self._errors = (trace.with_suffix(".log")).open("w")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(HOSTING), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**kept, **own},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def run(self, case: Case, orchestrator: str, seed: int) -> Observed:
        """Runs a case once. Raises Broken."""
        return observed_of(self.ended(case, orchestrator, seed))

    def ended(self, case: Case, orchestrator: str, seed: int) -> Json:
        """All that hosting.py tells of a run. Raises Broken."""
        arguments = launch.prepare(case.flow, case.input).arguments
        audience = Audience(case)
        said = self._ask({"seed": seed, "orchestrator": orchestrator, "arguments": arguments})
        while "asked" in said:
            after, told = audience.answer(said["asked"])
            said = self._ask({"after": after, "told": told})
        if "broken" in said:
            raise Broken(f"seed {seed}: {said['broken']}")
        return said["ended"]

    def said(self, orchestrator: str, body: str) -> str:
        """What an orchestrator says of a history. Raises Broken."""
        answer = self._ask({"orchestrator": orchestrator, "body": body})
        if "broken" in answer:
            raise Broken(answer["broken"])
        return str(answer["said"])

    def _ask(self, message: Json) -> Json:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Broken(Path(self._errors.name).read_text()[-6000:])
        return json.loads(line)
