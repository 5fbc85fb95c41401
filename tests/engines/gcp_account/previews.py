"""Previews of Infrastructure Manager: what a change of a deployment would do. One takes the deployment's lock."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from engines.gcp_account.front import ApiError, Front, Json, Request, route
from engines.gcp_account.infrastructure import BUSY, Infrastructure, errors
from engines.gcp_account.storage import moment
from engines.gcp_account.terraform.applying import Applied, Failure
from engines.gcp_account.terraform.evaluation import UNKNOWN, holds_unknown
from engines.gcp_account.terraform.planning import State, Step, removal_order
from engines.gcp_account.terraform.syntax import Malformed


class Previews:
    """The previews of the project, by name."""

    def __init__(self, front: Front, owner: Infrastructure) -> None:
        self._owner = owner
        self.previews: dict[str, dict[str, Any]] = {}
        self._changes: dict[str, list[dict[str, Any]]] = {}
        self._ids = itertools.count(1)
        place = "/v1/projects/{project}/locations/{location}/previews"
        one = place + "/{preview}"
        front.add(
            route("POST", place, self._preview),
            route("GET", place, lambda _: {"previews": [*self.previews.values()]}),
            route("GET", one, self._preview_of),
            route("DELETE", one, self._delete_preview),
            route("GET", one + "/resourceChanges", self._list_changes),
        )

    def _preview_of(self, request: Request) -> dict[str, Any]:
        names = request.names
        name = f"projects/{names['project']}/locations/{names['location']}/previews/{names['preview']}"
        if name not in self.previews:
            raise ApiError(404, f"Resource '{name}' was not found")
        return self.previews[name]

    def _preview(self, request: Request) -> Json:
        names = request.names
        key = request.query.get("previewId") or f"preview-{next(self._ids)}"
        name = f"projects/{names['project']}/locations/{names['location']}/previews/{key}"
        about = {**request.json(), "name": name, "createTime": moment(), "state": "CREATING"}
        if name in self.previews:
            raise ApiError(409, f"Resource '{name}' already exists")
        self.previews[name] = about

        def work(told: dict[str, Any]) -> dict[str, Any]:
            told["previewMetadata"] = {"step": "RUNNING_TF_PLAN"}
            with self._owner.mutex:
                deployment = self._owner.deployments.get(about.get("deployment", ""))
                busy = deployment is not None and (deployment.about["state"] in BUSY or deployment.lock is not None)
            if busy:
                about.update(state="FAILED", errorCode="DEPLOYMENT_LOCK_ACQUIRE_FAILED")
                return about
            try:
                steps = self._steps(about, {} if deployment is None else deployment.state)
            except Malformed as problem:
                failure = Applied(failures=[Failure("", 0, str(problem))])
                about.update(state="FAILED", errorCode="PREVIEW_BUILD_RUN_FAILED", tfErrors=errors(failure))
                return about
            self._changes[name] = [_change(name, step) for step in steps]
            about["state"] = "SUCCEEDED"
            return about

        return self._owner.operations.begin(name, "create", "Preview", work)

    def _steps(self, about: Mapping[str, Any], state: State) -> list[Step]:
        if about.get("previewMode") == "DELETE":
            return [
                Step(address, state[address].type, state[address].name, "DELETE") for address in removal_order(state)
            ]
        return self._owner.terraform.plan(self._owner.configuration(about["terraformBlueprint"]), state)

    def _delete_preview(self, request: Request) -> Json:
        about = self._preview_of(request)
        del self.previews[about["name"]]
        return self._owner.operations.begin(
            about["name"], "delete", "Preview", lambda told: {**about, "state": "DELETED"}
        )

    def _list_changes(self, request: Request) -> Json:
        name = self._preview_of(request)["name"]
        start = int(request.query.get("pageToken") or 0)
        rows = self._changes.get(name, [])
        page = rows[start : start + 50]
        more = {"nextPageToken": str(start + 50)} if len(rows) > start + 50 else {}
        return {"resourceChanges": page, **more}


_ACTIONS = {
    "CREATE": ["create"],
    "UPDATE": ["update"],
    "DELETE": ["delete"],
    "RECREATE": ["delete", "create"],
    "UNCHANGED": ["no-op"],
}


def _change(preview: str, step: Step) -> dict[str, Any]:
    return {
        "name": f"{preview}/resourceChanges/{step.address.replace('.', '-')}",
        "terraformInfo": {
            "address": step.address,
            "type": step.type,
            "resourceName": step.name,
            "provider": "registry.terraform.io/hashicorp/google",
            "actions": _ACTIONS[step.intent],
        },
        "intent": step.intent,
        "propertyChanges": [
            {"path": path, "before": before, "after": None if holds_unknown(after) or after is UNKNOWN else after}
            for path, (before, after) in step.changed.items()
        ],
    }
