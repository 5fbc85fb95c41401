"""What all tests share: a folder for Skyloom's records that is not the user's, and one Prefect server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from skyloom.flows.runner import server
from skyloom.flows.runner.server import ServerAddress


@pytest.fixture(scope="session", autouse=True)
def skyloom_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps tests out of `~/.skyloom`, and away from a server that the user's environment names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKYLOOM_HOME", str(tmp_path_factory.mktemp("skyloom")))
        patch.setenv("DO_NOT_TRACK", "1")
        patch.delenv("PREFECT_API_URL", raising=False)
        yield


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
