"""A local Google Cloud: one project in one region, all its services behind one HTTP server.

What it is: Infrastructure Manager with a Terraform of the tests' own, Cloud Storage, Workflows with executions and
callbacks, Cloud Run functions as processes, Pub/Sub with push, API Gateway, Logging, KMS (MAC), Secret Manager, tokens
and metadata servers, and IAM where service accounts of apps call. What each of them leaves out stands in its module.
It was written from Google's documentation and has never been compared with Google Cloud itself.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from engines.gcp_account import kinds, kinds_access, kinds_gateway, kinds_messages
from engines.gcp_account.executions import Engine, Executions
from engines.gcp_account.executions_grpc import ExecutionsServer
from engines.gcp_account.front import Front, Json, Request, route
from engines.gcp_account.functions import Functions
from engines.gcp_account.gateway import Gateways
from engines.gcp_account.identity import Identity, Keys, Secrets
from engines.gcp_account.infrastructure import Infrastructure
from engines.gcp_account.kinds_inert import inert
from engines.gcp_account.logs import Logs
from engines.gcp_account.names import PROJECT, REGION
from engines.gcp_account.own_terraform import OwnTerraform
from engines.gcp_account.permissions import Permissions
from engines.gcp_account.previews import Previews
from engines.gcp_account.pubsub import PubSub
from engines.gcp_account.state_files import StateFiles
from engines.gcp_account.storage import PROJECT_NUMBER, Storage
from engines.gcp_account.terraform.applying import Terraform
from engines.gcp_account.terraform.kinds import Inert, Kind, Refused
from engines.gcp_account.terraform.planning import Intent


@dataclass
class Trouble:
    """A change that is to fail, or to wait until it is released. `what` is an address or a type."""

    what: str
    message: str = ""
    code: int = 500
    hold: bool = False
    times: int = 1


class Cloud:
    """The project. Everything in it is gone with it."""

    def __init__(self, engine: Engine, port: int = 0) -> None:
        self.front = Front()
        self.front.listen("apis", port=port)
        self.permissions = Permissions()
        self.storage = Storage(self.front, self.permissions)
        self.identity = Identity(self.front, PROJECT)
        self.functions = Functions(self.front, self.permissions, self.identity.metadata)
        self.logs = Logs(self.front, PROJECT)
        self.functions.log = self.logs.wrote
        self.pubsub = PubSub(self.front, self.permissions)
        self.keys = Keys(self.front, self.permissions)
        self.secrets = Secrets(self.front, self.permissions)
        self.gateways = Gateways(self.front)
        self.executions = Executions(self.front, self.permissions, engine, PROJECT, REGION)
        self._inert = inert(PROJECT, REGION)
        self.infrastructure = Infrastructure(self.front, self.storage, Terraform(self._kinds(), self._guard))
        self.previews = Previews(self.front, self.infrastructure)
        self.state_files = StateFiles(self.front, self.infrastructure)
        self.grpc = ExecutionsServer(self.front)
        self.own_terraform = OwnTerraform(self.front, self.storage, self.infrastructure.terraform)
        self._troubles: list[Trouble] = []
        self._released = threading.Condition()
        self.front.add(
            route("GET", "/tests/inventory", lambda _: self.inventory()),
            route("POST", "/tests/trouble", self._trouble),
            route("DELETE", "/tests/trouble", self._release),
            route("POST", "/tests/empty", lambda _: self.empty()),
            route("GET", "/tests/requests", lambda _: self.functions.requests),
            route("GET", "/tests/published", lambda _: [[topic, asdict(one)] for topic, one in self.pubsub.published]),
            route("GET", "/tests/functions/{name}", lambda request: self.functions.address(request.names["name"])),
            route("POST", "/tests/secrets/{name=**}", self._secret),
            route("GET", "/v1/projects/{project}", self._project),
        )

    @property
    def address(self) -> str:
        return self.front.address("apis")

    def close(self) -> None:
        self.grpc.close()
        self.pubsub.close()
        self.functions.close()
        self.front.close()

    # --- what apps are made of ---

    def _kinds(self) -> Mapping[str, Kind]:
        def member(resource: str, of: str = "") -> kinds.Made:
            return kinds_access.member(self.permissions, resource, of)

        project = Inert(
            "{project}", defaults={"project": PROJECT}, also={"number": PROJECT_NUMBER, "project_id": PROJECT}
        )
        agent = Inert("agent", also={"email_address": "agent@tests", "member": "serviceAccount:agent@tests"})
        return {
            **self._inert,
            "data.google_project": _Data(project),
            "data.google_storage_project_service_account": _Data(agent),
            "google_api_gateway_api_config": kinds_gateway.api_config(self.gateways, PROJECT),
            "google_api_gateway_gateway": kinds_gateway.gateway(self.gateways, PROJECT),
            "google_artifact_registry_repository_iam_member": member("{repository}", "repository"),
            "google_cloud_run_service_iam_member": member("run/{service}", "service"),
            "google_cloud_run_v2_service_iam_member": member("run/{name}", "name"),
            "google_cloud_scheduler_job": kinds_messages.schedule(self.front, PROJECT),
            "google_cloudfunctions2_function": kinds.function(self.functions, self.storage, PROJECT),
            "google_cloudfunctions2_function_iam_member": member("run/{cloud_function}", "cloud_function"),
            "google_kms_crypto_key": kinds_access.crypto_key(self.keys),
            "google_kms_crypto_key_iam_member": member("{crypto_key_id}", "crypto_key_id"),
            "google_project_iam_custom_role": kinds_access.custom_role(self.permissions, PROJECT),
            "google_project_iam_member": member("project"),
            "google_pubsub_subscription": kinds_messages.subscription(self.pubsub, PROJECT),
            "google_pubsub_subscription_iam_member": member("{subscription}", "subscription"),
            "google_pubsub_topic": kinds_messages.topic(self.pubsub, PROJECT),
            "google_pubsub_topic_iam_member": member("{topic}", "topic"),
            "google_secret_manager_secret": kinds_access.secret(self.secrets, PROJECT),
            "google_secret_manager_secret_iam_member": member("{secret_id}", "secret_id"),
            "google_service_account": kinds_access.account(self.permissions, PROJECT),
            "google_service_account_iam_member": member("{service_account_id}", "service_account_id"),
            "google_storage_bucket": kinds.bucket(self.storage),
            "google_storage_bucket_iam_member": member("buckets/{bucket}", "bucket"),
            "google_storage_notification": kinds_messages.notification(self.storage, self.pubsub),
            "google_workflows_workflow": kinds.workflow(self.executions, PROJECT),
            "random_id": kinds.random_id(),
        }

    def _project(self, request: Request) -> Json:
        return {"projectId": PROJECT, "projectNumber": PROJECT_NUMBER, "lifecycleState": "ACTIVE"}

    def inventory(self) -> dict[str, list[str]]:
        """Everything that is there, by kind; kinds of which nothing is there are left out."""
        found = {
            "accounts": sorted(self.permissions.accounts),
            "bindings": sorted(self.permissions.bindings),
            "buckets": sorted(self.storage.buckets),
            "deployments": sorted(self.infrastructure.deployments),
            "functions": self.functions.names,
            "gateways": sorted(self.gateways.configs),
            "keys": sorted(self.keys.versions),
            "previews": sorted(self.previews.previews),
            "secrets": sorted(self.secrets.there),
            "subscriptions": sorted(name for name in self.pubsub.labels if "/subscriptions/" in name),
            "topics": sorted(self.pubsub.topics),
            "workflows": sorted(self.executions.workflows),
            **{type_: sorted(kind.registry) for type_, kind in self._inert.items()},
        }
        return {kind: names for kind, names in found.items() if names}

    def empty(self) -> Json:
        """Forgets everything but who may call."""
        self._release_all()
        self.pubsub.close()
        for name in self.functions.names:
            self.functions.remove(name)
        for workflow in [*self.executions.workflows]:
            self.executions.remove(workflow)
        self.gateways.close()
        stores: tuple[Any, ...] = (
            self.permissions.accounts, self.permissions.bindings, self.storage.buckets, self.keys.versions,
            self.secrets.there, self.secrets.values, self.pubsub.topics, self.infrastructure.deployments,
            self.previews.previews, self.logs.entries, self.functions.requests,
            self.pubsub.published, self.pubsub.labels,
            *(kind.registry for kind in self._inert.values()),
        )  # fmt: skip
        for store in stores:
            store.clear()
        return {}

    # --- what goes wrong ---

    def _guard(self, address: str, type_: str, intent: Intent) -> None:
        with self._released:
            trouble = next((one for one in self._troubles if one.what in (address, type_) and one.times > 0), None)
            if trouble is None:
                return
            trouble.times -= 1
            if trouble.hold:
                self._released.wait_for(lambda: trouble not in self._troubles, timeout=120)
                return
        raise Refused(trouble.code, trouble.message)

    def _trouble(self, request: Request) -> Json:
        with self._released:
            self._troubles.append(Trouble(**request.json()))
        return {}

    def _release(self, request: Request) -> Json:
        self._release_all()
        return {}

    def _release_all(self) -> None:
        with self._released:
            self._troubles.clear()
            self._released.notify_all()

    def _secret(self, request: Request) -> Json:
        self.secrets.values[request.names["name"]] = request.body.decode()
        return {}


class _Data:
    """A data source: it is read and never made."""

    def __init__(self, kind: Inert) -> None:
        self._kind = kind
        self.fixed: frozenset[str] = frozenset()
        self.volatile: frozenset[str] = frozenset()

    def create(self, given: dict[str, Any]) -> dict[str, Any]:
        attributes = self._kind.create(given)
        self._kind.delete(attributes)
        return attributes

    def known(self, given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        return self.create(given)

    def update(self, given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        return self.create(given)

    def delete(self, before: dict[str, Any]) -> None:
        return

    def exists(self, before: dict[str, Any]) -> bool:
        return True
