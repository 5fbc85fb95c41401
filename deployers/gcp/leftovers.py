"""What outlives an app's deployment because it holds data: found by its labels, and deleted when that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed, Event, Said
from skyloom.deployers.gcp.client import Google, code, reason
from skyloom.deployers.gcp.naming import APP_LABEL, ENVIRONMENT_LABEL, KINDS

BUCKET = "google_storage_bucket"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that outlives its deployment, and holds data. `address` is empty where the deployment is gone."""

    type: str
    kind: str
    name: str
    id: str
    address: str = ""

    @property
    def short(self) -> str:
        """The last part of its id: the project may stand in it by name or by number."""
        return self.id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class _Collection:
    """Resources of a type that are listed and deleted over REST."""

    service: str
    path: str
    key: str


_COLLECTIONS: Mapping[str, _Collection] = {
    "google_pubsub_subscription": _Collection("pubsub", "subscriptions", "subscriptions"),
    "google_pubsub_topic": _Collection("pubsub", "topics", "topics"),
    "google_secret_manager_secret": _Collection("secretmanager", "secrets", "secrets"),
}
"""By type, beside buckets. What is kept and is not here, people delete themselves."""


class Leftovers:
    """What earlier deployments of an app in an environment have left behind."""

    def __init__(self, google: Google, app: str, environment: str) -> None:
        self._google = google
        self._labels = {APP_LABEL: app, ENVIRONMENT_LABEL: environment}

    def found(self) -> tuple[list[Kept], tuple[str, ...]]:
        """Everything that has the app's labels, in a deployment or not; and what could not be looked for."""
        kept = [self._kept(BUCKET, found.name, found.labels) for found in self._google.storage.list_buckets()]
        notes: list[str] = []
        for type_, collection in _COLLECTIONS.items():
            try:
                path = f"v1/projects/{self._google.project}/{collection.path}"
                rows = [*self._google.pages(collection.service, path, collection.key)]
            except self._google.refused as error:
                if code(error) != 403:
                    raise
                notes.append(f"{collection.path} that were kept cannot be looked for: {reason(error)}")
            else:
                kept += [self._kept(type_, row["name"], row.get("labels")) for row in rows]
        return [one for one in kept if one is not None], tuple(notes)

    def _kept(self, type_: str, id_: str, labels: Mapping[str, str] | None) -> Any:
        if not self._labels.items() <= (labels or {}).items():
            return None
        return Kept(type_, KINDS[type_], id_.rpartition("/")[2], id_)

    @staticmethod
    def deletes(type_: str) -> bool:
        """Whether things of that type are deleted when they are in no deployment any more."""
        return type_ == BUCKET or type_ in _COLLECTIONS

    def delete(self, one: Kept) -> Iterator[Event]:
        """Deletes something that is in no deployment; what is gone already is no error. Raises DeployFailed."""
        if one.type == BUCKET:
            yield from self.empty(one.id)
            yield from self._gone(one, lambda: self._google.storage.bucket(one.id).delete())
        else:
            service = _COLLECTIONS[one.type].service
            yield from self._gone(one, lambda: self._google.call(service, "DELETE", f"v1/{one.id}"))

    def _gone(self, one: Kept, delete: Callable[[], object]) -> Iterator[Event]:
        try:
            delete()
        except self._google.refused as error:
            if code(error) == 404:
                return
            raise DeployFailed(f"{one.kind} {one.id} cannot be deleted: {reason(error)}") from error
        yield Changed(action="delete", kind=one.kind, name=one.name, state="done")

    def empty(self, bucket: str) -> Iterator[Event]:
        """Deletes every version of every object: Terraform deletes a bucket with objects only where it may."""
        count = 0
        try:
            for blob in self._google.storage.list_blobs(bucket, versions=True):
                blob.delete()
                count += 1
        except self._google.refused as error:
            if code(error) != 404:
                raise
        if count:
            yield Said(f"emptied bucket {bucket}: {count} objects")
