"""The Terraform configurations of the examples pass every gate; each control that is taken away is missed by one."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import NAMES, app_of
from gates.controls import Controls, broken, by_control
from gates.scanners import Finding
from gates.terraform.provider import known, problems
from gates.terraform.rules import rules
from gates.terraform.scanning import checkov

from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.functions import FunctionSettings
from skyloom.deployers.gcp.naming import KINDS
from skyloom.deployers.gcp.resources.code import OVERRIDE, SOURCES
from skyloom.deployers.gcp.template import PROVIDERS

ROOT = Path(__file__).parents[2]
SETTINGS = FunctionSettings(python="3.13", pinned=False)

pytestmark = pytest.mark.timeout(300)

Json = Any


@dataclass
class Configured:
    """A configuration as the user's own Terraform has it, its OpenAPI document, and the paths of all files beside it.

    Attributes:
        override: what the override file says of it.
    """

    main: Json
    document: Json | None
    files: frozenset[str]
    override: Json


Found = dict[str, set[Finding]]


def compiled(name: str) -> Configured:
    files = compile_app(app_of(name, "gcp"), "dev", SETTINGS).bundle.files
    document = files.get("openapi.json")
    read = None if document is None else json.loads(document)
    main = json.loads(files["main.tf.json"])
    for type_, blocks in json.loads(files[SOURCES])["resource"].items():
        main["resource"][type_] = {**main["resource"].get(type_, {}), **blocks}
    return Configured(main, read, frozenset(files), json.loads(files[OVERRIDE]))


@pytest.fixture(scope="module")
def configured() -> dict[str, Configured]:
    return {name: compiled(name) for name in NAMES}


@pytest.fixture(scope="module")
def found(configured: dict[str, Configured], tmp_path_factory: pytest.TempPathFactory) -> Found:
    all_of_them = {**configured, **broken(configured["everything"], CONTROLS)}
    scanned = checkov({name: one.main for name, one in all_of_them.items()}, tmp_path_factory.mktemp("gates"))
    said = {name: scanned[name] | rules(one.main, one.document) for name, one in all_of_them.items()}
    return said | by_control(said, CONTROLS)


@pytest.mark.parametrize("name", NAMES)
def test_a_configuration_passes_every_gate(found: Found, name: str) -> None:
    assert found[name] == set()


@pytest.mark.parametrize("name", NAMES)
def test_providers_know_every_argument(configured: dict[str, Configured], name: str) -> None:
    assert list(problems(configured[name].main)) == []


def test_arguments_are_those_of_the_providers_that_are_deployed() -> None:
    assert known()["providers"] == {name: wanted["version"] for name, wanted in PROVIDERS.items()}


def test_an_argument_that_no_provider_knows_is_found(configured: dict[str, Configured]) -> None:
    main = copy.deepcopy(configured["everything"].main)
    bucket = main["resource"]["google_storage_bucket"]["values"]
    bucket["lifecycle_rules"] = bucket.pop("lifecycle_rule")
    bucket["versioning"] = {"enabled": True}
    del main["resource"]["google_service_account"]["push"]["account_id"]
    main["resource"]["google_workflows_workflow"]["handle"]["labels"] = [{"a": "b"}]
    assert sorted(problems(main)) == [
        "google_service_account.push: account_id is missing",
        "google_storage_bucket.values.versioning is a block",
        "google_storage_bucket.values: no argument lifecycle_rules",
        "google_workflows_workflow.handle.labels is no block",
    ]


def test_people_have_a_word_for_every_type_and_for_no_other(configured: dict[str, Configured]) -> None:
    found = set().union(*(one.main["resource"] for one in configured.values()))
    assert found == set(KINDS)


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere_and_none_in_a_circle(configured: dict[str, Configured], name: str) -> None:
    main = configured[name].main
    known_ = {f"{type_}.{block}" for type_, blocks in main["resource"].items() for block in blocks}
    needs: dict[str, set[str]] = {}
    for type_, blocks in main["resource"].items():
        for block, body in blocks.items():
            text = json.dumps({key: value for key, value in body.items() if key != "//"})
            needs[f"{type_}.{block}"] = {*_REFERENCE.findall(text), *body.get("depends_on", ())}
    outputs = set(_REFERENCE.findall(json.dumps([main["output"], configured[name].override])))
    assert configured[name].override["locals"].keys() == main["locals"].keys()
    assert set().union(outputs, *needs.values()) <= known_
    assert set(TopologicalSorter(needs).static_order()) == known_
    assert all(needs[address] for address in known_ if address.startswith("google_workflows_workflow."))
    files = set(re.findall(r"path\.module\}/([\w./-]+)", json.dumps(main["resource"])))
    assert files <= configured[name].files


_REFERENCE = re.compile(r"(?<![\w.])((?:google_\w+|random_id)\.\w+)\.")

# --- controls -------------------------------------------------------------------------------------------------------

Remove = Callable[[Configured], None]


def without(address: str, *path: str | int) -> Remove:
    """Takes away an argument of a resource; without a path, the resource."""

    def remove(configured: Configured) -> None:
        type_, _, name = address.partition(".")
        place: Json = configured.main["resource"]
        steps = [type_, name, *path]
        for step in steps[:-1]:
            place = place[step]
        del place[steps[-1]]

    return remove


def with_(address: str, *path: str | int, value: Json) -> Remove:
    """Puts something else in the place of an argument."""

    def replace(configured: Configured) -> None:
        type_, _, name = address.partition(".")
        place: Json = configured.main["resource"][type_][name]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return replace


def public(address: str) -> Remove:
    """Lets everybody in."""
    return with_(address, "member", value="allUsers")


def with_secret(configured: Configured) -> None:
    version = {"secret": "${google_secret_manager_secret.mail_key.id}", "secret_data": "1234"}
    configured.main["resource"]["google_secret_manager_secret_version"] = {"mail_key": version}


def open_route(configured: Configured) -> None:
    assert configured.document is not None
    del configured.document["paths"]["/digests"]["post"]["security"]


def unsigned_route(configured: Configured) -> None:
    assert configured.document is not None
    del configured.document["paths"]["/contact"]["post"]["x-google-backend"]["jwt_audience"]


def floating_provider(configured: Configured) -> None:
    configured.main["terraform"]["required_providers"]["random"]["version"] = ">= 3"


def on(address: str, *names: str) -> set[Finding]:
    """Findings of these rules at a resource."""
    return {Finding(name, address) for name in names}


_INBOX, _VALUES = "google_storage_bucket.bucket_inbox", "google_storage_bucket.values"
_SHIP, _STORE = "google_cloudfunctions2_function.ship", "google_cloudfunctions2_function.store"
_EVENTS = "google_pubsub_subscription.events"
_CALLS = "google_cloud_run_v2_service_iam_member.gateway__api"
_SCHEDULE = "google_cloud_scheduler_job.digest_294fad"

CONTROLS: Controls[Configured] = {
    "bucket-private": (without(_INBOX, "public_access_prevention"), on(_INBOX, "CKV_GCP_114")),
    "bucket-uniform": (without(_INBOX, "uniform_bucket_level_access"), on(_INBOX, "CKV_GCP_29")),
    "bucket-versions": (without(_VALUES, "versioning"), on(_VALUES, "CKV_GCP_78")),
    "bucket-access-log": (without(_VALUES, "logging"), on(_VALUES, "CKV_GCP_62")),
    "bucket-lifecycle": (without(_INBOX, "lifecycle_rule"), on(_INBOX, "lifecycle")),
    "function-inside": (
        with_(_SHIP, "service_config", 0, "ingress_settings", value="ALLOW_ALL"),
        on(_SHIP, "CKV_GCP_124"),
    ),
    "function-public": (
        public("google_cloud_run_v2_service_iam_member.flow_handle__ship"),
        on("google_cloud_run_v2_service_iam_member.flow_handle__ship", "public"),
    ),
    "function-account": (
        without(_STORE, "service_config", 0, "service_account_email"),
        on(_STORE, "own-account"),
    ),
    "function-shared-account": (
        with_(
            "google_cloudfunctions2_function.judge",
            "service_config",
            0,
            "service_account_email",
            value="${google_service_account.function_ship.email}",
        ),
        on(_SHIP, "shared-account"),
    ),
    "function-limits": (without(_SHIP, "service_config", 0, "timeout_seconds"), on(_SHIP, "function-limits")),
    "gateway-role": (with_(_CALLS, "role", value="roles/run.admin"), on(_CALLS, "broad-role")),
    "project-role": (
        with_("google_project_iam_member.flow_handle__logWriter", "role", value="roles/pubsub.publisher"),
        on("google_project_iam_member.flow_handle__logWriter", "project-wide"),
    ),
    "primitive-role": (
        with_("google_project_iam_member.function_judge__models", "role", value="roles/editor"),
        on("google_project_iam_member.function_judge__models", "broad-role", "CKV_GCP_117"),
    ),
    "wildcard": (
        with_("google_project_iam_custom_role.starts", "permissions", value=["workflows.*"]),
        on("google_project_iam_custom_role.starts", "wildcard"),
    ),
    "workflow-account": (
        without("google_workflows_workflow.digest", "service_account"),
        on("google_workflows_workflow.digest", "own-account"),
    ),
    "dead-letters": (without(_EVENTS, "dead_letter_policy"), on(_EVENTS, "dead-letters")),
    "dead-letters-forwarded": (
        without("google_pubsub_subscription_iam_member.alarms_chat_hook"),
        on("google_pubsub_subscription.alarms_chat_hook", "dead-letters"),
    ),
    "retry": (without(_EVENTS, "retry_policy"), on(_EVENTS, "retry")),
    "push-token": (without(_EVENTS, "push_config", 0, "oidc_token"), on(_EVENTS, "unsigned-push")),
    "schedule-retry": (without(_SCHEDULE, "retry_config"), on(_SCHEDULE, "retry")),
    "schedule-token": (without(_SCHEDULE, "http_target", 0, "oauth_token"), on(_SCHEDULE, "unsigned-push")),
    "labels": (without("google_pubsub_topic.events", "labels"), on("google_pubsub_topic.events", "labels")),
    "log-retention": (
        without("google_logging_project_bucket_config.log", "retention_days"),
        on("google_logging_project_bucket_config.log", "log-retention"),
    ),
    "alarm": (
        without("google_monitoring_alert_policy.flow_failed"),
        on("google_workflows_workflow", "alarms"),
    ),
    "alarm-heard": (
        without("google_monitoring_alert_policy.function_failed", "notification_channels"),
        on("google_monitoring_alert_policy.function_failed", "alarm-unheard"),
    ),
    "secret-value": (with_secret, on("google_secret_manager_secret_version.mail_key", "secret-value")),
    "route-authorization": (open_route, on("POST /digests", "open-route")),
    "route-signed": (unsigned_route, on("POST /contact", "unsigned-push")),
    "provider-version": (floating_provider, on("random", "provider-version")),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_that_is_taken_away_is_missed(found: Found, control: str) -> None:
    assert found[control] & CONTROLS[control][1]
