"""Orchestrations, through the HTTP API that Durable Functions serves in every function app.

https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.refusals import status

_PATH = "runtime/webhooks/durabletask/instances"
_MORE = "x-ms-continuation-token"
_PAGE = "100"


class Instances:
    """The orchestrations of an app."""

    def __init__(self, azure: Azure, deployed: Deployed) -> None:
        self._azure, self._deployed = azure, deployed

    def get(self, id_: str, *, history: bool = False) -> Mapping[str, Any] | None:
        """An orchestration; None where there is none of that id."""
        query = {"showInput": "true"}
        if history:
            query |= {"showHistory": "true", "showHistoryOutput": "true"}
        try:
            found: Mapping[str, Any] = self._call("GET", f"/{quote(id_, safe='')}", query)[0]
        except self._azure.refused as error:
            if status(error) == 404:
                return None
            raise
        return found

    def listed(self, **query: str) -> Iterator[Mapping[str, Any]]:
        """Orchestrations, in no order that is promised, page after page."""
        more: dict[str, str] = {}
        while True:
            found, headers = self._call("GET", "", {"top": _PAGE, "showInput": "false", **query}, more)
            yield from found or []
            if not headers.get(_MORE):
                return
            more = {_MORE: headers[_MORE]}

    def since(self, moment: float) -> Iterator[Mapping[str, Any]]:
        """Orchestrations that began since then, in seconds since the epoch."""
        began = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return self.listed(createdTimeFrom=began)

    def terminate(self, id_: str) -> bool:
        """Stops an orchestration where it stands; False where it has ended already."""
        try:
            self._call("POST", f"/{quote(id_, safe='')}/terminate", {"reason": "cancelled"})
        except self._azure.refused as error:
            if status(error) in (404, 410):
                return False
            raise
        return True

    def _call(
        self, method: Any, path: str, query: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> tuple[Any, Mapping[str, str]]:
        address = f"{self._deployed.main.host}/{_PATH}{path}"
        return self._azure.app(method, address, self._deployed.keys.durable, query=query, headers=headers)
