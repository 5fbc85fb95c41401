"""What was deployed when: the record that rollbacks go back to. It lies beside the code it names."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from skyloom.deployers.bundle import SHOWN_DIGITS, json_bytes

KEPT = 10
"""How many releases can be gone back to."""

_YOUNG_SECONDS = 24 * 3600.0
"""Objects younger than this are never pruned: they may belong to a deploy that is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A bundle that was deployed: its digest, when, and the objects it was made from. `template` is the one of them
    that holds its template, where a cloud keeps it as an object."""

    digest: str
    deployed: float
    objects: tuple[str, ...]
    template: str = ""

    @property
    def version(self) -> str:
        """The beginning of the digest, as people see it."""
        return self.digest[:SHOWN_DIGITS]


class Objects(Protocol):
    """Where the files of an app in an environment lie."""

    @property
    def prefix(self) -> str:
        """How the keys of all of them begin."""

    def get(self, key: str) -> bytes: ...
    def put(self, key: str, body: bytes) -> None: ...
    def delete(self, key: str) -> None: ...

    def listed(self, prefix: str) -> list[tuple[str, float]]:
        """Keys below the prefix, with the time at which they were written."""


class Releases:
    """The releases of an app in an environment.

    Args:
        folder: what of the other objects belongs to a release: the folder of what its digest names.
    """

    def __init__(self, objects: Objects, folder: Callable[[str], str] | None = None) -> None:
        self._objects, self._folder = objects, folder
        self._prefix = f"{objects.prefix}releases/"

    def all(self) -> list[Release]:
        """Every release that is kept, newest first."""
        return [_read(self._objects.get(key)) for key in self._keys()]

    def newest(self) -> Release | None:
        """The last one that was deployed; None where there is none."""
        keys = self._keys()
        return _read(self._objects.get(keys[0])) if keys else None

    def record(self, release: Release) -> None:
        """Notes a release, unless it is the newest one already, and forgets what is too old."""
        newest = self.newest()
        if newest is None or newest.digest != release.digest:
            # Keys sort by time: 13 digits of milliseconds last until the year 2286.
            key = f"{self._prefix}{int(release.deployed * 1000):013}-{release.version}.json"
            self._objects.put(key, _written(release))
            self._prune()

    def _keys(self) -> list[str]:
        return sorted((key for key, _ in self._objects.listed(self._prefix)), reverse=True)

    def _prune(self) -> None:
        keys = self._keys()
        kept = [_read(self._objects.get(key)) for key in keys[:KEPT]]
        needed = {key for release in kept for key in (release.template, *release.objects)} | set(keys[:KEPT])
        folders = tuple(self._folder(release.digest) for release in kept) if self._folder else ()
        old = time.time() - _YOUNG_SECONDS
        for key, written in self._objects.listed(self._objects.prefix):
            if key not in needed and not key.startswith(folders) and (written < old or key in keys):
                self._objects.delete(key)


def chosen(known: Iterable[Release], version: str | None, current: str) -> Release | None:
    """The release whose version begins so; without a version the newest one that is not the current one."""
    if version is None:
        return next((release for release in known if release.digest != current), None)
    return next((release for release in known if release.digest.startswith(version)), None)


def _written(release: Release) -> bytes:
    template = {"template": release.template} if release.template else {}
    return json_bytes(
        {"bundle": release.digest, "deployed": release.deployed, **template, "objects": list(release.objects)}
    )


def _read(data: bytes) -> Release:
    document = json.loads(data)
    return Release(
        digest=document["bundle"],
        deployed=document["deployed"],
        objects=tuple(document["objects"]),
        template=document.get("template", ""),
    )
