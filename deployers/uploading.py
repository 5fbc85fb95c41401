"""Brings what a deploy needs to where the cloud can take it from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from skyloom.deployers.events import Event, Uploaded


class Upload(Protocol):
    """An object that a deploy needs: its name for people, and its content."""

    @property
    def name(self) -> str: ...
    def body(self) -> bytes: ...


def upload(
    objects: Mapping[str, Upload], size: Callable[[str], int | None], put: Callable[[str, bytes], object]
) -> Iterator[Event]:
    """Puts every object there that is not there yet.

    Args:
        objects: by their keys.
        size: of the object that is there, in bytes; None where there is none.
        put: writes an object.
    """
    for key, one in objects.items():
        there = size(key)
        if there is not None:
            yield Uploaded(one.name, there, new=False)
            continue
        body = one.body()
        put(key, body)
        yield Uploaded(one.name, len(body))
