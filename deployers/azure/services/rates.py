"""How often everybody together may start something: so many times a second, so many at once.

The moment up to which the rate is used up stands in a blob, which all instances of the app change under the condition
that nobody else has (the generic cell rate algorithm, with one number for all callers). What an instance has seen
itself it refuses without asking the blob, so that a flood costs little.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass

from skyloom.deployers.services.objects import NEW, Changed, Objects

_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second, and how many may come at once."""

    second: float
    burst: int

    def wait(self, used: float, now: float) -> float:
        """Seconds until another request is let in, when the rate is used up to the moment `used`; 0: now."""
        return max(0.0, max(used, now) + 1 / self.second - now - self.burst / self.second - 1e-9)


_lock = threading.Lock()
_seen: dict[str, float] = {}
"""The moments that this instance knows, by path."""


def allowed(objects: Objects, path: str, rate: Rate) -> float:
    """Takes one request of the rate: 0, or the seconds until one is free."""
    name = f"rates/{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"
    for _ in range(_ATTEMPTS):
        now = time.time()
        wait = rate.wait(_seen.get(path, 0.0), now)
        if wait > 0:
            return wait
        found = objects.read(name)
        used = found.document["used"] if found is not None else 0.0
        wait = rate.wait(used, now)
        if wait > 0:
            _note(path, used)
            return wait
        used = max(used, now) + 1 / rate.second
        try:
            objects.write(name, {"used": used}, before=NEW if found is None else found.generation)
        except Changed:
            continue
        _note(path, used)
        return 0.0
    return 1 / rate.second


def _note(path: str, used: float) -> None:
    with _lock:
        _seen[path] = max(_seen.get(path, 0.0), used)
