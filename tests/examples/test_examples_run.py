"""The examples as a user runs them: `skyloom run`, with the offline model and with an OpenAI-compatible server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.openai_server import OpenAIServer

from skyloom.flows.runner.answering import answer_approval
from skyloom.flows.runner.server import ServerAddress
from skyloom.flows.runner.store import RunStore, Wait

EXAMPLES = Path(__file__).parents[2] / "examples"
PATIENCE = 200.0
"""Seconds that a run may take on a busy machine."""

Environment = dict[str, str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture(params=["offline", "openai-compatible"])
def models(request: pytest.FixtureRequest, prefect_server: ServerAddress, home: Path) -> Iterator[Environment]:
    """The environment of a run whose prompts go to one model or the other."""
    common = {**os.environ, "PREFECT_API_URL": prefect_server.api_url, "SKYLOOM_HOME": str(home)}
    if request.param == "offline":
        yield common
        return
    with OpenAIServer() as server:
        names = {"SKYLOOM_MODEL_FAST": "ollama:small", "SKYLOOM_MODEL_SMART": "ollama:large"}
        yield {**common, **names, "SKYLOOM_OLLAMA_BASE_URL": server.url}
        assert {request.body["model"] for request in server.requests} <= {"small", "large"}


def start(example: str, flow: str, given: str, env: Environment) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "skyloom", "run", f"{example}.py:{flow}", "--input", given, "--json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=EXAMPLES / example, env=env, text=True, **pipes)  # type: ignore[call-overload,no-any-return]


def result(process: subprocess.Popen[str]) -> Any:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    document = json.loads(out)
    assert document["status"] == "done"
    return document["result"]


def test_document_pipeline(models: Environment) -> None:
    report = result(start("document_pipeline", "summarise_folder", '{"words": 6000}', models))
    names = sorted(path.name for path in (EXAMPLES / "document_pipeline" / "texts").glob("*.txt"))
    assert [document["document"] for document in report["documents"]] == names
    assert all(document["summary"] and document["titles"] for document in report["documents"])
    assert report["words"] > 75_000
    assert report["overview"]


def test_ticket_triage(models: Environment, home: Path) -> None:
    process = start("ticket_triage", "answer", "@tickets/charged_twice.json", models)
    while process.poll() is None:
        if (home / "runs.db").exists():
            for wait in RunStore(home / "runs.db").waits("approval"):
                answer_approval(RunStore(home / "runs.db"), wait.id, approved=True, comment="fine")
        time.sleep(0.2)
    reply = result(process)
    assert reply["ticket"] == "T-1042"
    assert reply["status"] in ("sent", "unanswered")


def test_urgent_tickets_wait_for_a_person_with_the_offline_model(prefect_server: ServerAddress, home: Path) -> None:
    env = {**os.environ, "PREFECT_API_URL": prefect_server.api_url, "SKYLOOM_HOME": str(home)}
    process = start("ticket_triage", "answer", "@tickets/charged_twice.json", env)
    deadline = time.time() + PATIENCE
    waits: list[Wait] = []
    while not waits:
        assert time.time() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)
        waits = RunStore(home / "runs.db").waits("approval") if (home / "runs.db").exists() else []
    assert waits[0].name == "Send this answer to Noor Haddad?"
    answer_approval(RunStore(home / "runs.db"), waits[0].id, approved=False, comment="call her")
    assert result(process) == {"ticket": "T-1042", "status": "rejected", "text": "", "reason": "call her"}


@pytest.mark.parametrize(("order", "status"), [("good", "shipped"), ("declined", "cancelled")])
def test_order_saga(order: str, status: str, models: Environment) -> None:
    receipt = result(start("order_saga", "place_order", f"@orders/{order}.json", models))
    assert receipt["status"] == status
    assert (receipt["tracking"] is not None) == (status == "shipped")
