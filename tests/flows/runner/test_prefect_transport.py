"""Requests to a Prefect server at the same time, and what a run makes of answers and connections that it loses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from skyloom.errors import EngineError
from skyloom.flows import Retry, flow, parallel, task
from skyloom.flows.runner import launch
from skyloom.flows.runner.prefect_transport import SendsAgain
from skyloom.flows.runner.server import ServerAddress
from skyloom.flows.runner.store import RunStore

BUSY, LATER = httpx.codes.SERVICE_UNAVAILABLE, {"Retry-After": "7"}
CALLS: list[int] = []


@task(retry=Retry(attempts=1))
def once(number: int) -> int:
    CALLS.append(number)
    return number + 1


@flow
def below(number: int) -> int:
    return once(number)


@flow
def side_by_side(number: int) -> list[int]:
    return list(parallel(below(number), below(number + 10), below(number + 20)))


class Body(httpx.AsyncByteStream):
    """An answer's body, which knows whether it was read and closed."""

    def __init__(self) -> None:
        self.read = self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.read = True
        yield b"{}"

    async def aclose(self) -> None:
        self.closed = True


class Way(httpx.AsyncBaseTransport):
    """Answers with one status after the other, the last one for ever."""

    def __init__(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        self.statuses, self.headers = list(statuses), headers
        self.asked: list[bytes] = []
        self.bodies: list[Body] = []
        self.open: bool | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(await request.aread())
        self.bodies.append(Body())
        status = self.statuses[min(len(self.asked), len(self.statuses)) - 1]
        return httpx.Response(status, headers=self.headers, stream=self.bodies[-1])

    async def __aenter__(self) -> Way:
        self.open = True
        return self

    async def aclose(self) -> None:
        self.open = False


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; none takes time."""
    made: list[float] = []

    async def pause(seconds: float) -> None:
        made.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", pause)
    return made


def sent(way: Way) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=SendsAgain(way)) as http:
            assert way.open
            return await http.post("http://prefect/task_runs/", json={"name": "x"})

    answer = asyncio.run(send())
    assert way.open is False
    return answer


def test_what_the_server_was_busy_for_is_sent_again(pauses: list[float]) -> None:
    way = Way(BUSY, BUSY, 201)
    assert sent(way).status_code == 201
    assert way.asked == [b'{"name":"x"}'] * 3
    assert 0.01 <= pauses[0] <= 0.02 <= pauses[1] <= 0.04
    # A connection whose answer was read to its end would be used again, and the server closes these.
    assert [(body.read, body.closed) for body in way.bodies] == [(False, True), (False, True), (True, True)]


def test_a_server_that_stays_busy_says_so_in_the_end(pauses: list[float]) -> None:
    way = Way(BUSY)
    assert sent(way).status_code == BUSY
    assert (len(way.asked), len(pauses)) == (14, 13)
    assert sum(pauses) < 5


@pytest.mark.parametrize("way", [Way(BUSY, 201, headers=LATER), Way(500, 201), Way(409, 201)])
def test_other_answers_are_left_as_they_are(way: Way, pauses: list[float]) -> None:
    assert sent(way).status_code != 201
    assert (len(way.asked), pauses) == (1, [])


def test_requests_at_the_same_time_wait_for_each_other(started_server: ServerAddress) -> None:
    async def post_all() -> list[int]:
        async with httpx.AsyncClient(base_url=started_server.api_url, timeout=60) as http:
            made = (await http.post("/flows/", json={"name": f"crowded-{uuid4()}"})).json()

            async def post(number: int) -> int:
                body = {"flow_id": made["id"], "name": f"run-{number}", "state": {"type": "PENDING"}}
                return (await http.post("/flow_runs/", json=body)).status_code

            return await asyncio.gather(*map(post, range(40)))

    assert asyncio.run(post_all()) == [201] * 40


def test_the_server_keeps_connections_for_longer_than_clients_use_them(started_server: ServerAddress) -> None:
    from prefect.client.orchestration import PrefectClient

    kept: Any = PrefectClient(started_server.api_url)._client._transport
    settings = httpx.get(f"{started_server.api_url}/admin/settings").json()
    assert settings["server"]["api"]["keepalive_timeout"] > kept._pool._keepalive_expiry > 0


def losing(monkeypatch: pytest.MonkeyPatch, path: str, times: int) -> list[str]:
    """Loses the connection of so many requests to a path, once the server has done what they ask for."""
    lost: list[str] = []
    handle = httpx.AsyncHTTPTransport.handle_async_request

    async def handled(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        answer = await handle(self, request)
        if request.url.path.endswith(path) and len(lost) < times:
            lost.append(path)
            await answer.aclose()
            raise httpx.ReadError("")
        return answer

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handled)
    return lost


def test_a_run_goes_on_where_a_connection_is_lost(
    recorded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CALLS.clear()
    lost = losing(monkeypatch, "/task_runs/", 1)
    run = launch.start(launch.prepare(side_by_side, {"number": 1}), store=RunStore(tmp_path / "runs.db"))
    assert (lost, run.status, run.result, sorted(CALLS)) == (["/task_runs/"], "done", [2, 12, 22], [1, 11, 21])
    # The request was sent twice, and what it asks for was made once.
    assert len(recorded.flow_runs(run.id)) == 4
    names = [found["name"] for found in recorded.task_runs(run.engine_run)]
    assert sorted(names) == ["parallel.0/below", "parallel.1/below_2", "parallel.2/below_3"]


def test_an_error_without_words_is_told_by_its_name(
    prefect_server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losing(monkeypatch, "/flow_runs/", 1)
    monkeypatch.setenv("PREFECT_CLIENT_MAX_RETRIES", "0")
    from skyloom.flows.runner import prefect_settings

    prefect_settings._settings.cache_clear()
    try:
        with pytest.raises(EngineError, match=r"Prefect at \S+ failed: ReadError$"):
            launch.start(launch.prepare(below, {"number": 1}), store=RunStore(tmp_path / "runs.db"))
    finally:
        prefect_settings._settings.cache_clear()
