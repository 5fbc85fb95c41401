"""What Terraform's Google provider makes in the local Google Cloud: the types of resources that do something.

Types that only are there or not stand in `kinds_inert.py`. An argument that another value of which makes another
resource is `fixed`, as the provider's documentation says ("changing this creates a new ...").
"""

from __future__ import annotations

import base64
import json
import secrets
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from engines.gcp_account.executions import Executions, Workflow
from engines.gcp_account.front import Answer, ApiError, Caller, Front, Request, route
from engines.gcp_account.functions import Deployed, Functions
from engines.gcp_account.gateway import Gateways, operations
from engines.gcp_account.identity import Keys, Secrets
from engines.gcp_account.permissions import Binding, Permissions
from engines.gcp_account.pubsub import PubSub, Subscription, fits
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


def _forget(kept: dict[str, Any], before: Attributes) -> None:
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


def topic(pubsub: PubSub, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/topics/{given['name']}"
        if before is None and name in pubsub.topics:
            raise ApiError(409, f"Resource already exists in the project (resource={given['name']}).")
        pubsub.topics[name] = given
        return {**given, "id": name, "project": project}

    def unmake(before: Attributes) -> None:
        pubsub.topics.pop(before["id"], None)

    return Made(make, unmake, lambda before: before["id"] in pubsub.topics, frozenset({"name", "project"}))


def subscription(pubsub: PubSub, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/subscriptions/{given['name']}"
        topic_ = given["topic"] if "/" in given["topic"] else f"projects/{project}/topics/{given['topic']}"
        if topic_ not in pubsub.topics:
            raise ApiError(404, f"Resource not found (resource={topic_})")
        push, token = block(given, "push_config"), block(block(given, "push_config"), "oidc_token")
        dead, retry = block(given, "dead_letter_policy"), block(given, "retry_policy")
        fits(given.get("filter") or "", {})
        pubsub.unsubscribe(name)
        if push:
            pubsub.subscribe(
                Subscription(
                    name=name,
                    topic=topic_,
                    endpoint=push["push_endpoint"],
                    account=token.get("service_account_email", ""),
                    audience=token.get("audience", ""),
                    attempts=int(dead.get("max_delivery_attempts", 5)),
                    dead=dead.get("dead_letter_topic", ""),
                    pause=float(str(retry.get("minimum_backoff", "10s")).rstrip("s")),
                    seconds=float(given.get("ack_deadline_seconds", 10)),
                    filter=given.get("filter") or "",
                )
            )
        kept.add(name)
        return {**given, "id": name, "project": project}

    def unmake(before: Attributes) -> None:
        pubsub.unsubscribe(before["id"])
        kept.discard(before["id"])

    kept: set[str] = set()
    return Made(make, unmake, lambda before: before["id"] in kept, frozenset({"name", "topic", "project"}))


def schedule(front: Front, project: str) -> Made:
    """A job of Cloud Scheduler. Its clock stands still: `POST /tests/schedules/<name>` runs it now."""
    jobs: dict[str, Attributes] = {}

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/locations/{given['region']}/jobs/{given['name']}"
        jobs[name] = given
        return {**given, "id": name, "state": "ENABLED"}

    def run(request: Request) -> Answer:
        target = block(jobs[request.names["name"]], "http_target")
        place = urlsplit(target["uri"])
        address = front.address("apis") if place.netloc.endswith(".googleapis.com") else f"http://{place.netloc}"
        caller = Caller(block(target, "oauth_token")["service_account_email"])
        headers = {**target.get("headers", {}), "Authorization": f"Bearer {caller.token}"}
        body = base64.b64decode(target["body"])
        sent = urllib.request.Request(f"{address}{place.path}", body, headers, method=target["http_method"])
        with urllib.request.urlopen(sent) as answer:
            return Answer(answer.status, answer.read())

    front.add(route("POST", "/tests/schedules/{name=**}", run), route("GET", "/tests/schedules", lambda _: [*jobs]))
    return Made(
        make,
        lambda before: _forget(jobs, before),
        lambda before: before["id"] in jobs,
        frozenset({"name", "region"}),
    )


def member(permissions: Permissions, resource: str, of: str) -> Made:
    """An IAM member: `resource` is what it is a member on, with an argument in braces; `of` that argument."""

    def key(given: Attributes) -> str:
        place = resource.format(**{of: str(given[of]).removeprefix("/")}) if of else resource
        condition = block(given, "condition").get("title", "")
        return f"{place} {given['role']} {given['member']} {condition}".strip()

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        id_ = key(given)
        place = id_.partition(" ")[0]
        condition = block(given, "condition").get("expression", "")
        permissions.bindings[id_] = Binding(place, given["role"], given["member"], condition)
        return {**given, "id": id_, "etag": "BwX"}

    def unmake(before: Attributes) -> None:
        permissions.bindings.pop(before["id"], None)

    everything = frozenset({"role", "member", "condition", of} - {""})
    return Made(make, unmake, lambda before: before["id"] in permissions.bindings, everything)


def custom_role(permissions: Permissions, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/roles/{given['role_id']}"
        if before is None and name in permissions.roles:
            # A role that was deleted keeps its name for some weeks.
            raise ApiError(409, f"role {name} already exists")
        permissions.roles[name] = tuple(given["permissions"])
        return {**given, "id": name, "name": name}

    def unmake(before: Attributes) -> None:
        permissions.roles[before["id"]] = ()

    return Made(make, unmake, lambda before: bool(permissions.roles.get(before["id"])), frozenset({"role_id"}))


def account(permissions: Permissions, project: str) -> Made:
    def email(given: Attributes) -> str:
        return f"{given['account_id']}@{project}.iam.gserviceaccount.com"

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        if not 6 <= len(given["account_id"]) <= 30:
            raise ApiError(400, f"account_id {given['account_id']!r}: 6 to 30 characters")
        if before is None and email(given) in permissions.accounts:
            raise ApiError(409, f"Service account {given['account_id']} already exists within project")
        permissions.accounts.add(email(given))
        name = f"projects/{project}/serviceAccounts/{email(given)}"
        return {**given, "id": name, "name": name, "email": email(given), "member": f"serviceAccount:{email(given)}"}

    def unmake(before: Attributes) -> None:
        permissions.accounts.discard(before["email"])
        gone = [key for key, one in permissions.bindings.items() if one.member == f"serviceAccount:{before['email']}"]
        for key in gone:
            del permissions.bindings[key]

    return Made(
        make,
        unmake,
        lambda before: before["email"] in permissions.accounts,
        frozenset({"account_id", "project"}),
        early=lambda given, before: (
            {"email": email(given), "member": f"serviceAccount:{email(given)}"}
            if isinstance(given.get("account_id"), str)
            else {}
        ),
    )


def crypto_key(keys: Keys) -> Made:
    used: set[str] = set()

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"{given['key_ring']}/cryptoKeys/{given['name']}"
        if before is None:
            if name in used:
                # A key can never be deleted, and destroying it leaves its name taken.
                raise ApiError(409, f"CryptoKey {name} already exists.")
            used.add(name)
            keys.versions[f"{name}/cryptoKeyVersions/1"] = secrets.token_bytes(32)
        return {**given, "id": name}

    def unmake(before: Attributes) -> None:
        for version in [found for found in keys.versions if found.startswith(f"{before['id']}/")]:
            del keys.versions[version]

    return Made(
        make,
        unmake,
        lambda before: any(found.startswith(f"{before['id']}/") for found in keys.versions),
        frozenset({"name", "key_ring", "purpose"}),
    )


def secret(held: Secrets, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/secrets/{given['secret_id']}"
        if before is None and name in held.there:
            raise ApiError(409, f"Secret [{name}] already exists.")
        held.there[name] = given
        return {**given, "id": name, "name": name, "project": project}

    def unmake(before: Attributes) -> None:
        held.there.pop(before["id"], None)
        held.values.pop(before["id"], None)

    return Made(make, unmake, lambda before: before["id"] in held.there, frozenset({"secret_id", "project"}))


def api_config(gateways: Gateways, project: str) -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        id_ = given.get("api_config_id") or f"{given.get('api_config_id_prefix', 'cfg-')}{secrets.token_hex(6)}"
        document = block(block(given, "openapi_documents"), "document")
        name = f"projects/{project}/locations/global/apis/{given['api']}/configs/{id_}"
        if before is None and name in gateways.configs:
            raise ApiError(409, f"Resource '{name}' already exists")
        gateways.configs[name] = operations(base64.b64decode(document["contents"]).decode())
        account_ = block(block(given, "gateway_config"), "backend_config").get("google_service_account", "")
        gateways.accounts[name] = account_.rpartition("/")[2]
        return {**given, "id": name, "name": name, "api_config_id": id_}

    def unmake(before: Attributes) -> None:
        if before["id"] in gateways.used:
            raise ApiError(400, f"{before['id']} is used by a gateway")
        gateways.configs.pop(before["id"], None)

    fixed = frozenset({"api", "api_config_id", "openapi_documents", "gateway_config"})
    return Made(make, unmake, lambda before: before["id"] in gateways.configs, fixed)


def gateway(gateways: Gateways, project: str) -> Made:
    there: set[str] = set()

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        name = f"projects/{project}/locations/{given['region']}/gateways/{given['gateway_id']}"
        address = gateways.open(name, given["api_config"])
        there.add(name)
        return {**given, "id": name, "name": name, "default_hostname": address.removeprefix("https://")}

    def unmake(before: Attributes) -> None:
        gateways.shut(before["id"])
        there.discard(before["id"])

    return Made(make, unmake, lambda before: before["id"] in there, frozenset({"gateway_id", "region"}))


def random_id() -> Made:
    def make(given: Attributes, before: Attributes | None) -> Attributes:
        hex_ = secrets.token_hex(int(given["byte_length"]))
        return {**given, "id": hex_, "hex": hex_, "b64_url": hex_, "dec": str(int(hex_, 16))}

    return Made(make, lambda before: None, lambda before: True, frozenset({"byte_length", "keepers", "prefix"}))


def notification(storage: Storage, pubsub: PubSub) -> Made:
    kept: dict[str, Any] = {}

    def arrived(bucket_: str, stored: Any) -> None:
        for one in [*kept.values()]:
            if one["bucket"] == bucket_ and stored.name.startswith(one.get("object_name_prefix", "")):
                data = base64.b64encode(json.dumps(stored.to_json(bucket_)).encode()).decode()
                about = {
                    "eventType": "OBJECT_FINALIZE",
                    "bucketId": bucket_,
                    "objectId": stored.name,
                    "objectGeneration": str(stored.generation),
                    "payloadFormat": one["payload_format"],
                }
                pubsub.publish(one["topic"].removeprefix("//pubsub.googleapis.com/"), data, about)

    storage.arrived.append(arrived)

    def make(given: Attributes, before: Attributes | None) -> Attributes:
        storage.bucket(given["bucket"])
        id_ = f"{given['bucket']}/notificationConfigs/{len(kept) + 1}"
        kept[id_] = given
        return {**given, "id": id_, "notification_id": id_.rpartition("/")[2]}

    everything = frozenset({"bucket", "topic", "payload_format", "object_name_prefix", "event_types"})
    return Made(make, lambda before: _forget(kept, before), lambda before: before["id"] in kept, everything)
