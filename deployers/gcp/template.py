"""The Terraform configuration of an app in one environment: everything that is deployed.

`resources/` has a module for each kind of thing; here they are put together. What is left to fill in is where: the
project, the region, and the bucket in which the functions' code lies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.resources.accounts import roles
from skyloom.deployers.gcp.resources.buckets import VALUES, buckets
from skyloom.deployers.gcp.resources.building import building
from skyloom.deployers.gcp.resources.code import local_values
from skyloom.deployers.gcp.resources.exceptions import excused
from skyloom.deployers.gcp.resources.functions import functions
from skyloom.deployers.gcp.resources.gateway import GATEWAY, GATEWAY_ADDRESS, gateway
from skyloom.deployers.gcp.resources.keys import keys, secrets
from skyloom.deployers.gcp.resources.layout import Layout, Parts
from skyloom.deployers.gcp.resources.observability import observability
from skyloom.deployers.gcp.resources.services import API, services
from skyloom.deployers.gcp.resources.topics import EVENTS, topics
from skyloom.deployers.gcp.resources.triggers import triggers
from skyloom.deployers.gcp.resources.words import BETA, PROJECT, REGION, SUFFIX, Json, Resources, by_type, ref, resource
from skyloom.deployers.gcp.resources.workflows import workflows

__all__ = ["MAIN", "Layout", "Parts", "template"]

MAIN = "main.tf.json"
PROVIDERS = {
    "google": {"source": "hashicorp/google", "version": "6.50.0"},
    BETA: {"source": "hashicorp/google-beta", "version": "6.50.0"},
    "random": {"source": "hashicorp/random", "version": "3.7.2"},
}
"""Exactly those that the configuration was written for (tests/gates/terraform)."""
_TERRAFORM = ">= 1.5.7"
"""The newest of Infrastructure Manager. https://cloud.google.com/infrastructure-manager/docs/terraform"""

_VARIABLES = {
    "artifacts": "The bucket in which the functions' code lies",
    "project": "The project that everything is deployed in",
    "region": "The region that everything is deployed in",
}


def template(layout: Layout) -> dict[str, Json]:
    """The configuration. Same layout, same text."""
    made = merged(
        buckets(layout),
        topics(layout),
        secrets(layout),
        keys(layout),
        building(layout) if layout.parts.code else {},
        functions(layout),
        services(layout),
        workflows(layout),
        gateway(layout),
        triggers(layout),
        observability(layout),
    )
    used: list[str] = re.findall(r"google_project_iam_custom_role\.(\w+)\.id", json.dumps(made))
    made = merged(made, roles(layout, used))
    # Every deployment has a log, whose name is among those that need digits of its own.
    made = merged(made, {SUFFIX: resource("random name", {"byte_length": 3}, "suffix")})
    resources = excused(made)
    needed = {name: PROVIDERS[name] for name in sorted(_providers(resources))}
    return {
        "terraform": {"required_version": _TERRAFORM, "required_providers": needed},
        "provider": {name: _provider(name) for name in needed},
        "variable": {name: {"type": "string", "description": told} for name, told in _VARIABLES.items()},
        "locals": local_values(layout.parts.code),
        "data": _data(made),
        "resource": by_type(resources),
        "output": dict(sorted(_outputs(layout, made).items())),
    }


def _providers(resources: Resources) -> Iterator[str]:
    for address, made in resources.items():
        yield made.get("provider") or ("random" if address.startswith("random_") else "google")


def _provider(name: str) -> Json:
    return {} if name == "random" else {"project": PROJECT, "region": REGION}


def _data(made: Resources) -> Json:
    """What is only looked up."""
    text = json.dumps(made)
    known = {"google_project": {"project_id": PROJECT}, "google_storage_project_service_account": {"project": PROJECT}}
    return {type_: {"this": given} for type_, given in known.items() if f"data.{type_}.this" in text}


def _outputs(layout: Layout, made: Resources) -> dict[str, Json]:
    """What people and the command line need to know of the deployment."""
    flows = {workflow.flow: ref(layout.workflow(workflow.flow)) for workflow in layout.parts.workflows}
    written = ", ".join(f'"{flow}": {address[2:-1]}' for flow, address in flows.items())
    found = {
        "bucket": (ref(VALUES, "name"), "The bucket of what waits for somebody"),
        "flows": (f"${{jsonencode({{{written}}})}}", "The workflow of each flow"),
        "logs": (json.dumps(_logs(layout, made), sort_keys=True), "What writes logs, and what people call it"),
    }
    if GATEWAY in made:
        found["api_url"] = (GATEWAY_ADDRESS, "Where the API answers")
    if layout.function(API) in made:
        called = f"${{{layout.function(API)}.service_config[0].uri}}"
        found["iam_api_url"] = (called, "Where the API answers those whom Google Cloud's IAM lets call the function")
    if EVENTS in made:
        found["topic"] = (ref(EVENTS), "The topic of events")
    return {name: {"value": value, "description": told} for name, (value, told) in found.items()}


def _logs(layout: Layout, made: Resources) -> dict[str, str]:
    prefixes = ("google_cloudfunctions2_function.", "google_workflows_workflow.")
    return {made_["name"]: made_["//"]["name"] for address, made_ in made.items() if address.startswith(prefixes)}
