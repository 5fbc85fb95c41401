"""The resources of the tests' Azure: what is there, what Azure fills in, and what it refuses.

Of most types only the declaration is kept. What those do that have an effect here is said in `effects`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.azure_account.answers import AzureError
from engines.azure_account.expressions import Json, Later

Effect = Callable[["Resource", bool], None]
"""What happens when a resource was made or changed (True), or is deleted (False)."""

ROLE = "microsoft.authorization/roleassignments"
_INSIDE = (ROLE, "microsoft.insights/diagnosticsettings")
"""Types of resources that belong to another one, which their id begins with."""


@dataclass
class Resource:
    """A resource: `declared` as a template or a call wrote it, `filled` what Azure adds to its properties."""

    id: str
    type: str
    declared: dict[str, Json]
    filled: dict[str, Json] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    @property
    def properties(self) -> dict[str, Json]:
        return {**(self.declared.get("properties") or {}), **self.filled}

    def to_json(self) -> dict[str, Json]:
        kept = {name: part for name, part in self.declared.items() if name not in ("apiVersion", "name", "type")}
        return {**kept, "id": self.id, "name": self.name, "type": self.type, "properties": self.properties}


class Resources:
    """Everything in the subscription, by id."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.groups: dict[str, dict[str, Json]] = {}
        self._there: dict[str, Resource] = {}
        self.effects: dict[str, Effect] = {}
        self.checks: dict[str, Callable[[str, dict[str, Json]], None]] = {}

    def get(self, id_: str) -> Resource | None:
        return self._there.get(id_.lower())

    def all(self, group: str | None = None) -> list[Resource]:
        """Everything, or what is in a group."""
        part = f"/resourcegroups/{group}/".lower() if group else ""
        with self.lock:
            return [one for id_, one in self._there.items() if part in id_]

    def put(self, id_: str, body: Mapping[str, Json]) -> Resource:
        """Makes or changes a resource. Raises AzureError."""
        with self.lock:
            type_, above = type_of(id_), above_of(id_)
            if above is not None and self.get(above) is None:
                raise AzureError(404, "ParentResourceNotFound", f"'{id_.rpartition('/')[2]}': {above} is not there.")
            if _has_later(body):
                raise AzureError(400, "InvalidTemplate", f"{id_} refers to something that is not there.")
            check = self.checks.get(type_.lower())
            if check is not None:
                check(id_, dict(body))
            known = self.get(id_)
            one = self._there[id_.lower()] = Resource(id_, type_, dict(body), known.filled if known else {})
            try:
                self._effect(one, True)
            except AzureError:
                if known is None:
                    del self._there[id_.lower()]
                raise
            return one

    def delete(self, id_: str) -> bool:
        """Deletes a resource with what is in it; False where it is not there."""
        with self.lock:
            inside = sorted((one for one in self._there if one.startswith(f"{id_.lower()}/")), key=len, reverse=True)
            for one in [*inside, id_.lower()]:
                found = self._there.pop(one, None)
                if found is not None:
                    self._effect(found, False)
                elif one == id_.lower():
                    return False
            return True

    def empty(self) -> None:
        with self.lock:
            for id_ in sorted(self._there, key=len):
                self.delete(id_)
            self.groups.clear()

    def _effect(self, one: Resource, there: bool) -> None:
        effect = self.effects.get(one.type.lower())
        if effect is not None:
            effect(one, there)

    def roles(self, principal: str, scope: str) -> set[str]:
        """The role definitions that somebody has on something, by their names."""
        found = set()
        for one in self.all():
            if one.type.lower() == ROLE and one.properties.get("principalId") == principal:
                over = one.id.lower().partition("/providers/microsoft.authorization/")[0]
                if f"{scope.lower()}/".startswith(f"{over}/"):
                    found.add(str(one.properties["roleDefinitionId"]).rpartition("/")[2])
        return found


def type_of(id_: str) -> str:
    """The type of a resource by its id."""
    _, _, path = id_.rpartition("/providers/")
    parts = path.split("/")
    return "/".join([parts[0], *parts[1::2]])


def above_of(id_: str) -> str | None:
    """The id of what a resource lies in, or is about; None where that is a group. What something is about is looked for
    by the resource that it lies in: Azure keeps no list of parts, and takes a role at a subnet that is not there
    (Azure/azure-powershell#3771, Azure/azure-cli#15243)."""
    base, _, path = id_.rpartition("/providers/")
    parts = path.split("/")
    if len(parts) > 3:
        return f"{base}/providers/{'/'.join(parts[:-2])}"
    if "/providers/" not in base:
        return None
    outer, _, inner = base.rpartition("/providers/")
    return f"{outer}/providers/{'/'.join(inner.split('/')[:3])}"


def _has_later(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_later, value.values()))
    if isinstance(value, list):
        return any(map(_has_later, value))
    return isinstance(value, Later)


# --- differences ----------------------------------------------------------------------------------------------------


def delta(before: Json, after: Json) -> list[dict[str, Json]]:
    """What changes between two declarations, as what-if writes it."""
    return list(_changes(before, after))


def _changes(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[dict[str, Json]]:
    for name in sorted(before.keys() | after.keys()):
        if name in ("apiVersion", "id"):
            continue
        yield from _one(name, before.get(name), after.get(name))


def _one(path: str, old: Json, new: Json) -> Iterator[dict[str, Json]]:
    if isinstance(new, Later) or old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for inner in _changes(old, new):
            yield {**inner, "path": f"{path}.{inner['path']}"}
    elif isinstance(old, list) and isinstance(new, list):
        children = [
            child
            for number in range(max(len(old), len(new)))
            for child in _one(
                str(number), old[number] if number < len(old) else None, new[number] if number < len(new) else None
            )
        ]
        if children:
            yield {"path": path, "propertyChangeType": "Array", "children": children}
    else:
        kind = "Create" if old is None else "Delete" if new is None else "Modify"
        yield {"path": path, "propertyChangeType": kind, "before": old, "after": new}
