"""The container that an app's releases lie in, in its own storage account.

    apps/<key>/<digest>.zip            a function app's code; the digest is that of its files
    templates/<digest>.json            a bundle's template; the digest is the bundle's
    releases/<time>-<version>.json     what was deployed when, and of which of these objects
    flows/<version>.zip                the flows of a version (kept_flows.py)
    published.json                     which code each function app has

Objects are named after their content, so that nothing is uploaded twice. `published.json` loses a function app before
its code is exchanged, and has it again when the new one answers: what is not in it is published once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from skyloom.deployers import uploading
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.kept_flows import code_with_earlier
from skyloom.deployers.azure.refusals import status
from skyloom.deployers.bundle import Bundle, json_bytes, tree_digest
from skyloom.deployers.events import Event

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

CONTAINER, MAIN = "releases", "main"
_PUBLISHED = "published.json"


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that a deploy needs: its name for people, and where in the bundle it is."""

    name: str
    bundle: Bundle
    folder: str

    def body(self) -> bytes:
        """The object's content: a zip of a folder."""
        from skyloom.deployers.packaging import zipped

        return zipped(self.bundle.below(self.folder))


def apps_of(bundle: Bundle) -> dict[str, tuple[str, Upload]]:
    """The function apps of a bundle by their keys: the object that holds the code, and how it is made."""
    folders = {MAIN: "app", **{key: f"apps/{key}" for key in bundle.folders("apps")}}
    return {
        key: (f"apps/{key}/{tree_digest(bundle.below(folder))}.zip", Upload(f"function app {key}", bundle, folder))
        for key, folder in folders.items()
    }


class Artifacts:
    """What an app is deployed from. The account is the app's own, so there is none before the first deploy."""

    prefix = ""

    def __init__(self, azure: Azure, endpoint: str) -> None:
        self._azure, self._endpoint = azure, endpoint

    @cached_property
    def _container(self) -> ContainerClient:
        return self._azure.container(self._endpoint, CONTAINER)

    # --- objects ---

    def get(self, key: str) -> bytes:
        """Reads an object."""
        return self._container.download_blob(key).readall()

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        self._container.upload_blob(key, body, overwrite=True)

    def delete(self, key: str) -> None:
        """Deletes an object; one that is gone already is no error."""
        try:
            self._container.delete_blob(key)
        except self._azure.refused as error:
            if status(error) != 404:
                raise

    def listed(self, prefix: str) -> list[tuple[str, float]]:
        """Keys below the prefix, with the time at which they were written; without the note of what is published, which
        belongs to no release."""
        found = self._container.list_blobs(name_starts_with=prefix)
        return [(blob.name, blob.last_modified.timestamp()) for blob in found if blob.name != _PUBLISHED]

    def upload(self, objects: Mapping[str, Upload]) -> Iterator[Event]:
        """Puts every object there that is not there yet."""
        return uploading.upload(objects, self._size, self.put)

    def upload_template(self, digest: str, template: bytes) -> str:
        """Puts a bundle's template there: its key."""
        key = f"templates/{digest}.json"
        if self._size(key) is None:
            self.put(key, template)
        return key

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that are not there."""
        return [key for key in keys if self._size(key) is None]

    def _size(self, key: str) -> int | None:
        try:
            return int(self._container.get_blob_client(key).get_blob_properties().size)
        except self._azure.refused as error:
            if status(error) == 404:
                return None
            raise

    def code(self, app: str, key: str) -> bytes:
        """What is published to a function app: its code, and with the flows those of earlier versions, whose runs may
        be under way.

        Args:
            key: the object that holds the code.
        """
        code = self.get(key)
        return code_with_earlier(self, code) if app == MAIN else code

    # --- what is published ---

    def published(self) -> dict[str, str]:
        """The object that each function app's code came from, as far as that is certain."""
        try:
            found: dict[str, str] = json.loads(self.get(_PUBLISHED))
        except self._azure.refused as error:
            if status(error) != 404:
                raise
            return {}
        return found

    def note(self, app: str, key: str | None) -> None:
        """Notes which code a function app has; None: that this is about to change."""
        found = self.published()
        found.pop(app, None)
        self.put(_PUBLISHED, json_bytes({**found, **({app: key} if key is not None else {})}))

    def clear(self) -> None:
        """Deletes everything, what is published first: without that, all code is published anew. Where there is no
        such container, or no right to it, nothing of it is the caller's."""
        try:
            self.delete(_PUBLISHED)
            for key, _ in self.listed(""):
                self.delete(key)
        except self._azure.refused as error:
            if status(error) not in (403, 404):
                raise
