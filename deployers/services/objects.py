"""JSON objects where the cloud keeps them, changed under the condition that nobody else has changed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Json = Any

NEW = ""
"""What stands for the content of an object that there is not."""


class Changed(Exception):
    """Somebody else has changed the object in the meantime."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object: its content, and the mark that the cloud gives to this content."""

    document: dict[str, Json]
    generation: str


class Objects(Protocol):
    """The objects of one place: of a bucket, or of a container."""

    def read(self, name: str) -> Found | None:
        """The object; None where there is none."""

    def write(
        self,
        name: str,
        document: Mapping[str, Json],
        *,
        before: str = NEW,
        until: float | None = None,
        marks: Mapping[str, str] | None = None,
    ) -> str:
        """Writes the object where it is as it was: the mark of its new content.

        Args:
            before: the mark that it must have; NEW: that there is none.
            until: when it is over, in seconds since 1970: it is deleted some time later.
            marks: what a list tells of it.

        Raises:
            Changed: it has another mark.
        """

    def listed(self, prefix: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The names below the prefix, with their marks."""
