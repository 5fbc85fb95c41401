"""Runs cases on the tests' AWS account, many at once: what they made is looked at afterwards, case by case."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.case import Case
from conformance.engines import Observed, must_be
from conformance.on_aws import record
from conformance.on_aws.app import Deployed, deploy
from conformance.on_aws.audience import Audience
from conformance.on_aws.services import TABLE, AppServices
from conformance.suite import ALL, FILES
from engines.aws.account import AwsAccount
from engines.aws.driving import Ended, ended

from skyloom.deployers.aws.errors import decode
from skyloom.deployers.errors import flow_timed_out
from skyloom.flows.runner import launch

Json = Any

AT_ONCE = 16
LONGEST = 90.0
"""Seconds that a case may take on a busy machine."""


class OnAws:
    """The engine. Cases are named `file/case`."""

    def __init__(self, account: AwsAccount, folder: Path) -> None:
        self._account = account
        self._folder = folder
        self._services = AppServices(account)
        self._apps: dict[str, Future[Deployed]] = {}
        self._turns = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def running(self, names: list[str]) -> Iterator[dict[str, Future[Observed]]]:
        """Deploys and runs these cases; what is not awaited inside the block is given up at its end."""
        files: dict[str, dict[str, Case]] = {}
        for name in names:
            files.setdefault(name.partition("/")[0], {})[name] = ALL[name]
        futures: dict[str, Future[Observed]] = {name: Future() for name in names}
        deploying, running = ThreadPoolExecutor(1), ThreadPoolExecutor(AT_ONCE)
        with Audience(self._services, self._open_waits) as audience:
            try:
                for file, cases in files.items():
                    deploying.submit(self._file, file, cases, futures, running, audience)
                yield futures
            finally:
                deploying.shutdown(cancel_futures=True)
                running.shutdown(cancel_futures=True)

    def _file(
        self,
        file: str,
        cases: Mapping[str, Case],
        futures: Mapping[str, Future[Observed]],
        running: ThreadPoolExecutor,
        audience: Audience,
    ) -> None:
        try:
            deployed = deploy(self._account, self._services, FILES[file], cases.values(), self._folder)
        except Exception as problem:
            for name in cases:
                futures[name].set_exception(problem)
            return
        for name, case in cases.items():
            running.submit(_settle, futures[name], lambda case=case: self._run(case, deployed, audience))

    def _run(self, case: Case, deployed: Deployed, audience: Audience) -> Observed:
        refusal = deployed.refusals.get(case.flow.name)
        if refusal is not None:
            raise refusal
        for before in case.earlier:
            must_be(before, self._run(before, deployed, audience))
        client = self._account.client("stepfunctions")
        run = f"{case.name[:40]}-{uuid.uuid4().hex[:8]}"
        if case.approvals or case.events:
            audience.watch(run, case)
        try:
            started = client.start_execution(
                stateMachineArn=deployed.machines[case.flow.name],
                name=run,
                input=json.dumps(launch.prepare(case.flow, case.input).arguments),
            )
            end = ended(self._account, started["executionArn"], seconds=LONGEST)
        finally:
            if case.approvals or case.events:
                audience.forget(run)
        if run in audience.problems:
            raise audience.problems[run]
        events = record.histories(self._account, end.arn)
        return Observed(
            end.output, _error(case, end), record.calls(events, deployed.trace, deployed.fused), record.emitted(events)
        )

    def _open_waits(self) -> list[Json]:
        pages = self._account.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE)
        items = [item for page in pages for item in page["Items"]]
        opened = [item for item in items if item["state"]["S"] == "open"]
        opened.sort(key=lambda item: float(item["opened"]["N"]))
        names = ("id", "run", "subject")
        return [
            {**{name: item[name]["S"] for name in names}, "asked": json.loads(item["asked"]["S"])} for item in opened
        ]


def _settle(future: Future[Observed], work: Any) -> None:
    # A test that was not waited for any longer has cancelled its future.
    with contextlib.suppress(Exception):
        future.set_running_or_notify_cancel()
    try:
        future.set_result(work())
    except Exception as problem:
        future.set_exception(problem)


def _error(case: Case, end: Ended) -> tuple[str, str] | None:
    match end.status:
        case "SUCCEEDED":
            return None
        case "TIMED_OUT":
            value = flow_timed_out(case.flow.name, case.flow.program.flow.timeout)
        case "FAILED":
            value = decode(end.error, end.cause)
        case _:
            return end.status, ""
    return value.type, value.message
