"""What a cloud has room for, and how near the values of a flow come to that."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from skyloom.deployers.limits import Limit
from skyloom.deployers.measures import NEAR, Known, Measure
from skyloom.deployers.sizes.extent import size_of
from skyloom.deployers.sizes.observed import Observed, Seen
from skyloom.deployers.sizes.payloads import Payload, Payloads, What
from skyloom.errors import Diagnostic
from skyloom.flows.runner.recorded import RecordedRun

Json = Any


@dataclass(frozen=True, slots=True)
class Room:
    """What is there for a value.

    Attributes:
        limit: how large it may be.
        size: how the cloud counts a value.
        growth: how many bytes each byte of JSON becomes at most, as the cloud counts.
    """

    limit: Limit
    size: Callable[[Json], int] = size_of
    growth: float = 1.0


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a cloud has room for.

    Attributes:
        by_value: the limits by what the value is; where there is none the cloud sets none.
        of_texts: of each text besides.
        large: bytes from which on a function's result waits in the bucket, by how it is carried.
        bucket: the limit there.
    """

    by_value: Mapping[What, Room]
    bucket: Limit
    large: Mapping[str, int]
    of_texts: Room | None = None

    def of(self, payload: Payload) -> Room | None:
        """What is there for a value: the smaller where there are two."""
        found = self.by_value.get(payload.what)
        if found is not None and payload.is_text and self.of_texts is not None:
            return min(found, self.of_texts, key=lambda room: room.limit.value)
        return found


def sizes(flow: str, payloads: Payloads, rooms: Rooms, runs: Iterable[RecordedRun]) -> Iterator[Measure]:
    """The values of a flow that come near to what there is room for: `at least` in every run that has them, `declared`
    that they may be as large, and `measured` in recorded runs."""
    every = tuple(payloads)
    observed = Observed(tuple(run for run in runs if run.flow == flow), rooms.large)
    observed.note(every)
    for payload in every:
        room = rooms.of(payload)
        if room is not None:
            yield from _Value(flow, payload, room, rooms).near(observed)


_ALIKE = 0.1
"""The part of a size by which what it is at most differs from what it is at least, where both are told."""


def refusals(payloads: Iterable[Payload], rooms: Rooms, service: str) -> Iterator[Diagnostic]:
    """SKY781: values that every run has, and for which there is no room."""
    for payload in payloads:
        room, least = rooms.of(payload), payload.extent.least
        # What a variable holds may become a part of something else; what waits in the bucket has room there.
        if room is None or not payload.always or payload.what == "variable" or payload.carry.kind != "inline":
            continue
        if least > room.limit.value:
            message = f"{payload.name} has at least {least:,} bytes in every run; {service} takes {room.limit}"
            hint = "keep it in a bucket and hand on its name, or less of it"
            yield Diagnostic("SKY781", f"{message} ({room.limit.what})", payload.file, payload.span, hint=hint)


@dataclass(frozen=True, slots=True)
class _Value:
    """A value of a flow, and the room for it."""

    flow: str
    payload: Payload
    room: Room
    rooms: Rooms

    def near(self, observed: Observed) -> Iterator[Measure]:
        """What is to be told of it."""
        extent = self.payload.extent
        found = [self._known(extent.least, extent.least, "at least")]
        if extent.most is not None and extent.most - extent.least > extent.least * _ALIKE:
            found.append(self._known(extent.most, math.ceil(extent.most * self.room.growth), "declared"))
        seen = [self._seen(one) for one in observed.of(self.payload)]
        found.append(max(seen, key=lambda one: one.value, default=None))
        yield from (one for one in found if one is not None and self._is_near(one))
        if extent.most is None and not seen and self._counts:
            yield self._measure(0, "unknown")

    @property
    def _counts(self) -> bool:
        """Whether it needs room whatever its size is: what waits as a whole does not, and variables become parts of
        other values."""
        waits = self.payload.carry.kind != "inline" and self.payload.carry.looks is False
        return not waits and not self.payload.may_hold_pointers and self.payload.what != "variable"

    def _is_near(self, one: Measure) -> bool:
        """In the bucket there is always room: told is what would not have any without it."""
        return one.value >= NEAR * self.room.limit.value

    def _known(self, size: int, counted: int, known: Known) -> Measure | None:
        carry = self.payload.carry
        if carry.kind == "inline" or size <= self.rooms.large[carry.kind]:
            return self._measure(counted, known)
        # Of a value that is looked into, only a run knows how large the parts are that wait.
        return self._waiting(size, known) if carry.looks is False else None

    def _seen(self, seen: Seen) -> Measure:
        if seen.waits:
            return replace(self._waiting(size_of(seen.whole), "measured"), run=seen.run)
        return replace(self._measure(self.room.size(seen.value), "measured"), run=seen.run)

    def _waiting(self, size: int, known: Known) -> Measure:
        waits = replace(self._measure(size, known), limit=self.rooms.bucket)
        return replace(waits, waits_from=self.rooms.large[self.payload.carry.kind])

    def _measure(self, value: int, known: Known) -> Measure:
        name, place = self.payload.name, self.payload.place
        return Measure(flow=self.flow, limit=self.room.limit, value=value, known=known, of=name, place=place)
