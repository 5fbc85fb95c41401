"""Long-running operations: work that goes on in a thread while clients ask how it stands."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from engines.gcp_account.front import ApiError, Front, Json, Request, route
from engines.gcp_account.storage import moment

_TYPE = "type.googleapis.com/google.cloud.config.v1."


class Operations:
    """The operations of Infrastructure Manager, by name."""

    def __init__(self, front: Front) -> None:
        self._operations: dict[str, dict[str, Any]] = {}
        front.add(route("GET", "/v1/projects/{project}/locations/{location}/operations/{operation}", self._operation))

    def begin(self, target: str, verb: str, kind: str, work: Callable[[dict[str, Any]], dict[str, Any]]) -> Json:
        """Does the work in a thread; `work` is given the operation's metadata and gives its response."""
        name = f"{target.rpartition('/')[0].rpartition('/')[0]}/operations/operation-{uuid.uuid4()}"
        metadata: dict[str, Any] = {
            "@type": _TYPE + "OperationMetadata", "target": target, "verb": verb, "createTime": moment(),
            "apiVersion": "v1",
        }  # fmt: skip
        operation: dict[str, Any] = {"name": name, "metadata": metadata, "done": False}
        self._operations[name] = operation

        def run() -> None:
            try:
                response = work(metadata)
                operation["response"] = {"@type": _TYPE + kind, **response}
            except ApiError as error:
                operation["error"] = {"code": 10 if error.code == 409 else 13, "message": error.message}
            metadata["endTime"] = moment()
            operation["done"] = True

        answered = {**operation, "metadata": {**metadata}}
        threading.Thread(target=run, daemon=True).start()
        return answered

    def _operation(self, request: Request) -> Json:
        names = request.names
        name = f"projects/{names['project']}/locations/{names['location']}/operations/{names['operation']}"
        if name not in self._operations:
            raise ApiError(404, f"Resource '{name}' was not found")
        return self._operations[name]
