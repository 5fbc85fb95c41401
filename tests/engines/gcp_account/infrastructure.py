"""Infrastructure Manager: deployments and revisions over REST; its Terraform is `terraform/`, its previews stand in
`previews.py`, its locks and state files in `state_files.py`.

As the documentation and the types of google-cloud-config 0.7 say: one change of a deployment at a time; a revision that
fails leaves everything as far as it came, and the deployment FAILED; a preview takes the deployment's lock; nothing is
taken back. Not here: quotas, worker pools, git sources, groups of deployments, drifts, import of existing resources.
https://cloud.google.com/infrastructure-manager/docs/reference/rest
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.gcp_account.front import ApiError, Front, Json, Request, route
from engines.gcp_account.operations import Operations
from engines.gcp_account.storage import Storage, moment
from engines.gcp_account.terraform.applying import VERSION, Applied, Failure, Terraform
from engines.gcp_account.terraform.configuration import Configuration, configuration
from engines.gcp_account.terraform.planning import State, Step
from engines.gcp_account.terraform.syntax import Malformed

LOCATIONS = ("europe-west1", "europe-west3", "us-central1")
"""Some of those that there are. https://cloud.google.com/infrastructure-manager/docs/locations"""
BUSY = ("CREATING", "UPDATING", "DELETING")


@dataclass
class Deployment:
    """A deployment with its state, and what belongs to it by id."""

    name: str
    about: dict[str, Any]
    state: State = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    revisions: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    serial: int = 0
    lineage: str = field(default_factory=lambda: str(uuid.uuid4()))
    lock: int | None = None
    draft: State | None = None


def _location(region: str) -> Json:
    return {"name": f"projects/tests/locations/{region}", "locationId": region}


