"""What puts the functions' code where it is taken from, when the user's own Terraform deploys.

`main.tf.json` by itself takes the code from objects that are there already: `skyloom deploy` has uploaded them before
Infrastructure Manager begins. Whoever runs `terraform` in the bundle has two files more: `sources.tf.json` makes the
bucket and uploads each `functions/<key>.zip`, `sources_override.tf.json` lets the functions wait for that.
https://developer.hashicorp.com/terraform/language/files/override
"""

from __future__ import annotations

from skyloom.deployers.gcp.resources.buckets import bucket, old_versions
from skyloom.deployers.gcp.resources.code import OVERRIDE, SOURCES, local_name, zip_file
from skyloom.deployers.gcp.resources.exceptions import excused
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import Json, Resources, by_type, ref, resource

_BUCKET = "google_storage_bucket.artifacts"
_OLD_VERSIONS_DAYS = 30


def own_sources(layout: Layout) -> dict[str, Json]:
    """The files for the user's own Terraform, by name; none where there is no code."""
    code = layout.parts.code
    if not code:
        return {}
    made: Resources = {
        _BUCKET: bucket(layout, "artifacts", [old_versions(_OLD_VERSIONS_DAYS)], called="${var.artifacts}"),
        **{_address(key): _object(key, name) for key, name in code.items()},
    }
    waiting = {local_name(key): ref(_address(key), "name") for key in sorted(code)}
    return {
        SOURCES: {"resource": by_type(excused(made))},
        OVERRIDE: {"locals": {"artifacts": ref(_BUCKET, "name"), **waiting}},
    }


def _object(key: str, name: str) -> dict[str, Json]:
    arguments = {
        "bucket": ref(_BUCKET, "name"),
        "name": name,
        "source": f"${{path.module}}/{zip_file(key)}",
        "content_type": "application/zip",
        # The function that takes this code is there before the code it had is gone.
        "lifecycle": {"create_before_destroy": True},
    }
    return resource("code", arguments, key)


def _address(key: str) -> str:
    return f"google_storage_bucket_object.{local_name(key)}"
