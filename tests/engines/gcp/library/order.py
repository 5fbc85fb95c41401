"""An order for what has none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def scrambled(keys: Iterable[str]) -> list[str]:
    """Keys in an order that is neither the one of insertion nor the one of names, and the same in every run.

    The order of a map's keys is documented nowhere. Where Workflows gives it away (`keys`, JSON as text), the tests
    give this one, so that nothing that depends on it passes.
    """
    found = list(keys)
    mixed = sorted(found, key=lambda key: hashlib.sha256(key.encode()).digest())
    return mixed[::-1] if mixed == found else mixed
