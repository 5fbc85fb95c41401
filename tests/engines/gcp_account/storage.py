"""Cloud Storage: buckets and objects over the JSON API, with generations, preconditions and notifications.

Not here: versions of objects (a bucket with versioning keeps the newest only), holds, retention, ACLs, composing.
https://cloud.google.com/storage/docs/json_api/v1
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesParser
from typing import Any

from engines.gcp_account.front import Answer, ApiError, Front, Json, Request, route
from engines.gcp_account.permissions import Permissions


def moment() -> str:
    """Now, as Google's APIs write it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass
class Stored:
    """An object."""

    name: str
    body: bytes
    generation: int
    about: dict[str, Any]
    created: str = field(default_factory=moment)
    metageneration: int = 1

    def to_json(self, bucket: str) -> dict[str, Json]:
        digest = base64.b64encode(hashlib.md5(self.body).digest()).decode()
        return {
            "kind": "storage#object",
            "id": f"{bucket}/{self.name}/{self.generation}",
            "name": self.name,
            "bucket": bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "size": str(len(self.body)),
            "md5Hash": digest,
            "timeCreated": self.created,
            "updated": self.created,
            **{key: value for key, value in self.about.items() if key not in ("name", "bucket")},
        }


@dataclass
class Bucket:
    name: str
    about: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, Stored] = field(default_factory=dict)
    created: str = field(default_factory=moment)

    def to_json(self) -> dict[str, Json]:
        about = {"kind": "storage#bucket", "id": self.name, "name": self.name, "timeCreated": self.created}
        return {**self.about, **about, "metageneration": "1", "projectNumber": PROJECT_NUMBER}


PROJECT_NUMBER = "123456789012"
_PAGE = 1000


