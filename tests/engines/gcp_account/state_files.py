"""Locks and state files of Infrastructure Manager's deployments.

https://cloud.google.com/infrastructure-manager/docs/state-file
"""

from __future__ import annotations

import itertools
import uuid
from typing import Any

from engines.gcp_account.front import Answer, ApiError, Front, Json, Request, route
from engines.gcp_account.infrastructure import Deployment, Infrastructure
from engines.gcp_account.storage import moment
from engines.gcp_account.terraform.applying import read_state, state_file
from engines.gcp_account.terraform.planning import State


class StateFiles:
    """The locks and state files of the project's deployments. An address that is signed needs no token."""

    def __init__(self, front: Front, owner: Infrastructure) -> None:
        self._owner = owner
        self._signed: dict[str, tuple[Deployment, State]] = {}
        self._ids = itertools.count(1)
        one = "/v1/projects/{project}/locations/{location}/deployments/{deployment}"
        front.add(
            route("POST", one + ":lock", self._lock),
            route("POST", one + ":unlock", self._unlock),
            route("GET", one + ":exportLock", self._export_lock),
            route("POST", one + ":exportState", self._export_state),
            route("POST", one + ":importState", self._import_state),
            route("GET", "/signed/{key}", self._download),
            route("PUT", "/signed/{key}", self._upload),
        )

    def _lock(self, request: Request) -> Json:
        with self._owner.mutex:
            found = self._owner.of(request)
            self._owner.free(found)
            found.lock = next(self._ids)
            found.about["lockState"] = "LOCKED"
        return self._owner.operations.begin(found.name, "lock", "Deployment", lambda told: found.about)

    def _unlock(self, request: Request) -> Json:
        found = self._held(request)

        def work(told: dict[str, Any]) -> dict[str, Any]:
            if found.draft is not None:
                found.state, found.draft = found.draft, None
                found.serial += 1
            found.lock = None
            found.about["lockState"] = "UNLOCKED"
            return found.about

        return self._owner.operations.begin(found.name, "unlock", "Deployment", work)

    def _held(self, request: Request) -> Deployment:
        found = self._owner.of(request)
        if found.lock is None or str(request.json().get("lockId")) != str(found.lock):
            raise ApiError(400, "the lock ID does not match", "FAILED_PRECONDITION")
        return found

    def _export_lock(self, request: Request) -> Json:
        found = self._owner.of(request)
        if found.lock is None:
            raise ApiError(404, "the deployment is not locked")
        return {"lockId": str(found.lock), "operation": "lock", "createTime": moment()}

    def _export_state(self, request: Request) -> Json:
        found = self._owner.of(request)
        return {"signedUri": self._sign(request, found)}

    def _import_state(self, request: Request) -> Json:
        return {"signedUri": self._sign(request, self._held(request))}

    def _sign(self, request: Request, found: Deployment) -> str:
        key = uuid.uuid4().hex
        self._signed[key] = (found, found.state)
        return f"{request.base}/signed/{key}"

    def _download(self, request: Request) -> Answer:
        found, state = self._signed[request.names["key"]]
        return Answer(200, state_file(state, found.outputs, found.serial, found.lineage))

    def _upload(self, request: Request) -> Answer:
        found, _ = self._signed[request.names["key"]]
        found.draft = read_state(request.body)
        return Answer(200)
