"""What was deployed when: the record that rollbacks go back to. It lies beside the code it names."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from skyloom.deployers.aws.artifacts import Artifacts
from skyloom.deployers.aws.client import Aws
from skyloom.deployers.bundle import SHOWN_DIGITS, json_bytes

KEPT = 10
"""How many releases can be gone back to."""

_YOUNG_SECONDS = 24 * 3600.0
"""Objects younger than this are never pruned: they may belong to a deploy that is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A bundle that was deployed: its digest, when, and the keys of its template and its objects."""

    digest: str
    deployed: float
    template: str
    objects: tuple[str, ...]

    @property
    def version(self) -> str:
        """The beginning of the digest, as people see it."""
        return self.digest[:SHOWN_DIGITS]


class Releases:
    """The releases of an app in an environment."""

    def __init__(self, aws: Aws, artifacts: Artifacts) -> None:
        self._aws, self._artifacts = aws, artifacts
        self._prefix = f"{artifacts.prefix}releases/"

    def all(self, bucket: str) -> list[Release]:
        """Every release that is kept, newest first."""
        return [_read(self._artifacts.get(bucket, key)) for key in self._keys(bucket)]

    def record(self, bucket: str, release: Release) -> None:
        """Notes a release, unless it is the newest one already, and forgets what is too old."""
        keys = self._keys(bucket)
        if not keys or _read(self._artifacts.get(bucket, keys[0])).digest != release.digest:
            # Keys sort by time: 13 digits of milliseconds last until the year 2286.
            key = f"{self._prefix}{int(release.deployed * 1000):013}-{release.version}.json"
            self._artifacts.put(bucket, key, _written(release))
            self._prune(bucket)

    def _keys(self, bucket: str) -> list[str]:
        return sorted((key for key, _ in self._listed(bucket, self._prefix)), reverse=True)

    def _listed(self, bucket: str, prefix: str) -> list[tuple[str, float]]:
        """Keys with the time at which they were written."""
        pages = self._aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=self._aws.account
        )
        return [
            (found["Key"], found["LastModified"].timestamp()) for page in pages for found in page.get("Contents", [])
        ]

    def _prune(self, bucket: str) -> None:
        keys = self._keys(bucket)
        kept = [_read(self._artifacts.get(bucket, key)) for key in keys[:KEPT]]
        needed = {key for release in kept for key in (release.template, *release.objects)} | set(keys[:KEPT])
        old = time.time() - _YOUNG_SECONDS
        gone = [
            key
            for key, written in self._listed(bucket, self._artifacts.prefix)
            if key not in needed and (written < old or key in keys)
        ]
        for key in gone:
            self._aws.s3.delete_object(Bucket=bucket, Key=key, ExpectedBucketOwner=self._aws.account)


def _written(release: Release) -> bytes:
    return json_bytes(
        {
            "bundle": release.digest,
            "deployed": release.deployed,
            "template": release.template,
            "objects": list(release.objects),
        }
    )


def _read(data: bytes) -> Release:
    document = json.loads(data)
    return Release(
        digest=document["bundle"],
        deployed=document["deployed"],
        template=document["template"],
        objects=tuple(document["objects"]),
    )
