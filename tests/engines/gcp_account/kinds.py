"""What Terraform's Google provider makes in the local Google Cloud: the types of resources that do something.

Further ones stand in `kinds_*.py`, those that only are there or not in `kinds_inert.py`. An argument that another value
of which makes another resource is `fixed`, as the provider's documentation says ("changing this creates a new ...").
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.gcp_account.executions import Executions, Workflow
from engines.gcp_account.front import ApiError
from engines.gcp_account.functions import Deployed, Functions
from engines.gcp_account.storage import Storage
from engines.gcp_account.terraform.kinds import Attributes, Refused
from engines.gcp_account.terraform.planning import AfterApply


def block(given: Attributes, name: str) -> Attributes:
    """A nested block, written as an object or as a list of one; empty where it is missing."""
    value = given.get(name) or {}
    found: Attributes = value[0] if isinstance(value, list) else value
    return found


@dataclass(frozen=True)
class Made:
    """A kind of four functions. `make` makes it or changes it: all its attributes."""

    make: Callable[[Attributes, Attributes | None], Attributes]
    unmake: Callable[[Attributes], None]
    there: Callable[[Attributes], bool]
    fixed: frozenset[str] = frozenset()
    volatile: frozenset[str] = frozenset()
    early: Callable[[Attributes, Attributes], Attributes] = lambda given, before: {}

    def create(self, given: Attributes) -> Attributes:
        return self._made(given, None)

    def update(self, given: Attributes, before: Attributes) -> Attributes:
        return self._made(given, before)

    def _made(self, given: Attributes, before: Attributes | None) -> Attributes:
        try:
            return self.make(given, before)
        except ApiError as error:
            raise Refused(error.code, f"googleapi: Error {error.code}: {error.message}") from None
        except KeyError as missing:
            raise Refused(400, f"Missing required argument: {missing}") from None

    def delete(self, before: Attributes) -> None:
        try:
            self.unmake(before)
        except ApiError as error:
            if error.code != 404:
                raise Refused(error.code, f"googleapi: Error {error.code}: {error.message}") from None

    def exists(self, before: Attributes) -> bool:
        return self.there(before)

    def known(self, given: Attributes, before: Attributes) -> Attributes:
        return self.early(given, before)


def forget(kept: dict[str, Any], before: Attributes) -> None:
    """What was kept of a resource is gone."""
    kept.pop(before["id"], None)


def bucket(storage: Storage) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = given["name"].lower()
        if before is None:
            storage.make(name, {"location": given["location"], "labels": given.get("labels") or {}})
        return {
            **given,
            "id": name,
            "name": name,
            "url": f"gs://{name}",
            "self_link": f"https://www.googleapis.com/storage/v1/b/{name}",
        }

    def unmake(before: Attributes) -> None:
        storage.unmake(before["name"], force=bool(before.get("force_destroy")))

    return Made(
        make, unmake, lambda before: before["name"] in storage.buckets, frozenset({"name", "location", "project"})
    )


def function(functions: Functions, storage: Storage, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        build, service = block(given, "build_config"), block(given, "service_config")
        source = block(block(build, "source"), "storage_source")
        stored = storage.bucket(source["bucket"]).objects.get(source["object"])
        if stored is None:
            raise ApiError(404, f"No such object: {source['bucket']}/{source['object']}")
        if before is None and given["name"] in functions.names:
            raise ApiError(409, f"function {given['name']} already exists")
        functions.deploy(
            Deployed(
                name=given["name"],
                source=stored.body,
                entry=build["entry_point"],
                environment={str(k): str(v) for k, v in service.get("environment_variables", {}).items()},
                account=service.get("service_account_email", ""),
                timeout=float(service.get("timeout_seconds", 60)),
            )
        )
        uri = functions.address(given["name"])
        place = f"projects/{project}/locations/{given['location']}"
        computed = {**service, "uri": uri, "service": f"{place}/services/{given['name']}"}
        return {
            **given,
            "id": f"{place}/functions/{given['name']}",
            "url": uri,
            "state": "ACTIVE",
            "service_config": [computed],
            "project": project,
        }

    return Made(
        make,
        lambda before: functions.remove(before["name"]),
        lambda before: before["name"] in functions.names,
        frozenset({"name", "location", "project"}),
        early=lambda given, before: {
            "service_config": [AfterApply({**block(before, "service_config"), **block(given, "service_config")})]
        },
    )


def workflow(executions: Executions, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name, region = given["name"], given["region"]
        if before is None and name in executions.workflows:
            raise ApiError(409, f"Resource 'projects/{project}/locations/{region}/workflows/{name}' already exists")
        environment = {str(key): str(value) for key, value in (given.get("user_env_vars") or {}).items()}
        revision = executions.deploy(
            Workflow(name, given["source_contents"], environment, given.get("service_account", ""))
        )
        return {
            **given,
            "id": f"projects/{project}/locations/{region}/workflows/{name}",
            "state": "ACTIVE",
            "revision_id": revision,
            "project": project,
        }

    def unmake(before: Attributes) -> None:
        if before.get("deletion_protection", True):
            raise ApiError(
                400, "cannot destroy workflow without setting deletion_protection=false and running `terraform apply`"
            )
        executions.remove(before["name"])

    return Made(
        make, unmake, lambda before: before["name"] in executions.workflows, frozenset({"name", "region", "project"}),
        frozenset({"revision_id"}),
    )  # fmt: skip


def random_id() -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        hex_ = secrets.token_hex(int(given["byte_length"]))
        return {**given, "id": hex_, "hex": hex_, "b64_url": hex_, "dec": str(int(hex_, 16))}

    return Made(make, lambda before: None, lambda before: True, frozenset({"byte_length", "keepers", "prefix"}))
