"""The bucket that an app is deployed from: one a project and region.

    <app>/<environment>/functions/<digest>.zip     a function's code; the digest is that of its files
    <app>/<environment>/blueprints/<digest>/...    a bundle's Terraform configuration; the digest is the bundle's
    <app>/<environment>/releases/<time>-<version>.json   what was deployed when, and of which of these objects

Objects are named after their content, so that nothing is uploaded twice and a change of one function changes one name.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from skyloom.deployers import uploading
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import Bundle, tree_digest
from skyloom.deployers.events import Event, Said
from skyloom.deployers.gcp.client import Google, code
from skyloom.deployers.gcp.resources.code import is_for_own_terraform, zip_file

LABEL = {"skyloom": "artifacts"}
_MAIN = "main.tf.json"


def function_object(app: str, environment: str, files: Mapping[str, bytes]) -> str:
    """The name of the object that holds a function's code, which is this tree of files."""
    return f"{app}/{environment}/functions/{tree_digest(files)}.zip"


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that a deploy needs: its name for people, and where in the bundle it is."""

    name: str
    bundle: Bundle
    path: str

    def body(self) -> bytes:
        """The object's content."""
        return self.bundle.files[self.path]


def uploads(bundle: Bundle) -> dict[str, Upload]:
    """The functions' code that must be in the bucket before the bundle can be deployed, by object."""
    found: dict[str, Upload] = {}
    for name in bundle.folders("functions"):
        key = function_object(bundle.app, bundle.environment, bundle.below(f"functions/{name}"))
        found[key] = Upload(f"function {name}", bundle, zip_file(name))
    return found


def configuration(bundle: Bundle) -> dict[str, bytes]:
    """The files of the bundle that Infrastructure Manager reads, by path."""
    return {path: data for path, data in bundle.files.items() if not is_for_own_terraform(path)}


class Artifacts:
    """The bucket, and the part of it that belongs to an app in an environment."""

    def __init__(self, google: Google, app: str, environment: str) -> None:
        self._google = google
        self.name = f"skyloom-{google.project.replace(':', '-').replace('.', '-')}-{google.region}"
        self.prefix = f"{app}/{environment}/"

    def exists(self) -> bool:
        """Whether the bucket is there, in this project: a list names no bucket of anybody else."""
        return any(found.name == self.name for found in self._google.storage.list_buckets(prefix=self.name))

    def ensure(self) -> Generator[Event, None, None]:
        """Makes the bucket where there is none yet.

        Raises:
            DeployFailed: its name is taken by somebody else's.
        """
        if self.exists():
            return
        yield Said(f"making the bucket that Skyloom deploys from in {self._google.place}")
        bucket = self._google.storage.bucket(self.name)
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.iam_configuration.public_access_prevention = "enforced"
        bucket.labels = LABEL
        try:
            self._google.storage.create_bucket(bucket, location=self._google.region)
        except self._google.refused as error:
            # Somebody made it in this moment, or it is somebody else's.
            if code(error) != 409:
                raise
            if not self.exists():
                raise DeployFailed(f"the name of the bucket {self.name} is taken in another project") from None

    # --- objects ---

    def upload(self, objects: Mapping[str, Upload]) -> Iterator[Event]:
        """Puts every object there that is not there yet."""
        return uploading.upload(objects, self._size, self.put)

    def upload_configuration(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Puts a bundle's configuration there, its main file last: where that is, all of it is."""
        folder = self.folder(digest)
        if self._size(f"{folder}{_MAIN}") is None:
            for path in sorted(files, key=lambda path: (path == _MAIN, path)):
                self.put(f"{folder}{path}", files[path])

    def configuration(self, digest: str) -> dict[str, bytes]:
        """The configuration of a bundle that was uploaded before; empty where it is gone."""
        folder = self.folder(digest)
        blobs = self._google.storage.list_blobs(self.name, prefix=folder)
        return {blob.name.removeprefix(folder): blob.download_as_bytes() for blob in blobs}

    def main_file(self, digest: str) -> bytes | None:
        """The main file of a bundle's configuration; None where it is gone."""
        return self.get(f"{self.folder(digest)}{_MAIN}") if self._size(f"{self.folder(digest)}{_MAIN}") else None

    def folder(self, digest: str) -> str:
        """Where a bundle's configuration lies."""
        return f"{self.prefix}blueprints/{digest}/"

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        self._bucket.blob(key).upload_from_string(body, content_type="application/octet-stream")

    def get(self, key: str) -> bytes:
        """Reads an object."""
        content: bytes = self._bucket.blob(key).download_as_bytes()
        return content

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are not there."""
        return [key for key in keys if self._size(key) is None]

    def listed(self, prefix: str) -> list[tuple[str, float]]:
        """Keys below the prefix, with the time at which they were written."""
        blobs = self._google.storage.list_blobs(self.name, prefix=prefix)
        return [(blob.name, blob.updated.timestamp()) for blob in blobs]

    def delete(self, key: str) -> None:
        """Deletes an object; one that is gone already is no error."""
        try:
            self._bucket.blob(key).delete()
        except self._google.refused as error:
            if code(error) != 404:
                raise

    def _size(self, key: str) -> int | None:
        blob = self._bucket.get_blob(key)
        return None if blob is None else int(blob.size)

    @property
    def _bucket(self):  # type: ignore[no-untyped-def]  # the library's own types are incomplete
        return self._google.storage.bucket(self.name)

    def remove(self) -> Iterator[Event]:
        """Deletes everything of the app in the environment; with the last app the bucket itself."""
        if not self.exists():
            return
        keys = [key for key, _ in self.listed(self.prefix)]
        for key in keys:
            self.delete(key)
        if keys:
            yield Said(f"deleted {len(keys)} uploaded files")
        if not self.listed(""):
            yield Said("nothing else is deployed from the bucket of Skyloom, so it goes too")
            self._unmake()

    def _unmake(self) -> None:
        try:
            self._bucket.delete()
        except self._google.refused as error:
            # Another app is being deployed from it, or its destroy was a moment faster.
            if code(error) not in (404, 409):
                raise
