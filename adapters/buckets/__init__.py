"""The port to buckets: objects by key, in a cloud or in a folder of one's own machine.

An address `https://…` is a container of the app's storage account on Azure; a name is a bucket of Cloud Storage where
the app's own bucket (`SKYLOOM_BUCKET`) is one, and else of Amazon S3.
"""

from __future__ import annotations

import os
from typing import Protocol

_LONGEST_KEY = 1024
"""Bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html,
https://cloud.google.com/storage/docs/objects#naming; Azure takes as many characters."""


class BucketFailed(OSError):
    """The service refuses, or does not answer."""


class Objects(Protocol):
    """The objects of a bucket."""

    def put(self, key: str, content: bytes) -> None:
        """Writes an object, in the place of the one that was there. Raises BucketFailed."""

    def get(self, key: str) -> bytes | None:
        """What an object holds; None where there is none. Raises BucketFailed."""


def objects_at(address: str) -> Objects:
    """The objects of the bucket at an address, as a function's environment tells it."""
    if address.startswith(("https://", "http://")):
        from skyloom.adapters.buckets import azure_blobs

        return azure_blobs.Container(address)
    if os.environ.get("SKYLOOM_BUCKET", "").startswith("gs://"):
        from skyloom.adapters.buckets import google_storage

        return google_storage.Bucket(address)
    from skyloom.adapters.buckets import amazon_s3

    return amazon_s3.Bucket(address)


def objects_here(name: str) -> Objects:
    """The objects of a bucket on this machine: files below `$SKYLOOM_HOME/buckets`."""
    from skyloom.adapters.buckets import files

    return files.Folder(name)


def checked_key(key: str) -> str:
    """The key, where every store takes it. Raises ValueError."""
    if not key or len(key.encode()) > _LONGEST_KEY or any(part in ("", ".", "..") for part in key.split("/")):
        raise ValueError(f"no key of an object: {key!r}; names with `/` between them, at most {_LONGEST_KEY} bytes")
    return key
