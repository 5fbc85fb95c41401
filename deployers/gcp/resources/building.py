"""What builds the functions from their sources: an account that may do nothing else, and a place for the images."""

from __future__ import annotations

from skyloom.deployers.declared import merged
from skyloom.deployers.gcp.resources.accounts import LOG_WRITER, account, member_of, project_member
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import ARTIFACTS, PROJECT, REGION, Resources, cloud_name, ref, resource

_KEY = "build"
BUILDER = "google_service_account.build"
"""The address of the account that builds."""
REPOSITORY = "google_artifact_registry_repository.functions"
"""The address of the place of the images."""
_SOURCES = "google_project_iam_member.build_sources"
_ARTIFACTS = "google_storage_bucket_iam_member.build_artifacts"
_IMAGES = "google_artifact_registry_repository_iam_member.build_images"
BUILD_RIGHTS = (_ARTIFACTS, _IMAGES, _SOURCES, "google_project_iam_member.build__logWriter")
"""What has to be there before a function is built. Google copies the sources into a bucket of its own first.
https://cloud.google.com/functions/docs/building#custom_service_account_for_building_functions"""

_KEPT_IMAGES = 3


def building(layout: Layout) -> Resources:
    """What builds functions; nothing where there is none."""
    copied = 'resource.name.startsWith("projects/_/buckets/gcf-v2-sources-")'
    folder = f"{layout.app.name}/{layout.parts.environment}/functions/"
    own = f'resource.name.startsWith("projects/_/buckets/{ARTIFACTS}/objects/{folder}")'
    rights: Resources = {
        _SOURCES: resource(
            "permission",
            {
                "project": PROJECT,
                "role": "roles/storage.objectViewer",
                "member": member_of(_KEY),
                "condition": [{"title": "sources of functions", "expression": copied}],
            },
            "build reads sources",
        ),
        _ARTIFACTS: resource(
            "permission",
            {
                "bucket": ARTIFACTS,
                "role": "roles/storage.objectViewer",
                "member": member_of(_KEY),
                "condition": [{"title": f"below {folder}"[:100], "expression": own}],
            },
            "build reads artifacts",
        ),
        _IMAGES: resource(
            "permission",
            {
                "location": REGION,
                "repository": ref(REPOSITORY, "name"),
                "role": "roles/artifactregistry.writer",
                "member": member_of(_KEY),
            },
            "build writes images",
        ),
    }
    written = project_member(_KEY, LOG_WRITER)
    assert set(written) | set(rights) == set(BUILD_RIGHTS), "what functions wait for is what there is"
    return merged(account(layout, _KEY, "Builds functions from their sources"), _repository(layout), rights, written)


def _repository(layout: Layout) -> Resources:
    newest = {
        "id": "newest",
        "action": "KEEP",
        "most_recent_versions": [{"keep_count": _KEPT_IMAGES}],
    }
    older = {"id": "older", "action": "DELETE", "condition": [{"older_than": "2592000s"}]}
    arguments = {
        "repository_id": cloud_name(63, layout.prefix, "functions"),
        "location": REGION,
        "format": "DOCKER",
        "description": f"The functions of {layout.prefix}",
        "labels": layout.labels,
        "cleanup_policies": [newest, older],
    }
    return {REPOSITORY: resource("images", arguments, "functions")}
