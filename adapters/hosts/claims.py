"""The claim check: a value too large to travel with a run waits in the app's bucket, and a pointer travels instead; of
a value that the run looks into in part, its large parts that nobody looks into.

    {"$skyloom": "s3://bucket/values/<run>/<digest>.json", "bytes": 734003}

The bucket is one of Amazon S3, or, where its name begins with `gs://`, of Google's Cloud Storage; on Azure it is the
container `claims` of the app's storage account. A pointer counts only when it names the app's own bucket and the run
that it travels in: one that comes from outside is plain data, and leads nowhere.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from skyloom.errors import TaskFailed

Json = Any

BUCKET_VARIABLE = "SKYLOOM_BUCKET"
STORAGE_VARIABLE = "SKYLOOM_STORAGE"
MARK = "$skyloom"
_GOOGLE, _AZURE = "gs://", "https://"

MOST_INLINE = 250_000
"""Bytes of JSON that travel with a run: Step Functions carries 262,144 from state to state, what it says about the call
included (docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html), and a text in Workflows has at most as
many (cloud.google.com/workflows/quotas)."""
LARGE = {"reference": 200_000, "gathered": 2_000}
"""Bytes from which on a value is left in the bucket where nobody looks into it: fewer where many values come together
in one."""
LARGE_ON_GOOGLE = {"reference": 16_000, "gathered": 2_000}
"""The same where all variables of a run together have 524,288 bytes (cloud.google.com/workflows/quotas)."""
LARGE_ON_AZURE = LARGE_ON_GOOGLE
"""The same where an orchestrator is given all that a run has seen each time it goes on."""
LARGE_PART = 2_000
"""Bytes from which on a part of such a value waits. A pointer has some 150."""
_NAME = re.compile(r"[0-9a-f]{64}\.json")
"""What a value is called in the folder of its run: the digest of its JSON."""


def checked_in(name: str, value: Json, carry: str, run: str, looks: Json = False) -> Json:
    """The value as it travels on: itself, or a pointer where `carry` allows one and it is large; or itself with
    pointers in the places of large parts.

    Args:
        name: whose result it is, for messages.
        carry: "inline", or a key of `LARGE`.
        looks: how far the run looks into it, as `skyloom.deployers.looks` writes it: false, true, or an object of the
            same by keys, "*" for all others.

    Raises:
        TaskFailed: it is too large to travel.
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    content = _json(value)
    address = _address()
    if address and carry in LARGE and len(content) > _large(address)[carry]:
        if looks is False:
            return _stored(content, address, run)
        value = _parted(value, looks, address, run)
        content = _json(value)
    if len(content) > MOST_INLINE:
        raise TaskFailed(
            f"{name} returned {len(content):,} bytes of JSON; at most {MOST_INLINE:,} travel with a run. "
            "Keep the value in a bucket and return its name, or return less of it; large values, and large fields of "
            "models, travel where they are only handed on to tasks, and the flow itself reads nothing of them"
        )
    return value


def _parted(value: Json, looks: Json, address: str, run: str) -> Json:
    """The value with pointers in the places of the large parts that nobody looks into."""
    if looks is True or not isinstance(value, str | list | dict):
        return value
    if looks is False:
        content = _json(value)
        return _stored(content, address, run) if len(content) > LARGE_PART else value
    others = looks.get("*", False)
    if isinstance(value, dict):
        return {key: _parted(part, looks.get(key, others), address, run) for key, part in value.items()}
    if isinstance(value, list):
        return [_parted(part, looks.get(str(n), others), address, run) for n, part in enumerate(value)]
    return value


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def checked_out(value: Json, run: str) -> Json:
    """The value with everything in the place of pointers that waits for them. Raises TaskFailed where it is gone."""
    address = _address()
    return _resolved(value, f"{address}/{_folder(run)}") if address and run else value


def _address() -> str | None:
    """Where large values wait; None where there is no place for them."""
    storage = os.environ.get(STORAGE_VARIABLE)
    if storage:
        # The host is that of the account; tests have one of their own.
        return f"{_AZURE}{storage.partition('://')[2].rstrip('/')}/claims"
    bucket = os.environ.get(BUCKET_VARIABLE)
    return bucket if not bucket or bucket.startswith(_GOOGLE) else f"s3://{bucket}"


def _large(address: str) -> dict[str, int]:
    if address.startswith(_AZURE):
        return LARGE_ON_AZURE
    return LARGE_ON_GOOGLE if address.startswith(_GOOGLE) else LARGE


def _resolved(value: Json, prefix: str) -> Json:
    if isinstance(value, dict):
        pointer = value.get(MARK)
        if isinstance(pointer, str) and value.keys() == {MARK, "bytes"} and _leads_into(prefix, pointer):
            return _fetched(pointer)
        return {key: _resolved(item, prefix) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolved(item, prefix) for item in value]
    return value


def _leads_into(prefix: str, pointer: str) -> bool:
    """Whether it names a value of that folder: whoever knows the run's id could write `..` behind it."""
    return pointer.startswith(prefix) and _NAME.fullmatch(pointer, len(prefix)) is not None


def _folder(run: str) -> str:
    return f"values/{run}/"


def _stored(content: bytes, address: str, run: str) -> Json:
    from hashlib import sha256

    # Named after the content: a repeated attempt writes the same object again.
    key = f"{_folder(run)}{sha256(content).hexdigest()}.json"
    if address.startswith(_AZURE):
        from skyloom.adapters.hosts import azure_values

        azure_values.put(key, content)
    elif address.startswith(_GOOGLE):
        from skyloom.adapters.hosts import google_values

        google_values.put(address.removeprefix(_GOOGLE), key, content)
    else:
        bucket = address.removeprefix("s3://")
        _client().put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/json")
    return {MARK: f"{address}/{key}", "bytes": len(content)}


def _fetched(pointer: str) -> Json:
    scheme, _, place = pointer.partition("://")
    bucket, _, key = place.partition("/")
    if f"{scheme}://" == _AZURE:
        body = _from_azure(pointer.removeprefix(f"{_address()}/"))
    else:
        body = _from_google(bucket, key) if f"{scheme}://" == _GOOGLE else _from_s3(bucket, key)
    if body is None:
        raise TaskFailed(f"the value at {pointer} is gone: large values are kept for a limited time")
    return json.loads(body)


def _from_azure(key: str) -> bytes | None:
    from skyloom.adapters.hosts import azure_values

    return azure_values.get(key)


def _from_google(bucket: str, key: str) -> bytes | None:
    from skyloom.adapters.hosts import google_values

    return google_values.get(bucket, key)


def _from_s3(bucket: str, key: str) -> bytes | None:
    client = _client()
    try:
        body: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except client.exceptions.NoSuchKey:
        return None
    return body


_clients: list[Any] = []


def _client() -> Any:
    if not _clients:
        import boto3

        _clients.append(boto3.client("s3"))
    return _clients[0]
