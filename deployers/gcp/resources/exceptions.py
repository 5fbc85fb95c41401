"""Where the app departs from what policy scanners ask, and why. The reasons stand in the configuration, in the comment
of each resource, and the gates count nothing as found that is accepted there."""

from __future__ import annotations

from skyloom.deployers.declared import Accepted, reasons
from skyloom.deployers.gcp.resources.buckets import ACCESS_LOGS
from skyloom.deployers.gcp.resources.functions import ANYWHERE
from skyloom.deployers.gcp.resources.words import Json, Resources, comment, noted

_OWN_ENCRYPTION = (
    "Everything is encrypted with keys of Google's own. A key of the app's could never be deleted with it, and would "
    "have to be opened to service agents of the whole project."
)

ACCEPTED = (
    Accepted(
        rules=("CKV_GCP_124",),
        type="google_cloudfunctions2_function",
        reason="API Gateway and callers from elsewhere are not inside. Cloud Run's IAM lets in those that are bound.",
        where=lambda address, made: made["service_config"][0]["ingress_settings"] == ANYWHERE,
    ),
    Accepted(
        rules=("CKV_GCP_43",),
        type="google_kms_crypto_key",
        reason="Keys that sign are not rotated by KMS. A new version is made by hand, and both count while links live.",
        where=lambda address, made: made["purpose"] == "MAC",
    ),
    Accepted(
        rules=("CKV_GCP_82",),
        type="google_kms_crypto_key",
        reason="What Terraform may not destroy it cannot take down with the app. Versions can be had back for a month.",
        where=lambda address, made: "destroy_scheduled_duration" in made,
    ),
    Accepted(
        rules=("CKV_GCP_62",),
        type="google_storage_bucket",
        reason="It keeps the access logs of the others; its own would never end.",
        where=lambda address, made: address == ACCESS_LOGS,
    ),
    Accepted(rules=("CKV_GCP_83",), type="google_pubsub_topic", reason=_OWN_ENCRYPTION),
    Accepted(rules=("CKV_GCP_84",), type="google_artifact_registry_repository", reason=_OWN_ENCRYPTION),
)


def excused(resources: Resources) -> Resources:
    """The resources, each with the reasons for what is accepted of it."""
    return {address: _with_reasons(address, made) for address, made in resources.items()}


def _with_reasons(address: str, made: dict[str, Json]) -> dict[str, Json]:
    type_ = address.partition(".")[0]
    found = reasons(ACCEPTED, type_, address, made)
    return noted(made, accepted=dict(sorted(found.items()))) if found else made


def accepted(made: Json) -> frozenset[str]:
    """The rules whose findings are accepted of a resource."""
    return frozenset(comment(made).get("accepted", {}))
