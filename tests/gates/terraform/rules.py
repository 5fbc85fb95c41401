"""What no scanner looks for: rules of the project for its Terraform configurations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from gates.scanners import Finding

Json = Any

_LABELLED = {
    "google_api_gateway_api",
    "google_api_gateway_api_config",
    "google_api_gateway_gateway",
    "google_artifact_registry_repository",
    "google_cloudfunctions2_function",
    "google_kms_crypto_key",
    "google_pubsub_subscription",
    "google_pubsub_topic",
    "google_secret_manager_secret",
    "google_storage_bucket",
    "google_workflows_workflow",
}
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_PRIMITIVE = ("roles/owner", "roles/editor", "roles/viewer", "roles/browser")
_PROJECT_WIDE = {"roles/logging.logWriter"}
"""Roles of Google's that may be bound to the whole project; else the app's own, or a condition."""
_VALUES = {"google_secret_manager_secret_version", "google_service_account_key", "google_kms_secret_ciphertext"}
"""Types that put a secret into the configuration, and into Terraform's state."""


def rules(main: Json, document: Json | None = None) -> set[Finding]:
    """What breaks a rule of the project. `document`: the OpenAPI document, where there is one."""
    resources = {f"{type_}.{name}": body for type_, blocks in main["resource"].items() for name, body in blocks.items()}
    return {*_found(main, resources), *_routes(resources, document)}


def _found(main: Json, resources: dict[str, Json]) -> Iterator[Finding]:
    text = json.dumps(resources)
    for address, body in resources.items():
        type_ = address.partition(".")[0]
        if type_ in _LABELLED and not {"skyloom-app", "skyloom-environment"} <= set(body.get("labels", ())):
            yield Finding("labels", address)
        if type_ in _VALUES:
            yield Finding("secret-value", address)
        if "role" in body:
            yield from _binding(address, type_, body)
        if type_ == "google_project_iam_custom_role" and any("*" in one for one in body["permissions"]):
            yield Finding("wildcard", address)
        if type_ == "google_cloudfunctions2_function":
            yield from _function(resources, address, body)
        if type_ == "google_workflows_workflow" and "service_account" not in body:
            yield Finding("own-account", address)
        if type_ == "google_pubsub_subscription":
            yield from _subscription(resources, address, body)
        if type_ == "google_cloud_scheduler_job":
            yield from _schedule(address, body)
        if type_ == "google_monitoring_alert_policy" and not body.get("notification_channels"):
            yield Finding("alarm-unheard", address)
        if type_ == "google_storage_bucket" and not body.get("lifecycle_rule"):
            yield Finding("lifecycle", address)
        if type_ == "google_logging_project_bucket_config" and "retention_days" not in body:
            yield Finding("log-retention", address)
    yield from _watched(resources, text)
    for name, wanted in main["terraform"]["required_providers"].items():
        if not re.fullmatch(r"\d+\.\d+\.\d+", wanted.get("version", "")):
            yield Finding("provider-version", name)


def _binding(address: str, type_: str, body: Json) -> Iterator[Finding]:
    role = body["role"]
    if body.get("member") in _EVERYBODY:
        yield Finding("public", address)
    if role in _PRIMITIVE or role.endswith(".admin"):
        yield Finding("broad-role", address)
    own = "google_project_iam_custom_role" in role
    if type_ == "google_project_iam_member" and role not in _PROJECT_WIDE and not own and "condition" not in body:
        yield Finding("project-wide", address)


def _function(resources: dict[str, Json], address: str, body: Json) -> Iterator[Finding]:
    (running,) = body["service_config"]
    if "service_account_email" not in running or "service_account" not in body["build_config"][0]:
        yield Finding("own-account", address)
    users = [other for other, found in resources.items() if found != body and _runs_as(found) == _runs_as(body)]
    if users:
        yield Finding("shared-account", address)
    if not {"timeout_seconds", "max_instance_count"} <= running.keys():
        yield Finding("function-limits", address)
    secrets = [name for name, value in running["environment_variables"].items() if "secret_data" in str(value)]
    if secrets:
        yield Finding("secret-value", address)


def _runs_as(body: Json) -> str | None:
    config = body.get("service_config")
    return config[0].get("service_account_email") if config else None


def _subscription(resources: dict[str, Json], address: str, body: Json) -> Iterator[Finding]:
    if body["topic"] == "${google_pubsub_topic.dead_letters.id}":
        return
    if "dead_letter_policy" not in body:
        yield Finding("dead-letters", address)
    if "retry_policy" not in body:
        yield Finding("retry", address)
    name = address.partition(".")[2]
    if f"google_pubsub_subscription_iam_member.{name}" not in resources:
        yield Finding("dead-letters", address)
    for push in body.get("push_config", ()):
        if "oidc_token" not in push:
            yield Finding("unsigned-push", address)


def _schedule(address: str, body: Json) -> Iterator[Finding]:
    if "retry_config" not in body or "attempt_deadline" not in body:
        yield Finding("retry", address)
    for target in body["http_target"]:
        if "oauth_token" not in target and "oidc_token" not in target:
            yield Finding("unsigned-push", address)


def _watched(resources: dict[str, Json], text: str) -> Iterator[Finding]:
    """Runs, functions and dead letters are watched."""
    metrics = {
        "google_workflows_workflow": "workflows.googleapis.com/finished_execution_count",
        "google_cloudfunctions2_function": "run.googleapis.com/request_count",
        "google_pubsub_subscription": "pubsub.googleapis.com/subscription/num_undelivered_messages",
    }
    for type_, metric in metrics.items():
        if metric not in text and any(address.startswith(f"{type_}.") for address in resources):
            yield Finding("alarms", type_)


def _routes(resources: dict[str, Json], document: Json | None) -> Iterator[Finding]:
    """Every route of the gateway asks who calls, unless there is a reason, and calls its function as somebody."""
    if document is None:
        return
    reasons = {}
    for address, body in resources.items():
        if address.startswith("google_api_gateway_api_config."):
            reasons = body["//"].get("public", {})
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            route = f"{method.upper()} {path}"
            if not operation.get("security") and not reasons.get(route):
                yield Finding("open-route", route)
            if "jwt_audience" not in operation["x-google-backend"]:
                yield Finding("unsigned-push", route)
