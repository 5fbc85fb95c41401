"""What things are called: in Google Cloud, and for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from skyloom.flows.outcome import Json

APP_LABEL, ENVIRONMENT_LABEL = "skyloom-app", "skyloom-environment"
"""Labels of a deployment and of everything in it that takes labels."""

KINDS = {
    "google_api_gateway_api": "api",
    "google_api_gateway_api_config": "api routes",
    "google_api_gateway_gateway": "api gateway",
    "google_artifact_registry_repository": "images",
    "google_artifact_registry_repository_iam_member": "permission",
    "google_cloud_run_v2_service_iam_member": "permission",
    "google_cloud_scheduler_job": "schedule",
    "google_cloudfunctions2_function": "function",
    "google_kms_crypto_key": "key",
    "google_kms_crypto_key_iam_member": "permission",
    "google_kms_key_ring": "key ring",
    "google_logging_project_bucket_config": "log",
    "google_logging_project_sink": "log sink",
    "google_monitoring_alert_policy": "alarm",
    "google_monitoring_notification_channel": "notification channel",
    "google_project_iam_custom_role": "role",
    "google_project_iam_member": "permission",
    "google_pubsub_subscription": "subscription",
    "google_pubsub_subscription_iam_member": "permission",
    "google_pubsub_topic": "topic",
    "google_pubsub_topic_iam_member": "permission",
    "google_secret_manager_secret": "secret",
    "google_secret_manager_secret_iam_member": "permission",
    "google_service_account": "service account",
    "google_storage_bucket": "bucket",
    "google_storage_bucket_iam_member": "permission",
    "google_storage_bucket_object": "code",
    "google_storage_notification": "bucket notification",
    "google_workflows_workflow": "flow",
    "random_id": "random name",
}
"""What people call a type of resource. A type that is not here is called by its own name."""

DATA = frozenset(
    {"google_kms_crypto_key", "google_pubsub_subscription", "google_secret_manager_secret", "google_storage_bucket"}
)
"""Types that hold what cannot be made again from the source."""


@dataclass(frozen=True, slots=True)
class Named:
    """A resource as people know it. `kept`: it stays when the app is destroyed, unless its data is to go too."""

    kind: str
    name: str
    holds_data: bool
    kept: bool = False


def deployment_id(app: str, environment: str) -> str:
    """The name of an app's deployment in an environment: lower-case letters, digits and hyphens, at most 63."""
    from skyloom.deployers.naming import fitting

    return fitting(f"skyloom-{app}-{environment}", 63).lower().replace("_", "-")


def named(address: str, type_: str, main: Mapping[str, Json]) -> Named:
    """The resource's kind and name, as a comment in the configuration tells them, or as its type and address do.

    Args:
        address: `google_storage_bucket.uploads`.
        main: the configuration, `main.tf.json`.
    """
    name = address.rpartition(".")[2]
    block = main.get("resource", {}).get(type_, {}).get(name, {})
    comment = block.get("//") if isinstance(block, dict) else None
    told = comment if isinstance(comment, dict) else {}
    kind = told.get("kind") or KINDS.get(type_, type_)
    return Named(kind, told.get("name") or name, type_ in DATA, told.get("keep") is True)


def addresses(main: Mapping[str, Json]) -> dict[str, str]:
    """The type of each resource of a configuration, by address."""
    return {f"{type_}.{name}": type_ for type_, blocks in main.get("resource", {}).items() for name in blocks}


def parsed(main: bytes) -> dict[str, Json]:
    """A configuration as an object."""
    document: dict[str, Json] = json.loads(main)
    return document
