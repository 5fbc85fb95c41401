"""CloudFormation as AWS documents it, where MiniStack does otherwise."""

from __future__ import annotations

from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

_BUCKET = "AWS::S3::Bucket"


def install() -> None:
    """A bucket is deleted only when it is empty; MiniStack throws it away with all its objects."""
    handlers = provisioners._RESOURCE_HANDLERS[_BUCKET]
    delete = handlers["delete"]

    def delete_empty(physical_id: str, properties: dict[str, Any], *more: Any) -> Any:
        status, _, _ = s3._delete_bucket(physical_id)
        if status == 409:
            raise ValueError("The bucket you tried to delete is not empty (Service: S3, Status Code: 409)")
        return delete(physical_id, properties, *more)

    handlers["delete"] = delete_empty
