"""Objects in Amazon S3."""

from __future__ import annotations

import functools
from typing import Any

from skyloom.adapters.buckets import BucketFailed


class Bucket:
    """A bucket, by name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, key: str, content: bytes) -> None:
        """Writes an object."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            _client().put_object(Bucket=self._name, Key=key, Body=content)
        except (ClientError, BotoCoreError) as problem:
            raise BucketFailed(f"s3://{self._name}/{key} cannot be written: {problem}") from None

    def get(self, key: str) -> bytes | None:
        """What an object holds."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = _client()
        try:
            body: bytes = client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except client.exceptions.NoSuchKey:
            return None
        except (ClientError, BotoCoreError) as problem:
            raise BucketFailed(f"s3://{self._name}/{key} cannot be read: {problem}") from None
        return body


@functools.cache
def _client() -> Any:
    import boto3

    return boto3.client("s3")