class Infrastructure:
    """The deployments of the project."""

    def __init__(self, front: Front, storage: Storage, terraform: Terraform) -> None:
        self._storage, self.terraform = storage, terraform
        self.deployments: dict[str, Deployment] = {}
        self.operations = Operations(front)
        self.mutex = threading.RLock()
        place = "/v1/projects/{project}/locations/{location}"
        one = place + "/deployments/{deployment}"
        front.add(
            route("POST", place + "/deployments", self._create),
            route("GET", place + "/deployments", self._list),
            route("GET", "/v1/projects/{project}/locations", lambda _: {"locations": [*map(_location, LOCATIONS)]}),
            route("GET", one, lambda request: self.of(request).about),
            route("PATCH", one, self._update),
            route("DELETE", one, self._delete),
            route("GET", one + "/revisions", self._revisions),
            route("GET", one + "/revisions/{revision}", self._revision),
            route("GET", one + "/revisions/{revision}/resources", self._resources),
        )

    # --- deployments ---

    def of(self, request: Request) -> Deployment:
        """The deployment that a request is about. Raises ApiError (404)."""
        found = self.deployments.get(named(request))
        if found is None:
            raise ApiError(404, f"Resource '{named(request)}' was not found")
        return found

    def _list(self, request: Request) -> Json:
        start = f"projects/{request.names['project']}/locations/{request.names['location']}/"
        return {"deployments": [one.about for name, one in self.deployments.items() if name.startswith(start)]}

    def _create(self, request: Request) -> Json:
        names = request.names
        name = f"projects/{names['project']}/locations/{names['location']}/deployments/{request.query['deploymentId']}"
        about = request.json()
        if not about.get("serviceAccount"):
            raise ApiError(400, "service_account is required")
        with self.mutex:
            if name in self.deployments:
                raise ApiError(409, f"Resource '{name}' already exists")
            about |= {"name": name, "createTime": moment(), "state": "CREATING", "lockState": "UNLOCKED"}
            made = self.deployments[name] = Deployment(name, about)
        return self.operations.begin(
            name, "create", "Deployment", lambda told: self._apply(made, about, "CREATE", told)
        )

    def _update(self, request: Request) -> Json:
        with self.mutex:
            found = self.of(request)
            self.free(found)
            found.about["state"] = "UPDATING"
        wanted = {**found.about, **request.json()}
        return self.operations.begin(
            found.name, "update", "Deployment", lambda told: self._apply(found, wanted, "UPDATE", told)
        )

    def free(self, found: Deployment) -> None:
        """Raises ApiError (409) where a change of the deployment is under way, or it is locked."""
        if found.about["state"] in BUSY or found.lock is not None:
            raise ApiError(409, f"unable to queue the operation: {found.name} is being changed or locked", "ABORTED")

    def _apply(self, found: Deployment, wanted: dict[str, Any], action: str, told: dict[str, Any]) -> dict[str, Any]:
        revision = f"{found.name}/revisions/r-{len(found.revisions)}"
        blueprint = wanted["terraformBlueprint"]
        about = {
            "name": revision, "createTime": moment(), "action": action, "state": "APPLYING", "tfVersion": VERSION,
            "terraformBlueprint": blueprint, "serviceAccount": wanted["serviceAccount"],
        }  # fmt: skip
        found.revisions[revision] = about
        found.resources[revision] = {}
        found.about |= {key: wanted[key] for key in ("annotations", "labels", "terraformBlueprint") if key in wanted}
        found.about["latestRevision"] = revision
        try:
            told["deploymentMetadata"] = {"step": "DOWNLOADING_BLUEPRINT"}
            configured = self.configuration(blueprint)
            told["deploymentMetadata"] = {"step": "RUNNING_TF_APPLY"}
            done = self.terraform.apply(configured, found.state, self._telling(found, revision))
        except Malformed as problem:
            done = Applied(failures=[Failure("", 0, str(problem))])
        found.serial += 1
        found.outputs = done.outputs or found.outputs
        failed = bool(done.failures)
        about |= {"state": "FAILED" if failed else "APPLIED", "updateTime": moment(), "tfErrors": errors(done)}
        if failed:
            about |= {"errorCode": "APPLY_BUILD_RUN_FAILED", "stateDetail": "Terraform apply failed"}
        about["applyResults"] = {
            "outputs": {name: {"sensitive": False, "value": value} for name, value in done.outputs.items()}
        }
        found.about |= {
            "state": "FAILED" if failed else "ACTIVE",
            "updateTime": moment(),
            "stateDetail": f"Failed to apply revision {revision}" if failed else "",
            "errorCode": "REVISION_FAILED" if failed else "ERROR_CODE_UNSPECIFIED",
        }
        told["deploymentMetadata"] = {"step": "FAILED" if failed else "SUCCEEDED"}
        return found.about

    def configuration(self, blueprint: Mapping[str, Any]) -> Configuration:
        """What lies in the folder of a blueprint. Raises Malformed."""
        source = blueprint["gcsSource"].removeprefix("gs://").partition("#")[0]
        bucket, _, folder = source.partition("/")
        prefix = f"{folder.rstrip('/')}/"
        objects = self._storage.bucket(bucket).objects
        files = {
            name.removeprefix(prefix): stored.body.decode()
            for name, stored in objects.items()
            if name.startswith(prefix)
        }
        given = {name: value["inputValue"] for name, value in blueprint.get("inputValues", {}).items()}
        return configuration(files, given)

    def _telling(self, found: Deployment, revision: str) -> Callable[[Step, str], None]:
        def told(step: Step, state: str) -> None:
            instance = found.state.get(step.address)
            found.resources[revision][step.address] = {
                "name": f"{revision}/resources/{step.address.replace('.', '-')}",
                "terraformInfo": {
                    "address": step.address,
                    "type": step.type,
                    "id": instance.attributes.get("id", "") if instance else "",
                },
                "intent": step.intent,
                "state": "RECONCILED" if step.intent == "UNCHANGED" else state,
            }

        return told

    def _delete(self, request: Request) -> Json:
        if request.query.get("force", "").lower() != "true":
            raise ApiError(400, "the deployment has revisions: force is needed", "FAILED_PRECONDITION")
        with self.mutex:
            found = self.of(request)
            self.free(found)
            found.about["state"] = "DELETING"
        abandon = request.query.get("deletePolicy") == "ABANDON"

        def work(told: dict[str, Any]) -> dict[str, Any]:
            told["deploymentMetadata"] = {"step": "RUNNING_TF_DESTROY"}
            revision = f"{found.name}/revisions/r-{len(found.revisions)}"
            found.revisions[revision] = {
                "name": revision,
                "action": "DELETE",
                "state": "APPLYING",
                "createTime": moment(),
            }
            found.resources[revision] = {}
            found.about["latestRevision"] = revision
            done = Applied() if abandon else self.terraform.destroy(found.state, self._telling(found, revision))
            if done.failures:
                found.about |= {
                    "state": "FAILED", "errorCode": "DELETE_BUILD_RUN_FAILED", "tfErrors": errors(done),
                    "stateDetail": "Terraform destroy failed", "updateTime": moment(),
                }  # fmt: skip
                found.revisions[revision]["state"] = "FAILED"
                told["deploymentMetadata"] = {"step": "FAILED"}
                return found.about
            del self.deployments[found.name]
            told["deploymentMetadata"] = {"step": "SUCCEEDED"}
            return found.about | {"state": "DELETED"}

        return self.operations.begin(found.name, "delete", "Deployment", work)

    # --- revisions ---

    def _revisions(self, request: Request) -> Json:
        return {"revisions": [*self.of(request).revisions.values()][::-1]}

    def _revision(self, request: Request) -> Json:
        found = self.of(request)
        name = f"{found.name}/revisions/{request.names['revision']}"
        if name not in found.revisions:
            raise ApiError(404, f"Resource '{name}' was not found")
        return found.revisions[name]

    def _resources(self, request: Request) -> Json:
        found = self.of(request)
        rows = found.resources.get(f"{found.name}/revisions/{request.names['revision']}")
        if rows is None:
            raise ApiError(404, "the revision was not found")
        return {"resources": [*rows.values()]}


def named(request: Request) -> str:
    """The name of the deployment that a request is about."""
    names = request.names
    return f"projects/{names['project']}/locations/{names['location']}/deployments/{names['deployment']}"


def errors(done: Applied) -> list[dict[str, Any]]:
    """What failed, as the API tells it."""
    return [
        {"resourceAddress": one.address, "httpResponseCode": one.code, "errorDescription": f"Error: {one.message}"}
        for one in done.failures[:10]
    ]
