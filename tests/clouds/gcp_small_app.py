"""A small app as a bundle for Google Cloud, written by hand: a flow, two functions, a bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clouds.deploys import APP, ENVIRONMENT

from skyloom.deployers.bundle import Bundle, json_bytes
from skyloom.deployers.gcp.artifacts import function_object
from skyloom.deployers.gcp.naming import deployment_id
from skyloom.deployers.gcp.resources.code import zip_file
from skyloom.deployers.packaging import zipped

DEPLOYMENT = deployment_id(APP, ENVIRONMENT)

ASKING = """\
main:
  params: [args]
  steps:
    - price:
        call: http.post
        args:
          url: ${sys.get_env("SKYLOOM_FUNCTION_PRICE")}
          auth: {type: OIDC}
          body: ${args}
        result: answer
    - done:
        return: ${answer.body}
"""
WAITING = """\
main:
  params: [args]
  steps:
    - wait:
        call: sys.sleep
        args: {seconds: 3600}
"""
BROKEN: Mapping[str, Any] = {
    "google_workflows_workflow": {
        "broken": {
            "//": {"kind": "flow", "name": "broken"},
            "name": "shop-dev-broken",
            "region": "${var.region}",
            "source_contents": "main: [",
            "service_account": "${google_service_account.flow.id}",
            "deletion_protection": False,
        }
    }
}
"""A resource that cannot be made: its workflow is no YAML."""


def code(answer: str) -> bytes:
    """A function that answers that."""
    return (
        "import json\n\n\n"
        "def handler(request):\n"
        f"    return json.dumps({answer!r}), 200, {{'Content-Type': 'application/json'}}\n"
    ).encode()


def small_bundle(
    price: str = "1",
    stock: str = "5",
    memory: int = 256,
    definition: str = ASKING,
    keep: bool = False,
    more: Mapping[str, Any] | None = None,
    outputs: Mapping[str, str] | None = None,
) -> Bundle:
    """The bundle. `keep`: the bucket outlives the deployment."""
    files: dict[str, bytes] = {"workflows/quote.yaml": definition.encode()}
    blocks: dict[str, dict[str, Any]] = {
        "google_service_account": {
            "flow": _named("service account", "flow") | {"account_id": "shop-dev-flow"},
            "functions": _named("service account", "functions") | {"account_id": "shop-dev-functions"},
        },
        "google_storage_bucket": {
            "uploads": {
                "//": {"kind": "bucket", "name": "uploads", **({"keep": True} if keep else {})},
                "name": "${var.project}-shop-dev-uploads",
                "location": "${var.region}",
                "labels": {"skyloom-app": APP, "skyloom-environment": ENVIRONMENT},
                "force_destroy": not keep,
                "uniform_bucket_level_access": True,
                "public_access_prevention": "enforced",
            }
        },
        "google_cloudfunctions2_function": {},
        "google_cloud_run_v2_service_iam_member": {},
        "google_workflows_workflow": {
            "quote": {
                "//": {"kind": "flow", "name": "quote"},
                "name": "shop-dev-quote",
                "region": "${var.region}",
                "source_contents": '${file("workflows/quote.yaml")}',
                "service_account": "${google_service_account.flow.id}",
                "user_env_vars": {
                    "SKYLOOM_FUNCTION_PRICE": "${google_cloudfunctions2_function.price.service_config[0].uri}"
                },
                "deletion_protection": False,
                "depends_on": ["google_cloud_run_v2_service_iam_member.price"],
            }
        },
    }
    for name, answer in (("price", price), ("stock", stock)):
        tree = {"main.py": code(answer)}
        files |= {f"functions/{name}/{path}": data for path, data in tree.items()}
        files[zip_file(name)] = zipped(tree, compressed=False)
        function, member = _function(name, function_object(APP, ENVIRONMENT, tree), memory)
        blocks["google_cloudfunctions2_function"][name] = function
        blocks["google_cloud_run_v2_service_iam_member"][name] = member
    for type_, named in (more or {}).items():
        blocks[type_] = {**blocks.get(type_, {}), **named}
    files["main.tf.json"] = json_bytes(
        {
            "terraform": {"required_providers": {"google": {"source": "hashicorp/google", "version": "~> 7.0"}}},
            "provider": {"google": {"project": "${var.project}", "region": "${var.region}"}},
            "variable": {name: {"type": "string"} for name in ("project", "region", "artifacts")},
            "resource": blocks,
            "output": {
                name: {"value": value}
                for name, value in {
                    "bucket": "${google_storage_bucket.uploads.name}",
                    "flows": json.dumps({"quote": "shop-dev-quote"}),
                    "logs": json.dumps({"shop-dev-price": "price", "shop-dev-stock": "stock"}),
                    **(outputs or {}),
                }.items()
            },
        }
    )
    return Bundle("gcp", APP, ENVIRONMENT, files)


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"//": {"kind": kind, "name": name}}


def _function(name: str, source: str, memory: int) -> tuple[dict[str, Any], dict[str, Any]]:
    service = f"shop-dev-{name}"
    function = {
        "//": {"kind": "function", "name": name},
        "name": service,
        "location": "${var.region}",
        "build_config": {
            "runtime": "python313",
            "entry_point": "handler",
            "source": {"storage_source": {"bucket": "${var.artifacts}", "object": source}},
        },
        "service_config": {
            "available_memory": f"{memory}Mi",
            "timeout_seconds": 30,
            "service_account_email": "${google_service_account.functions.email}",
        },
    }
    member = {
        "//": {"kind": "permission", "name": f"flow calls {name}"},
        "name": f"${{google_cloudfunctions2_function.{name}.name}}",
        "location": "${var.region}",
        "role": "roles/run.invoker",
        "member": "${google_service_account.flow.member}",
    }
    return function, member
