"""What was deployed when: the record that rollbacks go back to. It lies beside the code it names."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from skyloom.deployers.bundle import SHOWN_DIGITS, json_bytes
from skyloom.deployers.gcp.artifacts import Artifacts

KEPT = 10
"""How many releases can be gone back to."""

_YOUNG_SECONDS = 24 * 3600.0
"""Objects younger than this are never pruned: they may belong to a deploy that is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A bundle that was deployed: its digest, when, and the objects that its functions were made from."""

    digest: str
    deployed: float
    objects: tuple[str, ...]

    @property
    def version(self) -> str:
        """The beginning of the digest, as people see it."""
        return self.digest[:SHOWN_DIGITS]


class Releases:
    """The releases of an app in an environment."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._prefix = f"{artifacts.prefix}releases/"

    def all(self) -> list[Release]:
        """Every release that is kept, newest first."""
        return [_read(self._artifacts.get(key)) for key in self._keys()]

    def record(self, release: Release) -> None:
        """Notes a release, unless it is the newest one already, and forgets what is too old."""
        keys = self._keys()
        if not keys or _read(self._artifacts.get(keys[0])).digest != release.digest:
            # Names sort by time: 13 digits of milliseconds last until the year 2286.
            key = f"{self._prefix}{int(release.deployed * 1000):013}-{release.version}.json"
            self._artifacts.put(key, _written(release))
            self._prune()

    def _keys(self) -> list[str]:
        return sorted((key for key, _ in self._artifacts.listed(self._prefix)), reverse=True)

    def _prune(self) -> None:
        keys = self._keys()
        kept = [_read(self._artifacts.get(key)) for key in keys[:KEPT]]
        needed = {key for release in kept for key in release.objects} | set(keys[:KEPT])
        folders = tuple(self._artifacts.folder(release.digest) for release in kept)
        old = time.time() - _YOUNG_SECONDS
        for key, written in self._artifacts.listed(self._artifacts.prefix):
            if key not in needed and not key.startswith(folders) and (written < old or key in keys):
                self._artifacts.delete(key)


def _written(release: Release) -> bytes:
    return json_bytes({"bundle": release.digest, "deployed": release.deployed, "objects": list(release.objects)})


def _read(data: bytes) -> Release:
    document = json.loads(data)
    return Release(digest=document["bundle"], deployed=document["deployed"], objects=tuple(document["objects"]))
