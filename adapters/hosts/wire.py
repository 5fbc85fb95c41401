"""Errors on the wire: an exception whose class a state machine can match, and whose text is the error as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from skyloom.flows.outcome import ErrorValue

MOST_BYTES = 16_000
"""Of the JSON text of an error: what a caught error takes with it through the rest of a run."""
_CUT = " … (cut)"


def on_the_wire(error: ErrorValue, never: Iterable[str] = (), on: Iterable[str] = ()) -> Exception:
    """The exception to be raised from a function for `error`, where engines know errors by their class: its text is
    `{"type", "bases", "message"}`, its class is called as `name_on_the_wire` says."""
    made: type[Exception] = type(name_on_the_wire(error, never, on), (Exception,), {})
    return made(text_on_the_wire(error))


def name_on_the_wire(error: ErrorValue, never: Iterable[str] = (), on: Iterable[str] = ()) -> str:
    """The name by which engines match an error: its class's own, or that of the base class by which the retry policy
    knows it: engines match one name and know nothing of base classes. Names in `never` come before those in `on`, as
    they do in the policy."""
    known = (name for name in (*never, *on) if name != "Exception" and error.is_a(name))
    return next(known, error.type)


def text_on_the_wire(error: ErrorValue) -> str:
    """The error as JSON, its message cut where it is too long to travel."""
    text = json.dumps(error.to_json(), ensure_ascii=False)
    if len(text.encode()) <= MOST_BYTES:
        return text
    # How long a part of the message becomes as JSON, its escapes decide: the longest that fits is looked for.
    fits, too_long = 0, min(len(error.message), MOST_BYTES) + 1
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if len(_cut(error, middle).encode()) <= MOST_BYTES:
            fits = middle
        else:
            too_long = middle
    return _cut(error, fits)


def _cut(error: ErrorValue, length: int) -> str:
    return json.dumps({**error.to_json(), "message": error.message[:length] + _CUT}, ensure_ascii=False)
