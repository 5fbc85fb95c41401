"""Runs are asked for with Google's own client, over gRPC."""

from __future__ import annotations

import subprocess
import sys

import pytest
from clouds.gcp_deploys import deploy, deployer, ended
from clouds.gcp_small_app import small_bundle
from engines.gcp_account.account import GoogleProject

from skyloom.deployers.gcp.client import Google, code, translated
from skyloom.deployers.gcp.services.workflows import LONGEST_INPUT
from skyloom.errors import EngineError, InvalidInput

HOST = "SKYLOOM_GCP_EXECUTIONS_HOST"


def test_errors_come_with_the_codes_of_http(gcp: GoogleProject) -> None:
    google = Google()
    with pytest.raises(google.refused) as raised:
        google.executions.get_execution(name=f"{google.location}/workflows/none/executions/none")
    assert code(raised.value) == 404
    with pytest.raises(EngineError, match=r"refused: .* was not found \(404\)"), translated():
        google.executions.create_execution(parent=f"{google.location}/workflows/none")


def test_it_is_what_runs_go_through(gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(small_bundle())
    run = ended(deployer().start("quote", {"item": "lamp"}))
    assert (run.result, run.input) == ("1", {"item": "lamp"})
    monkeypatch.setenv(HOST, "127.0.0.1:9")
    with pytest.raises(EngineError, match=r"does not answer: .*127\.0\.0\.1:9"):
        deployer().start("quote", {"item": "lamp"})
    with pytest.raises(EngineError, match=r"does not answer: .*127\.0\.0\.1:9"):
        deployer().run(run.id)


def test_google_is_asked_with_encryption(gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(HOST)
    monkeypatch.delenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWEXECUTIONS")
    assert Google().executions.transport.host == "workflowexecutions.googleapis.com:443"
    monkeypatch.setenv(
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWEXECUTIONS", "https://executions-inside.p.googleapis.com/"
    )
    assert Google().executions.transport.host == "executions-inside.p.googleapis.com:443"


def test_an_input_that_no_run_takes_is_not_sent(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    empty = len('{"item": ""}')
    with pytest.raises(InvalidInput, match=r"SKY611 the input is 32,769 bytes, and .* 32,768 at most"):
        deployer().start("quote", {"item": "x" * (LONGEST_INPUT + 1 - empty)})
    assert ended(deployer().start("quote", {"item": "x" * (LONGEST_INPUT - empty)})).status == "done"


def test_it_is_loaded_when_runs_are_asked_for() -> None:
    loaded = "[name for name in sys.modules if name.startswith(('grpc', 'google.auth', 'google.api', 'google.cloud.'))]"
    script = f"import sys, skyloom.deployers.gcp.deployer; print({loaded})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
