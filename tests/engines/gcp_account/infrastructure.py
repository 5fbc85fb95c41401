"""Infrastructure Manager: deployments, revisions, previews, locks and state files over REST; its Terraform is
`terraform/`.

As the documentation and the types of google-cloud-config 0.7 say: one change of a deployment at a time; a revision that
fails leaves everything as far as it came, and the deployment FAILED; a preview takes the deployment's lock; nothing is
taken back. Not here: quotas, worker pools, git sources, groups of deployments, drifts, import of existing resources.
https://cloud.google.com/infrastructure-manager/docs/reference/rest
"""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.gcp_account.front import Answer, ApiError, Front, Json, Request, route
from engines.gcp_account.storage import Storage, moment
from engines.gcp_account.terraform.applying import VERSION, Applied, Failure, Terraform, read_state, state_file
from engines.gcp_account.terraform.configuration import Configuration, configuration
from engines.gcp_account.terraform.evaluation import UNKNOWN, holds_unknown
from engines.gcp_account.terraform.planning import State, Step, removal_order
from engines.gcp_account.terraform.syntax import Malformed

_TYPE = "type.googleapis.com/google.cloud.config.v1."
_BUSY = ("CREATING", "UPDATING", "DELETING")


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


class Infrastructure:
    """The deployments and previews of the project."""

    def __init__(self, front: Front, storage: Storage, terraform: Terraform) -> None:
        self._front, self._storage, self._terraform = front, storage, terraform
        self.deployments: dict[str, Deployment] = {}
        self.previews: dict[str, dict[str, Any]] = {}
        self._changes: dict[str, list[dict[str, Any]]] = {}
        self._operations: dict[str, dict[str, Any]] = {}
        self._signed: dict[str, tuple[Deployment, State]] = {}
        self._mutex = threading.RLock()
        self._ids = itertools.count(1)
        place = "/v1/projects/{project}/locations/{location}"
        one = place + "/deployments/{deployment}"
        front.add(
            route("POST", place + "/deployments", self._create),
            route("GET", place + "/deployments", self._list),
            route("GET", one, lambda request: self._of(request).about),
            route("PATCH", one, self._update),
            route("DELETE", one, self._delete),
            route("POST", one + ":lock", self._lock),
            route("POST", one + ":unlock", self._unlock),
            route("GET", one + ":exportLock", self._export_lock),
            route("POST", one + ":exportState", self._export_state),
            route("POST", one + ":importState", self._import_state),
            route("GET", one + "/revisions", self._revisions),
            route("GET", one + "/revisions/{revision}", self._revision),
            route("GET", one + "/revisions/{revision}/resources", self._resources),
            route("POST", place + "/previews", self._preview),
            route("GET", place + "/previews", lambda _: {"previews": [*self.previews.values()]}),
            route("GET", place + "/previews/{preview}", lambda request: self._preview_of(request)),
            route("DELETE", place + "/previews/{preview}", self._delete_preview),
            route("GET", place + "/previews/{preview}/resourceChanges", self._list_changes),
            route("GET", place + "/operations/{operation}", self._operation),
            route("GET", "/signed/{key}", self._download),
            route("PUT", "/signed/{key}", self._upload),
        )

    # --- operations ---

    def _begin(self, target: str, verb: str, kind: str, work: Callable[[dict[str, Any]], dict[str, Any]]) -> Json:
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

    # --- deployments ---

    def _of(self, request: Request) -> Deployment:
        found = self.deployments.get(_name(request))
        if found is None:
            raise ApiError(404, f"Resource '{_name(request)}' was not found")
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
        with self._mutex:
            if name in self.deployments:
                raise ApiError(409, f"Resource '{name}' already exists")
            about |= {"name": name, "createTime": moment(), "state": "CREATING", "lockState": "UNLOCKED"}
            made = self.deployments[name] = Deployment(name, about)
        return self._begin(name, "create", "Deployment", lambda told: self._apply(made, about, "CREATE", told))

    def _update(self, request: Request) -> Json:
        with self._mutex:
            found = self._of(request)
            self._free(found)
            found.about["state"] = "UPDATING"
        wanted = {**found.about, **request.json()}
        return self._begin(found.name, "update", "Deployment", lambda told: self._apply(found, wanted, "UPDATE", told))

    def _free(self, found: Deployment) -> None:
        if found.about["state"] in _BUSY or found.lock is not None:
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
            configured = self._configuration(blueprint)
            told["deploymentMetadata"] = {"step": "RUNNING_TF_APPLY"}
            done = self._terraform.apply(configured, found.state, self._telling(found, revision))
        except Malformed as problem:
            done = Applied(failures=[Failure("", 0, str(problem))])
        found.serial += 1
        found.outputs = done.outputs or found.outputs
        failed = bool(done.failures)
        about |= {"state": "FAILED" if failed else "APPLIED", "updateTime": moment(), "tfErrors": _errors(done)}
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

    def _configuration(self, blueprint: Mapping[str, Any]) -> Configuration:
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
        with self._mutex:
            found = self._of(request)
            self._free(found)
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
            done = Applied() if abandon else self._terraform.destroy(found.state, self._telling(found, revision))
            if done.failures:
                found.about |= {
                    "state": "FAILED", "errorCode": "DELETE_BUILD_RUN_FAILED", "tfErrors": _errors(done),
                    "stateDetail": "Terraform destroy failed", "updateTime": moment(),
                }  # fmt: skip
                found.revisions[revision]["state"] = "FAILED"
                told["deploymentMetadata"] = {"step": "FAILED"}
                return found.about
            del self.deployments[found.name]
            told["deploymentMetadata"] = {"step": "SUCCEEDED"}
            return found.about | {"state": "DELETED"}

        return self._begin(found.name, "delete", "Deployment", work)

    # --- revisions ---

    def _revisions(self, request: Request) -> Json:
        return {"revisions": [*self._of(request).revisions.values()][::-1]}

    def _revision(self, request: Request) -> Json:
        found = self._of(request)
        name = f"{found.name}/revisions/{request.names['revision']}"
        if name not in found.revisions:
            raise ApiError(404, f"Resource '{name}' was not found")
        return found.revisions[name]

    def _resources(self, request: Request) -> Json:
        found = self._of(request)
        rows = found.resources.get(f"{found.name}/revisions/{request.names['revision']}")
        if rows is None:
            raise ApiError(404, "the revision was not found")
        return {"resources": [*rows.values()]}

    # --- previews ---

    def _preview_of(self, request: Request) -> dict[str, Any]:
        name = _name(request, "previews", "preview")
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
            with self._mutex:
                deployment = self.deployments.get(about.get("deployment", ""))
                busy = deployment is not None and (deployment.about["state"] in _BUSY or deployment.lock is not None)
            if busy:
                about.update(state="FAILED", errorCode="DEPLOYMENT_LOCK_ACQUIRE_FAILED")
                return about
            try:
                steps = self._steps(about, {} if deployment is None else deployment.state)
            except Malformed as problem:
                failure = Applied(failures=[Failure("", 0, str(problem))])
                about.update(state="FAILED", errorCode="PREVIEW_BUILD_RUN_FAILED", tfErrors=_errors(failure))
                return about
            self._changes[name] = [_change(name, step) for step in steps]
            about["state"] = "SUCCEEDED"
            return about

        return self._begin(name, "create", "Preview", work)

    def _steps(self, about: Mapping[str, Any], state: State) -> list[Step]:
        if about.get("previewMode") == "DELETE":
            return [
                Step(address, state[address].type, state[address].name, "DELETE") for address in removal_order(state)
            ]
        return self._terraform.plan(self._configuration(about["terraformBlueprint"]), state)

    def _delete_preview(self, request: Request) -> Json:
        about = self._preview_of(request)
        del self.previews[about["name"]]
        return self._begin(about["name"], "delete", "Preview", lambda told: {**about, "state": "DELETED"})

    def _list_changes(self, request: Request) -> Json:
        name = self._preview_of(request)["name"]
        start = int(request.query.get("pageToken") or 0)
        rows = self._changes.get(name, [])
        page = rows[start : start + 50]
        more = {"nextPageToken": str(start + 50)} if len(rows) > start + 50 else {}
        return {"resourceChanges": page, **more}

    # --- locks and state files ---

    def _lock(self, request: Request) -> Json:
        with self._mutex:
            found = self._of(request)
            self._free(found)
            found.lock = next(self._ids)
            found.about["lockState"] = "LOCKED"
        return self._begin(found.name, "lock", "Deployment", lambda told: found.about)

    def _unlock(self, request: Request) -> Json:
        found = self._held(request)

        def work(told: dict[str, Any]) -> dict[str, Any]:
            if found.draft is not None:
                found.state, found.draft = found.draft, None
                found.serial += 1
            found.lock = None
            found.about["lockState"] = "UNLOCKED"
            return found.about

        return self._begin(found.name, "unlock", "Deployment", work)

    def _held(self, request: Request) -> Deployment:
        found = self._of(request)
        if found.lock is None or str(request.json().get("lockId")) != str(found.lock):
            raise ApiError(400, "the lock ID does not match", "FAILED_PRECONDITION")
        return found

    def _export_lock(self, request: Request) -> Json:
        found = self._of(request)
        if found.lock is None:
            raise ApiError(404, "the deployment is not locked")
        return {"lockId": str(found.lock), "operation": "lock", "createTime": moment()}

    def _export_state(self, request: Request) -> Json:
        found = self._of(request)
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


def _name(request: Request, collection: str = "deployments", key: str = "deployment") -> str:
    names = request.names
    return f"projects/{names['project']}/locations/{names['location']}/{collection}/{names[key]}"


def _errors(done: Applied) -> list[dict[str, Any]]:
    return [
        {"resourceAddress": one.address, "httpResponseCode": one.code, "errorDescription": f"Error: {one.message}"}
        for one in done.failures[:10]
    ]


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
