"""Buckets: whether one is there, and emptying those that are to go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from skyloom.deployers.aws import stacks
from skyloom.deployers.aws.client import Aws, code
from skyloom.deployers.aws.naming import named
from skyloom.deployers.events import Event, Said
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_ABSENT = ("NoSuchBucket", "404", "NotFound")
_MOST_AT_ONCE = 1000
"""Objects that one call deletes: DeleteObjects takes no more."""

_RETAINED = ("Retain", "RetainExceptOnCreate")


def exists(aws: Aws, bucket: str) -> bool:
    """Whether the bucket is there and is the account's own."""
    try:
        aws.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account)
    except aws.s3.exceptions.ClientError as error:
        if code(error) in _ABSENT:
            return False
        raise
    return True


def empty(aws: Aws, bucket: str, prefix: str = "") -> int:
    """Deletes every object, in every version, whose key begins with the prefix: how many. A bucket that is not there
    is empty."""
    count = 0
    try:
        pages = aws.s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=aws.account, PaginationConfig={"PageSize": _MOST_AT_ONCE}
        )
        for page in pages:
            entries: list[Any] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            found: list[ObjectIdentifierTypeDef] = [{"Key": e["Key"], "VersionId": e["VersionId"]} for e in entries]
            if found:
                answer = aws.s3.delete_objects(
                    Bucket=bucket, Delete={"Objects": found, "Quiet": True}, ExpectedBucketOwner=aws.account
                )
                count += len(found) - len(answer.get("Errors", []))
        _abort_uploads(aws, bucket, prefix)
    except aws.s3.exceptions.ClientError as error:
        if code(error) not in _ABSENT:
            raise
    return count


def _abort_uploads(aws: Aws, bucket: str, prefix: str) -> None:
    pages = aws.s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=aws.account
    )
    for page in pages:
        for upload in page.get("Uploads", []):
            aws.s3.abort_multipart_upload(
                Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"], ExpectedBucketOwner=aws.account
            )


def empty_buckets(aws: Aws, stack: str, template: Mapping[str, Json]) -> Iterator[Event]:
    """Empties the stack's buckets, except those that outlive it: CloudFormation deletes only empty ones."""
    for logical_id, resource_type, physical_id, status in stacks.resources(aws, stack):
        if resource_type != "AWS::S3::Bucket" or not physical_id or status == "DELETE_COMPLETE":
            continue
        if is_kept(template, logical_id):
            continue
        count = empty(aws, physical_id)
        if count:
            yield Said(f"emptied bucket {named(logical_id, resource_type, template).name}: {count} objects")


def is_kept(template: Mapping[str, Json], logical_id: str) -> bool:
    """Whether the resource outlives its stack."""
    return template.get("Resources", {}).get(logical_id, {}).get("DeletionPolicy") in _RETAINED
