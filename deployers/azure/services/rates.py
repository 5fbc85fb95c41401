"""How often everybody together may start something: so many times a second, so many at once.

The moment up to which the rate is used up stands in a blob, which all instances of the app change under the condition
that nobody else has (the generic cell rate algorithm, with one number for all callers). What an instance has seen
itself it refuses without asking the blob, so that a flood costs little.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

from skyloom.deployers.services.objects import NEW, Changed, Objects

_ATTEMPTS, _PAUSE = 8, 0.02


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second, and how many may come at once."""

    second: float
    burst: int

    def wait(self, used: float, now: float) -> float:
        """Seconds until another request is let in, when the rate is used up to the moment `used`; 0: now."""
        return max(0.0, max(used, now) + 1 / self.second - now - self.burst / self.second - 1e-9)


@dataclass
class _Seen:
    """What this instance knows of a rate: the moment up to which it is used up. Its threads ask one by one."""

    used: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_seen: defaultdict[str, _Seen] = defaultdict(_Seen)


def allowed(objects: Objects, path: str, rate: Rate) -> float:
    """Takes one request of the rate: 0, or the seconds until one is free."""
    seen = _seen[path]
    if (wait := rate.wait(seen.used, time.time())) > 0:
        return wait
    with seen.lock:
        return _taken(objects, f"rates/{hashlib.sha256(path.encode()).hexdigest()[:32]}.json", rate, seen)


def _taken(objects: Objects, name: str, rate: Rate, seen: _Seen) -> float:
    for attempt in range(_ATTEMPTS):
        found, now = objects.read(name), time.time()
        seen.used = max(seen.used, found.document["used"] if found is not None else 0.0)
        wait = rate.wait(seen.used, now)
        if wait > 0:
            return wait
        used = max(seen.used, now) + 1 / rate.second
        try:
            objects.write(name, {"used": used}, before=NEW if found is None else found.generation)
        except Changed:
            # Another instance was faster.
            time.sleep(random.uniform(0, _PAUSE * (attempt + 1)))
            continue
        seen.used = used
        return 0.0
    return 1 / rate.second
