"""What tasks may do, as roles at single resources, and where their function app finds what it may use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from skyloom.deployers.azure.resources.arm import Name, Resources, joined
from skyloom.deployers.azure.resources.identities import app_identity, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import (
    BLOB_CONTRIBUTOR,
    BLOB_READER,
    BUS_SENDER,
    SECRETS_USER,
    bucket_container,
)
from skyloom.deployers.declared import merged
from skyloom.deployers.functions import AskModel, Permission, ReadBucket, ReadSecret, SendQueue, WriteBucket
from skyloom.flows.resources import variable_of


def permissions(layout: Layout) -> Resources:
    """What every function app may do for its tasks."""
    found: Resources = {}
    for key in layout.app_keys:
        for permission in layout.permissions(key):
            # A secret that is read under two names is read once.
            found |= merged(*_permitted(layout, app_identity(key), permission))
    return found


def _permitted(layout: Layout, who: str, permission: Permission) -> Iterator[Resources]:
    match permission:
        case ReadBucket(bucket=name):
            yield grant(layout, who, BLOB_READER, layout.container(bucket_container(name)), f"reads {name}")
        case WriteBucket(bucket=name):
            yield grant(layout, who, BLOB_CONTRIBUTOR, layout.container(bucket_container(name)), f"writes {name}")
        case SendQueue(queue=name):
            yield grant(layout, who, BUS_SENDER, layout.queue(name), f"sends to {name}")
        case ReadSecret(secret=name):
            yield grant(layout, who, SECRETS_USER, layout.secret(name), f"reads the secret {name}")
        case AskModel():
            # Models lie outside of the app's resource group: `models.py`.
            return


def permission_settings(layout: Layout, given: Sequence[Permission]) -> Iterator[tuple[str, Name]]:
    """The settings that tell tasks where what they may use is."""
    for permission in given:
        match permission:
            case ReadBucket(bucket=name) | WriteBucket(bucket=name):
                yield variable_of("BUCKET", name), container_address(layout, bucket_container(name))
            case SendQueue(queue=name):
                yield variable_of("QUEUE", name), joined("https://", namespace(layout), f"/{name}")
            case ReadSecret(secret=name):
                yield variable_of("SECRET", name), secret_address(layout, name)
            case AskModel():
                continue


def container_address(layout: Layout, name: str) -> Name:
    """The address of a container."""
    return joined(layout.storage.get("primaryEndpoints.blob"), name)


def secret_address(layout: Layout, name: str) -> Name:
    """The address of a secret, without a version."""
    return joined(layout.vault.get("vaultUri"), f"secrets/{name}")


def namespace(layout: Layout) -> Name:
    """Where the queues answer."""
    return joined(*layout.bus.names, ".servicebus.windows.net")
