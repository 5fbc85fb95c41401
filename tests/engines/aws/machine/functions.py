"""The functions that Step Functions adds to JSONata, and the one it takes away.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html names them; what they do at their edges was
measured on the service by others: results are sequences (one element comes out alone, none as nothing), numbers are
rounded towards zero, a missing argument gives nothing, one too many is an error.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Callable
from typing import Any

import jsonata
from jsonata.utils import Utils

Json = Any

DIGESTS = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


def register(expression: jsonata.Jsonata) -> None:
    """Puts them into the scope of an expression."""
    for name, (most, function) in FUNCTIONS.items():
        expression.register_lambda(name, _counted(name, most, function))


class _Refused(Exception):
    """An error with a code, as JSONata's own are."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


def _counted(name: str, most: int, function: Callable[..., Json]) -> Callable[..., Json]:
    def call(*arguments: Json) -> Json:
        if len(arguments) > most:
            raise _Refused("T0410", f'Argument {most + 1} of function "{name}" does not match function signature')
        return function(*arguments)

    return call


def _checked(name: str, position: int, value: Json, kind: type | tuple[type, ...]) -> Json:
    if isinstance(value, bool) or not isinstance(value, kind):
        raise _Refused("T0410", f'Argument {position} of function "{name}" does not match function signature')
    return value


def _partition(array: Json = None, size: Json = None) -> Json:
    if array is None:
        return None
    items = list(_checked("partition", 1, array, list))
    chunk = len(items) if size is None else int(_checked("partition", 2, size, (int, float)))
    if chunk < 0:
        raise _Refused("D3137", "Second argument must be zero or greater")
    if chunk == 0 or not items:
        return None
    return Utils.create_sequence_from_iter([items[i : i + chunk] for i in range(0, len(items), chunk)])


def _range(start: Json = None, end: Json = None, step: Json = None) -> Json:
    if end is None:
        raise _Refused("T0410", 'Argument 2 of function "range" does not match function signature')
    if step is None or int(_checked("range", 3, step, (int, float))) == 0:
        return None
    first, last, by = (
        int(_checked("range", 1, start, (int, float))),
        int(_checked("range", 2, end, (int, float))),
        int(step),
    )
    values = list(range(first, last + (1 if by > 0 else -1), by))
    return Utils.create_sequence_from_iter(values) if len(values) > 1 else values[0] if values else None


def _hash(text: Json = None, algorithm: Json = None) -> Json:
    if text is None or algorithm is None:
        return None
    digest = DIGESTS.get(_checked("hash", 2, algorithm, str))
    if digest is None:
        raise _Refused("D3137", f"{algorithm} is not a hash algorithm that Step Functions knows")
    return hashlib.new(digest, _checked("hash", 1, text, str).encode()).hexdigest()


def _random(seed: Json = None) -> Json:
    if seed is None:
        return random.random()
    return random.Random(int(_checked("random", 1, seed, (int, float)))).random()


def _uuid() -> Json:
    return str(uuid.uuid4())


def _parse(text: Json = None) -> Json:
    if text is None:
        return None

    def unique(pairs: list[tuple[str, Json]]) -> Json:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands twice")
        return found

    def refuse(name: str) -> Json:
        raise ValueError(name)

    try:
        parsed = json.loads(_checked("parse", 1, text, str), object_pairs_hook=unique, parse_constant=refuse)
    except ValueError:
        raise _Refused("D3137", "Invalid JSON") from None
    return Utils.NULL_VALUE if parsed is None else parsed


def _eval(*arguments: Json) -> Json:
    raise _Refused("T1006", "Attempted to invoke a non-function")


def _to_millis(timestamp: Json = None, picture: Json = None) -> Json:
    # The package also reads "2024-01-01 10:00", which the service refuses.
    if picture is None and isinstance(timestamp, str) and "T" not in timestamp and len(timestamp) > len("YYYY-MM-DD"):
        message = f'The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "{timestamp}"'
        raise _Refused("D3110", message)
    return jsonata.functions.Functions.datetime_to_millis(timestamp, picture)


def _replace(text: Json = None, pattern: Json = None, replacement: Json = None, limit: Json = None) -> Json:
    # A pattern that matches no text at all goes round for ever in the reference, which therefore refuses it.
    found = pattern.search("") if hasattr(pattern, "search") else None
    if found is not None and found.group() == "":
        raise _Refused("D1004", "Regular expression matches zero length string")
    return jsonata.functions.Functions.replace(text, pattern, replacement, limit)


FUNCTIONS: dict[str, tuple[int, Callable[..., Json]]] = {
    "partition": (2, _partition),
    "range": (3, _range),
    "hash": (2, _hash),
    "random": (1, _random),
    "uuid": (0, _uuid),
    "parse": (1, _parse),
    "eval": (99, _eval),
    "toMillis": (2, _to_millis),
    "replace": (4, _replace),
}
