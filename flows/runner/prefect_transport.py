"""The way to a Prefect server on SQLite: what its database was too busy for is sent again at once.

A request that reads before it writes fails in SQLite, without waiting, when another one writes meanwhile. Prefect's
server answers 503 then, and its client would wait 2, 4, 8, 16, ... seconds for what is over in milliseconds.
"""

from __future__ import annotations

import asyncio
import random

import httpx
from prefect.client.orchestration import PrefectClient

_PAUSES = (0.02, 0.04, 0.08, 0.16, 0.32, *[0.5] * 8)
"""Seconds before each further attempt, at most: 4.6 in all. Then Prefect's client waits as it always does."""


def send_again_when_busy(client: PrefectClient) -> None:
    """Has a client that is not open yet send again by itself; what it sends through a proxy it does not."""
    http = client._client
    http._transport = SendsAgain(http._transport)


class SendsAgain(httpx.AsyncBaseTransport):
    """A transport that hides an answer 503 (busy) while later attempts may do better.

    Nothing is written twice: what was answered 503 has been rolled back. A server that says itself when it wants to be
    asked again (`Retry-After`) is left to Prefect's client.
    """

    def __init__(self, way: httpx.AsyncBaseTransport) -> None:
        self._way = way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for pause in _PAUSES:
            answer = await self._way.handle_async_request(request)
            if not _is_busy(answer):
                return answer
            # The server closes the connection behind such an answer; what is read to its end would be used again.
            await answer.aclose()
            # Those that met each other shall not meet again.
            await asyncio.sleep(random.uniform(0.5, 1) * pause)
        return await self._way.handle_async_request(request)

    async def __aenter__(self) -> SendsAgain:
        await self._way.__aenter__()
        return self

    async def aclose(self) -> None:
        await self._way.aclose()


def _is_busy(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "Retry-After" not in answer.headers
