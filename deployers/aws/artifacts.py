"""The bucket that code is deployed from: one an account and region, made by a stack of its own.

    <app>/<environment>/functions/<digest>.zip     a function's code; the digest is that of its files
    <app>/<environment>/workflows/<digest>.json    a state machine's definition
    <app>/<environment>/templates/<digest>.json    a template
    <app>/<environment>/releases/<time>-<version>.json   what was deployed when, and of which of these objects

Objects are named after their content, so that nothing is uploaded twice and a change of one function changes one key.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

from skyloom.deployers import uploading
from skyloom.deployers.aws import buckets, changesets, stacks
from skyloom.deployers.aws.client import Aws, code
from skyloom.deployers.aws.settling import delete, settle
from skyloom.deployers.aws.stacks import History
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import Bundle, tree_digest
from skyloom.deployers.events import Event, Said
from skyloom.flows.outcome import Json

STACK = "skyloom-artifacts"
_REVISION = "revision 1"
"""Stands in the stack's description. Raised with every change of the template below."""

_SECURE_ONLY: Json = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OnlyEncryptedConnections",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ],
}

TEMPLATE: dict[str, Json] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": f"What Skyloom deploys from: code, definitions and templates of all its apps here ({_REVISION})",
    "Resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Metadata": {"Skyloom": {"kind": "bucket", "name": "artifacts"}},
            # It is emptied and deleted with the last app that is deployed from it.
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": True}
                    ]
                },
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "unfinished-uploads",
                            "Status": "Enabled",
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                        }
                    ]
                },
            },
        },
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Metadata": {"Skyloom": {"kind": "bucket policy", "name": "artifacts"}},
            "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": _SECURE_ONLY},
        },
    },
    "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}}},
}


def function_key(app: str, environment: str, files: Mapping[str, bytes]) -> str:
    """The key of a function's code, which is this tree of files."""
    return f"{app}/{environment}/functions/{tree_digest(files)}.zip"


def definition_key(app: str, environment: str, definition: bytes) -> str:
    """The key of a state machine's definition."""
    return f"{app}/{environment}/workflows/{sha256(definition).hexdigest()}.json"


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that a deploy needs: its name for people, and where in the bundle it is."""

    name: str
    bundle: Bundle
    path: str

    def body(self) -> bytes:
        """The object's content; a folder's is a zip."""
        if self.path in self.bundle.files:
            return self.bundle.files[self.path]
        from skyloom.deployers.packaging import zipped

        return zipped(self.bundle.below(self.path))


def uploads(bundle: Bundle) -> dict[str, Upload]:
    """Everything that must be in the bucket before the bundle's stack can be made, by key; without the template."""
    app, environment = bundle.app, bundle.environment
    found: dict[str, Upload] = {}
    for name in bundle.folders("functions"):
        key = function_key(app, environment, bundle.below(f"functions/{name}"))
        found[key] = Upload(f"function {name}", bundle, f"functions/{name}")
    for path, data in bundle.below("workflows").items():
        key = definition_key(app, environment, data)
        found[key] = Upload(f"flow {path.removesuffix('.asl.json')}", bundle, f"workflows/{path}")
    return found


class Artifacts:
    """The bucket, and the part of it that belongs to an app in an environment."""

    def __init__(self, aws: Aws, app: str, environment: str) -> None:
        self._aws = aws
        self.prefix = f"{app}/{environment}/"

    def bucket(self) -> str | None:
        """The bucket's name; None where it is not made yet."""
        state = stacks.find(self._aws, STACK)
        if state is None or not state.outputs.get("Bucket"):
            return None
        return state.outputs["Bucket"]

    def ensure(self) -> Generator[Event, None, str]:
        """Makes the bucket, or brings it up to date, where that is necessary: its name.

        Raises:
            DeployFailed: it cannot be made.
        """
        state = stacks.find(self._aws, STACK)
        if state is not None and not state.is_busy and state.description == TEMPLATE["Description"] and state.is_well:
            return state.outputs["Bucket"]
        state = yield from settle(self._aws, STACK)
        body = {"TemplateBody": json.dumps(TEMPLATE)}
        change_set = changesets.create(self._aws, STACK, body, {}, {}, first=state is None)
        if change_set is not None:
            yield Said(f"making the bucket that Skyloom deploys from in {self._aws.place}")
            found = stacks.find(self._aws, STACK)
            assert found is not None
            history = History(self._aws, found.id, from_now=True)
            self._aws.cloudformation.execute_change_set(ChangeSetName=change_set, RetainExceptOnCreate=True)
            ended = yield from stacks.follow(self._aws, found.id, history, (TEMPLATE,))
            if not ended.state.is_well:
                raise DeployFailed(f"the bucket to deploy from cannot be made: {'; '.join(ended.reasons)}")
        made = self.bucket()
        assert made is not None
        return made

    # --- objects ---

    def upload(self, bucket: str, objects: Mapping[str, Upload]) -> Iterator[Event]:
        """Puts every object there that is not there yet."""
        return uploading.upload(objects, partial(self._size, bucket), partial(self.put, bucket))

    def upload_template(self, bucket: str, template: bytes) -> str:
        """Puts the template there: its key."""
        key = f"{self.prefix}templates/{sha256(template).hexdigest()}.json"
        if self._size(bucket, key) is None:
            self.put(bucket, key, template)
        return key

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Writes an object."""
        self._aws.s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=self._aws.account)

    def get(self, bucket: str, key: str) -> bytes:
        """Reads an object."""
        answer = self._aws.s3.get_object(Bucket=bucket, Key=key, ExpectedBucketOwner=self._aws.account)
        return answer["Body"].read()

    def missing(self, bucket: str, keys: Iterator[str]) -> list[str]:
        """Those of the keys that are not there."""
        return [key for key in keys if self._size(bucket, key) is None]

    def url(self, bucket: str, key: str) -> str:
        """Where CloudFormation finds an object."""
        signed = self._aws.s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        return urlunsplit(urlsplit(signed)._replace(query=""))

    def _size(self, bucket: str, key: str) -> int | None:
        try:
            found = self._aws.s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=self._aws.account)
        except self._aws.s3.exceptions.ClientError as error:
            if code(error) in ("404", "NoSuchKey", "NotFound"):
                return None
            raise
        return found["ContentLength"]

    def remove(self) -> Iterator[Event]:
        """Deletes everything of the app in the environment; with the last app the bucket itself."""
        bucket = self.bucket()
        if bucket is None:
            return
        count = buckets.empty(self._aws, bucket, self.prefix)
        if count:
            yield Said(f"deleted {count} uploaded files")
        if not self._aws.s3.list_objects_v2(Bucket=bucket, MaxKeys=1, ExpectedBucketOwner=self._aws.account)[
            "KeyCount"
        ]:
            yield Said("nothing else is deployed from the bucket of Skyloom, so it goes too")
            state = stacks.find(self._aws, STACK)
            if state is not None:
                yield from delete(self._aws, state)
