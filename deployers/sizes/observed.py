"""What recorded runs would have carried in a cloud: their values, with pointers in the place of what waits there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from skyloom.adapters.hosts.claims import LARGE_PART, MARK
from skyloom.deployers.carrying import Carry
from skyloom.deployers.looks import EACH, Looks
from skyloom.deployers.sizes.payloads import Payload
from skyloom.flows.runner.recorded import RecordedRun, RecordedValue

Json = Any

_RECORDED = {"gives": "gives", "answers": "gives", "brings": "gives", "list": "list"}
"""What a record calls a value; all that steps get it calls `given`."""
_POINTER: Json = {MARK: f"s3://{'b' * 60}/values/{'r' * 50}/{'0' * 64}.json", "bytes": 1_000_000}
"""As long as the longest: buckets have names of up to 63 characters, runs ids of 36, on AWS of up to 80."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A value of a recorded run as a cloud would carry it. `waits`: as a whole it waits in the bucket."""

    run: str
    value: Json
    whole: Json
    waits: bool = False


@dataclass(slots=True)
class Observed:
    """The values of recorded runs of a flow in a cloud. `large`: bytes from which on a result waits, by its kind."""

    runs: tuple[RecordedRun, ...]
    large: Mapping[str, int]
    _found: dict[tuple[str, str, str], list[tuple[str, RecordedValue]]] = field(default_factory=dict)
    _stored: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for run in self.runs:
            for one in run.values:
                self._found.setdefault((one.flow, one.step, one.what), []).append((run.id, one))

    def note(self, payloads: Iterable[Payload]) -> None:
        """Notes what of the results waits in the bucket."""
        for payload in payloads:
            if payload.carry.kind != "inline" and payload.is_own:
                for run, one in self._found.get((payload.flow, payload.step, "gives"), ()):
                    self._carried(one.value, payload.carry, self._stored.setdefault(run, set()))

    def of(self, payload: Payload) -> Iterable[Seen]:
        """What was seen of a value."""
        match payload.what:
            case "input":
                yield from (Seen(run.id, run.input, run.input) for run in self.runs)
            case "result":
                yield from (Seen(run.id, run.result, run.result) for run in self.runs if run.is_done)
            case "variable":
                pass
            case what if payload.is_own:
                for run, one in self._found.get((payload.flow, payload.step, _RECORDED.get(what, "given")), ()):
                    yield self._seen(run, one.value, payload)
            case _:
                pass

    def _seen(self, run: str, value: Json, payload: Payload) -> Seen:
        if payload.what in ("gives", "answers"):
            left, waits = self._carried(value, payload.carry, set())
            return Seen(run, left, value, waits)
        stored = self._stored.get(run, set())
        return Seen(run, _pointed(value, stored) if payload.may_hold_pointers and stored else value, value)

    def _carried(self, value: Json, carry: Carry, stored: set[str]) -> tuple[Json, bool]:
        """What of a function's result stays in the run, as `adapters.hosts.claims.checked_in` leaves it; whether that
        is a pointer alone. What waits is added to `stored`."""
        text = _text(value)
        if carry.kind == "inline" or len(text.encode()) <= self.large[carry.kind]:
            return value, False
        if carry.looks is False:
            stored.add(text)
            return _POINTER, True
        return _parted(value, carry.looks, stored), False


def _parted(value: Json, looks: Looks, stored: set[str]) -> Json:
    if looks is True or not isinstance(value, str | list | dict):
        return value
    if looks is False:
        text = _text(value)
        if len(text.encode()) <= LARGE_PART:
            return value
        stored.add(text)
        return _POINTER
    others = looks.get(EACH, False)
    if isinstance(value, dict):
        return {key: _parted(part, looks.get(key, others), stored) for key, part in value.items()}
    if isinstance(value, list):
        return [_parted(part, looks.get(str(n), others), stored) for n, part in enumerate(value)]
    return value


def _pointed(value: Json, stored: set[str]) -> Json:
    """The value with pointers in the places of what waits: known by what it is."""
    if not isinstance(value, str | list | dict):
        return value
    text = _text(value)
    if len(text) <= LARGE_PART // 4:
        return value
    if text in stored:
        return _POINTER
    if isinstance(value, dict):
        return {key: _pointed(part, stored) for key, part in value.items()}
    return [_pointed(part, stored) for part in value] if isinstance(value, list) else value


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
