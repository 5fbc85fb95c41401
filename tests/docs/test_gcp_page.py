"""The page about Google Cloud: what has to be enabled there is what the configuration calls; times are the buckets'."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from clouds.apps import app_of
from docs.pages import ROOT

from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.functions import FunctionSettings

PAGE = (ROOT / "docs/gcp.md").read_text(encoding="utf-8")
SERVICES = {
    "google_api_gateway": {"apigateway", "servicemanagement", "servicecontrol"},
    "google_artifact_registry": {"artifactregistry"},
    "google_cloud_run": {"run"},
    "google_cloud_scheduler": {"cloudscheduler"},
    "google_cloudfunctions2": {"cloudfunctions", "cloudbuild", "run"},
    "google_kms": {"cloudkms"},
    "google_logging": {"logging"},
    "google_monitoring": {"monitoring"},
    "google_project": {"cloudresourcemanager"},
    "google_project_iam_custom_role": {"iam"},
    "google_pubsub": {"pubsub"},
    "google_secret_manager": {"secretmanager"},
    "google_service_account": {"iam"},
    "google_storage": {"storage"},
    "google_workflows": {"workflows", "workflowexecutions"},
    "random_id": set(),
}
"""Beginnings of resource types, and the services that have to be enabled for them; the longest counts."""
BESIDE = {"config", "aiplatform"}
"""Infrastructure Manager itself, and models, which no resource stands for."""

Json = Any


@pytest.fixture(scope="module")
def main() -> Json:
    """The configuration of an app that has everything."""
    app = app_of("everything", "gcp")
    files = compile_app(app, "dev", FunctionSettings(python="3.13", pinned=False)).bundle.files
    return json.loads(files["main.tf.json"])


def test_every_service_that_is_called_is_enabled_once_and_no_other(main: Json) -> None:
    (command,) = re.findall(r"^gcloud services enable ((?:.*\\\n)*.*)", PAGE, re.MULTILINE)
    enabled = re.findall(r"(\w+)\.googleapis\.com", command)
    called = set(BESIDE)
    for type_ in [*main["resource"], *main["data"]]:
        called |= SERVICES[max((start for start in SERVICES if type_.startswith(start)), key=len)]
    assert sorted(enabled) == sorted(called)


def test_terraform_is_given_every_variable_that_the_page_names(main: Json) -> None:
    """The commands themselves run in `tests/deployers/gcp/test_own_terraform.py`."""
    (command,) = re.findall(r"^terraform -chdir=\S+ apply .*$", PAGE, re.MULTILINE)
    assert sorted(re.findall(r"-var (\w+)=", command)) == sorted(main["variable"])


def test_large_values_live_as_long_as_the_page_says(main: Json) -> None:
    rules = main["resource"]["google_storage_bucket"]["values"]["lifecycle_rule"]
    (days,) = [
        rule["condition"][0]["age"] for rule in rules if rule["condition"][0].get("matches_prefix") == ["values/"]
    ]
    assert f"`values/` | {days} days |" in PAGE
