"""The record of releases in the bucket that an app is deployed from."""

from __future__ import annotations

from dataclasses import dataclass

from skyloom.deployers.aws.artifacts import Artifacts
from skyloom.deployers.aws.client import Aws
from skyloom.deployers.releases import Releases


@dataclass(frozen=True, slots=True)
class _Objects:
    """The objects of an app in an environment, in the bucket of that name."""

    aws: Aws
    artifacts: Artifacts
    bucket: str
    prefix: str

    def get(self, key: str) -> bytes:
        return self.artifacts.get(self.bucket, key)

    def put(self, key: str, body: bytes) -> None:
        self.artifacts.put(self.bucket, key, body)

    def listed(self, prefix: str) -> list[tuple[str, float]]:
        pages = self.aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, ExpectedBucketOwner=self.aws.account
        )
        return [
            (found["Key"], found["LastModified"].timestamp()) for page in pages for found in page.get("Contents", [])
        ]

    def delete(self, key: str) -> None:
        self.aws.s3.delete_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self.aws.account)


def releases(aws: Aws, artifacts: Artifacts, bucket: str) -> Releases:
    """The releases of the app in the environment whose files these are."""
    return Releases(_Objects(aws, artifacts, bucket, artifacts.prefix))
