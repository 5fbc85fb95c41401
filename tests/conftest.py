"""What all tests share: a folder for Skyloom's records that is not the user's, one Prefect server, one AWS account, one
Azure subscription, one Google Cloud project."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skyloom.flows.runner import server
from skyloom.flows.runner.server import ServerAddress

if TYPE_CHECKING:
    from clouds.cloud import Cloud
    from engines.aws.account import AwsAccount
    from engines.azure_account.account import AzureSubscription
    from engines.gcp_account.account import GoogleProject
    from servers.bedrock_server import BedrockServer


@pytest.fixture(scope="session", autouse=True)
def skyloom_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps tests out of `~/.skyloom`, and away from servers and accounts that the user's environment names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKYLOOM_HOME", str(tmp_path_factory.mktemp("skyloom")))
        patch.setenv("SKYLOOM_CACHE", str(_folder_of_the_run(tmp_path_factory) / "cache"))
        patch.setenv("DO_NOT_TRACK", "1")
        patch.delenv("PREFECT_API_URL", raising=False)
        yield


@pytest.fixture(scope="module", autouse=True)
def forgotten_modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forgets what a test file imported from temporary folders: the next file may use the names again."""
    yield
    folder = str(_folder_of_the_run(tmp_path_factory))
    sys.path[:] = [entry for entry in sys.path if not entry.startswith(folder)]
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(folder):
            del sys.modules[name]


def _folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """A temporary folder that all workers share, where several run parts of the tests."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def started_server(skyloom_home: None) -> Iterator[ServerAddress]:
    """A Prefect server of the tests' own, started once."""
    address = server.ensure_server(print)
    try:
        yield address
    finally:
        assert server.stop()


@pytest.fixture
def prefect_server(started_server: ServerAddress, monkeypatch: pytest.MonkeyPatch) -> ServerAddress:
    """The tests' Prefect server; runs inside the test, and in its child processes, use it."""
    monkeypatch.setenv("PREFECT_API_URL", started_server.api_url)
    return started_server


@pytest.fixture(scope="session")
def bedrock_models() -> Iterator[BedrockServer]:
    """The models of the tests' AWS account: answers depend on what is asked."""
    from servers.bedrock_server import BedrockServer

    with BedrockServer() as server:
        yield server


@pytest.fixture(scope="session")
def aws_account(tmp_path_factory: pytest.TempPathFactory, bedrock_models: BedrockServer) -> Iterator[AwsAccount]:
    """An AWS account on this machine, started once for all tests."""
    from engines.aws.account import started

    folder = tmp_path_factory.mktemp("aws")
    with started(folder, AWS_ENDPOINT_URL_BEDROCK_RUNTIME=bedrock_models.url, SFN_RETRY_SCALE="0.1") as account:
        yield account


@pytest.fixture
def aws(aws_account: AwsAccount, monkeypatch: pytest.MonkeyPatch) -> AwsAccount:
    """An empty AWS account, which SDK clients in the test and its child processes find by themselves."""
    account = aws_account.empty()
    for name, value in account.variables.items():
        monkeypatch.setenv(name, value)
    return account


@pytest.fixture(scope="session")
def azure_subscription(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureSubscription]:
    """An Azure subscription on this machine, started once for all tests."""
    from engines.azure_account.account import AzureSubscription

    subscription = AzureSubscription(tmp_path_factory.mktemp("azure"))
    yield subscription
    subscription.close()


@pytest.fixture
def azure(azure_subscription: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> AzureSubscription:
    """An empty Azure subscription, which Microsoft's SDK in tests and child processes finds by itself."""
    azure_subscription.empty()
    for name, value in azure_subscription.variables.items():
        monkeypatch.setenv(name, value)
    return azure_subscription


@pytest.fixture(scope="session")
def google_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleProject]:
    """A Google Cloud project on this machine, started once for all tests."""
    from engines.gcp_account.account import GoogleProject

    project = GoogleProject(tmp_path_factory.mktemp("google"))
    yield project
    project.close()


@pytest.fixture
def gcp(google_project: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> GoogleProject:
    """An empty Google Cloud project, which Google's libraries in tests and child processes find by themselves."""
    google_project.empty()
    for name, value in google_project.variables.items():
        monkeypatch.setenv(name, value)
    return google_project


@pytest.fixture(params=["aws", "azure", "gcp"])
def cloud(request: pytest.FixtureRequest) -> Cloud:
    """Every cloud, one after the other, each with an empty account."""
    from clouds.cloud import cloud

    return cloud(request.param, request.getfixturevalue(request.param))
