"""The key that signs the links to approvals, and the secrets that people fill in."""

from __future__ import annotations

from skyloom.deployers.gcp.resources.accounts import member_of
from skyloom.deployers.gcp.resources.layout import Layout
from skyloom.deployers.gcp.resources.words import REGION, Resources, block_name, cloud_name, noted, once, ref, resource

LINK_KEY = "google_kms_crypto_key.links"
"""The address of the key. It signs, and never leaves KMS: no secret of the app's own exists anywhere."""
LINK_KEY_VERSION = f"{ref(LINK_KEY)}/cryptoKeyVersions/1"
_RING = "google_kms_key_ring.keys"
_DESTROYED_AFTER = "2592000s"
"""A month in which a key that was destroyed can be had back."""


def keys(layout: Layout) -> Resources:
    """The key, where people are asked."""
    if not layout.asks:
        return {}
    # Neither rings nor keys are ever deleted: another deployment of the app needs names of its own.
    # https://cloud.google.com/kms/docs/faq#cannot_delete
    ring = {"name": once(cloud_name(50, layout.prefix)), "location": REGION}
    template = {"algorithm": "HMAC_SHA256", "protection_level": "SOFTWARE"}
    key = {
        "name": "links",
        "key_ring": ref(_RING),
        "purpose": "MAC",
        "version_template": [template],
        "destroy_scheduled_duration": _DESTROYED_AFTER,
        "labels": layout.labels,
    }
    return {
        _RING: resource("key ring", ring, "keys"),
        LINK_KEY: resource("key", key, "links"),
    }


def signs(who: str) -> Resources:
    """The account `who` may sign with the key."""
    arguments = {"crypto_key_id": ref(LINK_KEY), "role": "roles/cloudkms.signer", "member": member_of(who)}
    return {f"google_kms_crypto_key_iam_member.{block_name(who)}": resource("permission", arguments, f"{who} signs")}


def secrets(layout: Layout) -> Resources:
    """The app's secrets, without values: people set them, and they stand in no file."""
    found: Resources = {}
    for address, secret in layout.secrets.items():
        arguments = {
            "secret_id": once(cloud_name(200, layout.prefix, secret.name)),
            "labels": layout.labels,
            "replication": [{"user_managed": [{"replicas": [{"location": REGION}]}]}],
        }
        found[address] = noted(resource("secret", arguments, secret.name), keep=True)
    return found
