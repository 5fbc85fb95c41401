"""A table that is copied at once, however long it is: flows have thousands of variables, and paths part everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_FEW = 64


class Table(Generic[K, V]):
    """A mapping. What its copies have in common they share; what has changed since, a few entries, each has alone."""

    __slots__ = ("_common", "_own")

    def __init__(self, common: dict[K, V] | None = None, own: dict[K, V | None] | None = None) -> None:
        self._common: dict[K, V] = {} if common is None else common
        self._own: dict[K, V | None] = {} if own is None else own
        """Entries that are not, or not so, among the common ones; None where there is none any more."""

    def copy(self) -> Table[K, V]:
        """A table of its own with the same entries."""
        if len(self._own) > max(_FEW, 2 * isqrt(len(self._common))):
            self._common, self._own = dict(self.items()), {}
        return Table(self._common, dict(self._own))

    def get(self, key: K) -> V | None:
        """The value at `key`; None without one."""
        return self._own[key] if key in self._own else self._common.get(key)

    def __contains__(self, key: object) -> bool:
        return self._own[key] is not None if key in self._own else key in self._common

    def __setitem__(self, key: K, value: V) -> None:
        self._own[key] = value

    def discard(self, key: K) -> None:
        """Takes the entry at `key` away."""
        self._own[key] = None

    def items(self) -> Iterator[tuple[K, V]]:
        """All entries."""
        for key, value in {**self._common, **self._own}.items():
            if value is not None:
                yield key, value