class Storage:
    """The buckets of the project. `arrived` is told of each object that is written: bucket and object."""

    def __init__(self, front: Front, permissions: Permissions) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.arrived: list[Callable[[str, Stored], None]] = []
        self._permissions = permissions
        self._generations = itertools.count(1_700_000_000_000_000)
        self._uploads: dict[str, tuple[str, dict[str, Any], dict[str, str], bytearray]] = {}
        self._lock = threading.RLock()
        bucket, item = "/storage/v1/b/{bucket}", "/storage/v1/b/{bucket}/o/{object}"
        front.add(
            route("POST", "/storage/v1/b", self._make),
            route("GET", "/storage/v1/b", lambda _: {"items": [found.to_json() for found in self.buckets.values()]}),
            route("GET", bucket, lambda request: self.bucket(request.names["bucket"]).to_json()),
            route("PATCH", bucket, self._patch_bucket),
            route("DELETE", bucket, self._unmake),
            route("GET", f"{bucket}/o", self._list),
            route("GET", item, self._get),
            route("GET", "/download" + item, self._get),
            route("PATCH", item, self._patch),
            route("DELETE", item, self._delete),
            route("POST", "/upload" + bucket + "/o", self._upload),
            route("PUT", "/upload" + bucket + "/o", self._continue),
        )

    # --- buckets ---

    def bucket(self, name: str) -> Bucket:
        if name not in self.buckets:
            raise ApiError(404, "The specified bucket does not exist.")
        return self.buckets[name]

    def make(self, name: str, about: dict[str, Any]) -> Bucket:
        with self._lock:
            if name in self.buckets:
                raise ApiError(
                    409, "Your previous request to create the named bucket succeeded and you already own it."
                )
            self.buckets[name] = Bucket(name, about)
            return self.buckets[name]

    def unmake(self, name: str, *, force: bool = False) -> None:
        with self._lock:
            found = self.bucket(name)
            if found.objects and not force:
                raise ApiError(409, "The bucket you tried to delete is not empty.", "conflict")
            del self.buckets[name]

    def _make(self, request: Request) -> Json:
        about = request.json()
        return self.make(about.pop("name"), about).to_json()

    def _patch_bucket(self, request: Request) -> Json:
        found = self.bucket(request.names["bucket"])
        found.about |= request.json()
        return found.to_json()

    def _unmake(self, request: Request) -> Answer:
        self.unmake(request.names["bucket"])
        return Answer(204)

    # --- objects ---

    def _may(self, request: Request, permission: str, bucket: str, name: str = "") -> None:
        resource = f"buckets/{bucket}/objects/{name}" if name else f"buckets/{bucket}"
        self._permissions.require(request.caller.email, f"storage.objects.{permission}", resource)

    def _list(self, request: Request) -> Json:
        bucket = self.bucket(request.names["bucket"])
        listed = request.query.get("prefix", "")
        self._permissions.require(request.caller.email, "storage.objects.list", f"buckets/{bucket.name}", listed)
        prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter", "")
        names = sorted(name for name in bucket.objects if name.startswith(prefix))
        folders: dict[str, None] = {}
        if delimiter:
            inner = [(name, name[len(prefix) :].partition(delimiter)) for name in names]
            folders = {prefix + head + delimiter: None for _, (head, found, _) in inner if found}
            names = [name for name, (_, found, _) in inner if not found]
        start = int(request.query.get("pageToken") or 0)
        end = start + min(int(request.query.get("maxResults") or _PAGE), _PAGE)
        page = {"items": [bucket.objects[name].to_json(bucket.name) for name in names[start:end]]}
        more = {"nextPageToken": str(end)} if len(names) > end else {}
        return page | more | ({"prefixes": [*folders]} if folders else {})

    def _found(self, request: Request) -> tuple[Bucket, Stored]:
        bucket, name = self.bucket(request.names["bucket"]), request.names["object"]
        found = bucket.objects.get(name)
        asked = request.query.get("generation")
        if found is None or (asked and int(asked) != found.generation):
            # Whether there is an object is told only to those who may list it.
            self._permissions.require(request.caller.email, "storage.objects.list", f"buckets/{bucket.name}")
            raise ApiError(404, f"No such object: {bucket.name}/{name}")
        return bucket, found

    def _get(self, request: Request) -> Answer | Json:
        self._may(request, "get", request.names["bucket"], request.names["object"])
        bucket, found = self._found(request)
        _check(request, found)
        if request.query.get("alt") != "media":
            return found.to_json(bucket.name)
        kind = found.about.get("contentType", "application/octet-stream")
        marks = {"X-Goog-Generation": str(found.generation), "X-Goog-Metageneration": str(found.metageneration)}
        return Answer(200, found.body, {"Content-Type": kind, **marks})

    def _patch(self, request: Request) -> Json:
        self._may(request, "update", request.names["bucket"], request.names["object"])
        with self._lock:
            bucket, found = self._found(request)
            _check(request, found)
            changes = request.json()
            found.about["metadata"] = {**found.about.get("metadata", {}), **changes.pop("metadata", {})}
            found.about |= changes
            found.metageneration += 1
            return found.to_json(bucket.name)

    def _delete(self, request: Request) -> Answer:
        self._may(request, "delete", request.names["bucket"], request.names["object"])
        with self._lock:
            bucket, found = self._found(request)
            _check(request, found)
            del bucket.objects[found.name]
        return Answer(204)

    # --- writing ---

    def write(self, bucket: str, name: str, body: bytes, about: dict[str, Any] | None = None) -> Stored:
        """Writes an object."""
        with self._lock:
            stored = Stored(name, body, next(self._generations), about or {})
            self.bucket(bucket).objects[name] = stored
        for told in self.arrived:
            told(bucket, stored)
        return stored

    def _upload(self, request: Request) -> Answer | Json:
        bucket = self.bucket(request.names["bucket"]).name
        match request.query.get("uploadType"):
            case "media":
                about: dict[str, Any] = {"contentType": request.headers.get("content-type")}
                return self._put(request, bucket, request.query["name"], about, request.body)
            case "multipart":
                about, body = _parts(request)
                return self._put(request, bucket, about.get("name") or request.query["name"], about, body)
            case "resumable":
                about = request.json()
                key = uuid.uuid4().hex
                self._uploads[key] = (bucket, about, {**request.query}, bytearray())
                place = f"{request.base}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={key}"
                return Answer(200, b"", {"Location": place, "X-GUploader-UploadID": key})
            case kind:
                raise ApiError(400, f"uploadType {kind}")

    def _continue(self, request: Request) -> Answer | Json:
        bucket, about, query, body = self._uploads[request.query["upload_id"]]
        body += request.body
        total = request.headers.get("content-range", "").rpartition("/")[2]
        if (total.isdigit() and len(body) < int(total)) or (total == "*" and request.body):
            return Answer(308, b"", {"Range": f"bytes=0-{len(body) - 1}"})
        del self._uploads[request.query["upload_id"]]
        return self._put(request, bucket, about.get("name") or query["name"], about, bytes(body), query)

    def _put(
        self,
        request: Request,
        bucket: str,
        name: str,
        about: dict[str, Any],
        body: bytes,
        query: dict[str, str] | None = None,
    ) -> Json:
        asked = request.query if query is None else query
        with self._lock:
            before = self.bucket(bucket).objects.get(name)
            self._may(request, "create", bucket, name)
            if before is not None:
                # Replacing an object is deleting the one before it.
                self._may(request, "delete", bucket, name)
            match = asked.get("ifGenerationMatch")
            if match is not None and int(match) != (before.generation if before else 0):
                raise ApiError(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")
            return self.write(bucket, name, body, about).to_json(bucket)


def _check(request: Request, found: Stored) -> None:
    match = request.query.get("ifGenerationMatch")
    meta = request.query.get("ifMetagenerationMatch")
    if (match and int(match) != found.generation) or (meta and int(meta) != found.metageneration):
        raise ApiError(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")


def _parts(request: Request) -> tuple[dict[str, Any], bytes]:
    """The two parts of a multipart upload: what is said of the object, and the object."""
    kind = request.headers["content-type"]
    boundary = re.search(r'boundary="?([^";]+)"?', kind)
    assert boundary is not None
    mark = b"--" + boundary[1].encode()
    _, first, second, *_ = request.body.split(mark)
    about = first.lstrip(b"\r\n").partition(b"\r\n\r\n")[2]
    head, _, body = second.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    document = json.loads(about)
    document.setdefault("contentType", BytesParser().parsebytes(head + b"\r\n\r\n").get_content_type())
    return document, body.removesuffix(b"\r\n")
