"""Kinds of resources: what Terraform's provider does with one. The kinds stand in `gcp_account/kinds*.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Attributes = dict[str, Any]


class Refused(Exception):
    """The cloud refuses a change, with the code of HTTP that its API answers."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Kind(Protocol):
    """A type of resource.

    Attributes:
        fixed: arguments that cannot change: another value makes another resource.
        volatile: attributes that are new after each update.
    """

    @property
    def fixed(self) -> frozenset[str]: ...
    @property
    def volatile(self) -> frozenset[str]: ...

    def create(self, given: Attributes) -> Attributes:
        """Makes the resource: all its attributes, `id` among them. Raises Refused."""

    def update(self, given: Attributes, before: Attributes) -> Attributes:
        """Changes it in place: all its attributes. Raises Refused."""

    def delete(self, before: Attributes) -> None:
        """Deletes it. Raises Refused; one that is gone is no error."""

    def exists(self, before: Attributes) -> bool:
        """Whether it is still there."""

    def known(self, given: Attributes, before: Attributes) -> Attributes:
        """The attributes that are known before it is made, or changed in place."""


@dataclass(frozen=True)
class Inert:
    """A resource that is remembered and does nothing: there is one or there is none.

    Attributes:
        id: its id, with the names of arguments in braces.
        also: further attributes, in the same way.
        registry: everything of that kind that is there, by id.
    """

    id: str
    fixed: frozenset[str] = frozenset()
    also: Mapping[str, str] = field(default_factory=dict)
    volatile: frozenset[str] = frozenset()
    registry: dict[str, Attributes] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    made: Callable[[Attributes], None] | None = None

    def create(self, given: Attributes) -> Attributes:
        attributes = self._attributes(given)
        if attributes["id"] in self.registry:
            raise Refused(409, f"alreadyExists: {attributes['id']}")
        self.registry[attributes["id"]] = attributes
        return attributes

    def update(self, given: Attributes, before: Attributes) -> Attributes:
        attributes = self._attributes(given) | {"id": before["id"]}
        self.registry[before["id"]] = attributes
        return attributes

    def delete(self, before: Attributes) -> None:
        self.registry.pop(before["id"], None)

    def exists(self, before: Attributes) -> bool:
        return before["id"] in self.registry

    def known(self, given: Attributes, before: Attributes) -> Attributes:
        return {}

    def _attributes(self, given: Attributes) -> Attributes:
        words = _Words({**self.defaults, **given})
        return {**self.defaults, **given, **{key: text.format_map(words) for key, text in self.also.items()}} | {
            "id": self.id.format_map(words)
        }


class _Words(dict[str, Any]):
    """Arguments as they stand in ids; one that is not given is an error of the tests' own."""

    def __missing__(self, key: str) -> str:
        raise Refused(400, f"Missing required argument: {key}")
