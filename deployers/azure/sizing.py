"""How near the values of an app's flows come to what Durable Functions carries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from skyloom.adapters.hosts.claims import LARGE_ON_AZURE, MOST_INLINE
from skyloom.adapters.hosts.durable_texts import MOST_BYTES
from skyloom.deployers.azure.limits import PAYLOAD
from skyloom.deployers.azure.services.instances import LONGEST_ANSWER, LONGEST_INPUT
from skyloom.deployers.carrying import carried
from skyloom.deployers.limits import Limit
from skyloom.deployers.measures import Measure
from skyloom.deployers.sizes.payloads import Payloads
from skyloom.deployers.sizes.rooms import Room, Rooms, refusals, sizes
from skyloom.errors import Diagnostic
from skyloom.flows.ir.program import Program
from skyloom.flows.runner.recorded import RecordedRun

Json = Any

_WHY = f"Skyloom's own: Durable carries {PAYLOAD.value:,}, of JSON that is written as text once or twice"
CHARACTER = 4
"""Bytes of a character in UTF-8; what more the way takes, `Room.growth` counts."""
_AS_TEXT, _AS_ASCII, _ALONE = 4.0, 3.0, 1.5
"""What a byte becomes at most: of a quotation mark written as text twice `\\\\\\"`; as ASCII, of two bytes
become six; a character that is not printed has six in any JSON."""


def _as_text(times: int, value: Json, *, ascii_first: bool) -> int:
    """The bytes of a value that is written as JSON, and then as JSON text so many times."""
    text = json.dumps(value, ensure_ascii=ascii_first)
    for _ in range(times):
        text = json.dumps(text)
    return len(text)


_ACTIVITY = Room(
    Limit("what an activity is given, as text in a text", MOST_BYTES, "bytes", f"{_WHY}; {PAYLOAD.source}"),
    lambda value: _as_text(2, value, ascii_first=False),
    _AS_TEXT,
)
_RESULT = Room(
    Limit("what a run gives, as text", MOST_BYTES, "bytes", f"{_WHY}; {PAYLOAD.source}"),
    lambda value: _as_text(1, value, ascii_first=True),
    _AS_TEXT,
)
_INPUT = Room(
    Limit("the input of a run, as ASCII", LONGEST_INPUT, "bytes", f"{_WHY}; {PAYLOAD.source}"),
    lambda value: _as_text(0, value, ascii_first=True),
    _AS_ASCII,
)
_EVENT = Room(
    Limit("what a run that waits is handed", LONGEST_ANSWER, "bytes", f"{_WHY}; {PAYLOAD.source}"),
    lambda value: _as_text(0, value, ascii_first=True),
    _AS_ASCII,
)
_GIVEN_BACK = Room(Limit("what an activity gives", MOST_INLINE, "bytes", f"{_WHY}; {PAYLOAD.source}"), growth=_ALONE)
_BLOB = Limit(
    "a blob that is put at once",
    5_000 * 1024**2,
    "bytes",
    "https://learn.microsoft.com/rest/api/storageservices/put-blob",
)
ROOMS = Rooms(
    by_value={
        "input": _INPUT,
        "result": _RESULT,
        "given": _ACTIVITY,
        "told": _ACTIVITY,
        "gives": _GIVEN_BACK,
        "brings": _EVENT,
    },
    bucket=_BLOB,
    large=LARGE_ON_AZURE,
)
"""Variables, and lists that a map collects, are values of the orchestrator's own process."""


def sizes_of(compiled: Mapping[str, Program], runs: Iterable[RecordedRun]) -> Iterator[Measure]:
    """Of every flow. `compiled`: the programs after the passes; `runs`: recorded runs of the flows."""
    every = tuple(runs)
    for name, program in compiled.items():
        yield from sizes(name, _payloads(program), ROOMS, every)


def values_too_large(compiled: Mapping[str, Program]) -> Iterator[Diagnostic]:
    """Values that no run can carry."""
    for program in compiled.values():
        yield from refusals(_payloads(program), ROOMS, "Durable")


def _payloads(program: Program) -> Payloads:
    places = carried(program, frozenset(), lambda prompt: False)
    return Payloads(program, places, ROOMS.large, character=CHARACTER)
