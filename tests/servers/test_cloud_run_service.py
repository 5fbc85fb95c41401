"""Services of Cloud Run in the tests: real processes, one request at a time in each, nothing but what is required."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from engines.gcp.errors import WorkflowError
from engines.gcp.requests import Answer, Request
from servers.cloud_run_service import CouldNotStart, Service

from skyloom.deployers.gcp.functions import FunctionSettings, packages_of_file
from skyloom.deployers.packaging import Package, running_python

Json = Any
Start = Callable[..., Service]

WORK = """
import os
import threading
import time
from pathlib import Path

from skyloom.flows import flow, task


@task
def who(folder: str, others: int) -> list[int]:
    \"\"\"Waits until so many others run: they do only when each has an instance of its own.\"\"\"
    Path(folder, str(os.getpid())).touch()
    while len(list(Path(folder).iterdir())) < others:
        time.sleep(0.01)
    return [os.getpid(), int(threading.current_thread() is threading.main_thread())]


@task
def sleep(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@task
def leave() -> int:
    os._exit(3)


@task
def found(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


@flow
def all_of_them() -> int:
    who("", 0)
    leave()
    found("")
    return sleep(0)
"""


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """The function of all tasks of a file."""
    file = tmp_path / "work.py"
    file.write_text(WORK, encoding="utf-8")
    built = packages_of_file(file, settings=FunctionSettings(python=running_python(), pinned=False))
    (package,) = built.packages.values()
    return package


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Service] = []

    def begin(package: Package, **variables: str) -> Service:
        folder = tmp_path / f"service-{len(started)}"
        started.append(Service(package, folder, tmp_path / "libraries", variables))
        return started[-1]

    yield begin
    for service in started:
        service.close()


def ask(service: Service, task: str, timeout: float = 30, **arguments: Json) -> Answer:
    context = {"run": "run-1", "flow": "main", "step": "step", "attempt": 1}
    body = json.dumps({"task": task, "arguments": arguments, "context": context}).encode()
    return service.answer(Request("POST", "https://work.run.app/", {"Content-Type": "application/json"}, body, timeout))


def test_requests_at_once_have_an_instance_each(package: Package, start: Start, tmp_path: Path) -> None:
    service = start(package)
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    answers: list[Json] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(json.loads(ask(service, "who", folder=str(meeting), others=3).body))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({process for process, _ in answers}) == 3
    assert os.getpid() not in {process for process, _ in answers}
    assert all(in_main_thread for _, in_main_thread in answers), "deadlines are kept by signals, as in Cloud Run"
    # One after the other they need no further one.
    assert {json.loads(ask(service, "sleep", seconds=0).body) for _ in range(5)} <= {process for process, _ in answers}
    assert service.instances == 3


def test_an_instance_whose_caller_has_gone_away_is_not_asked_again(package: Package, start: Start) -> None:
    service = start(package)
    with pytest.raises(WorkflowError):
        ask(service, "sleep", seconds=20, timeout=0.3)
    asked = time.monotonic()
    assert ask(service, "sleep", seconds=0).code == 200
    assert time.monotonic() - asked < 10
    assert service.instances == 2


def test_an_instance_that_dies_answers_nothing(package: Package, start: Start) -> None:
    service = start(package)
    with pytest.raises(WorkflowError):
        ask(service, "leave")
    assert ask(service, "sleep", seconds=0).code == 200


def test_only_what_is_required_is_there(package: Package, start: Start) -> None:
    service = start(package)
    there = {
        module: json.loads(ask(service, "found", module=module).body)
        for module in ("functions_framework", "skyloom.adapters.hosts.cloud_run", "prefect", "skyloom.cli")
    }
    assert list(there.values()) == [True, True, False, False], there


def test_all_processes_end_with_the_service(package: Package, start: Start) -> None:
    service = start(package)
    process = json.loads(ask(service, "sleep", seconds=0).body)
    service.close()
    end = time.monotonic() + 10
    while Path(f"/proc/{process}").exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert not Path(f"/proc/{process}").exists()
    with pytest.raises(WorkflowError):
        ask(service, "sleep", seconds=0)


def test_a_function_that_cannot_be_loaded_says_why(package: Package, start: Start) -> None:
    files = {**package.files, "main.py": b"import nothing_of_that_name\n"}
    with pytest.raises(CouldNotStart, match="nothing_of_that_name"):
        start(Package(files=files, handler=package.handler, requires=()))
