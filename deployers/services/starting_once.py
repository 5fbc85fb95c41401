"""Runs that are started once under a name, where the cloud itself knows no repeated requests.

A run that is given a name has an object, `starts/<flow>/<name>.json`, which only the first can write; it tells the
cloud's own name of the run, the execution, once there is one. Who finds an object without an execution, of a start that
has failed or was begun long ago, goes on where it was cut off.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.services.objects import NEW, Changed, Found, Objects
from skyloom.deployers.services.starting import Conflict, Starting

Json = Any

_CUT_OFF_SECONDS = 60.0
"""When a start that was not written down to its end is taken for cut off: a function's own time is over by then."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A start that is known: when it began, in seconds since 1970, and the execution, "" where there is none yet."""

    at: float
    execution: str


class StartsOnce:
    """Starts under names."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def begin(
        self, flow: str, name: str, given: Json, found: Callable[[], str | None], create: Callable[[], str]
    ) -> None:
        """Starts a run, unless there is one of that name and input.

        Args:
            found: looks for an execution that was started under the name; only asked where a start was cut off.
            create: starts one, and tells its name.

        Raises:
            Conflict: there is a run of that name with another input.
            Starting: another process is starting it.
        """
        claim = {"input": hashlib.sha256(_canonical(given)).hexdigest(), "execution": "", "at": time.time()}
        execution: str | None = None
        try:
            generation = self._write(flow, name, claim, NEW)
        except Changed:
            taken = self._taken(flow, name, claim["input"])
            if taken is None:
                return
            generation, execution = taken, found()
        try:
            execution = execution or create()
        except Exception:
            # Whoever tries again need not wait until this start is taken for cut off. It may have come through all the
            # same: they look for it.
            with suppress(Exception):
                self._write(flow, name, {**claim, "failed": True}, generation)
            raise
        self._write(flow, name, {**claim, "execution": execution}, generation)

    def known(self, flow: str, name: str) -> Begun | None:
        """What is known of a start of that name; None where there was none."""
        claim = self._claim(flow, name)
        return None if claim is None else Begun(claim.document["at"], claim.document["execution"])

    def _taken(self, flow: str, name: str, digest: Json) -> str | None:
        """Of a run that somebody has begun to start: None where it is there, else the generation to go on from."""
        claim = self._claim(flow, name)
        if claim is None:
            raise Starting(name)
        if claim.document["input"] != digest:
            raise Conflict(name)
        if claim.document["execution"]:
            return None
        if not claim.document.get("failed") and time.time() - claim.document["at"] < _CUT_OFF_SECONDS:
            raise Starting(name)
        return claim.generation

    def _claim(self, flow: str, name: str) -> Found | None:
        return self._objects.read(_object(flow, name))

    def _write(self, flow: str, name: str, claim: Mapping[str, Json], before: str) -> str:
        return self._objects.write(_object(flow, name), claim, before=before, until=claim["at"])


def short_name(name: str) -> str:
    """A name that may be any text, as 32 hexadecimal digits."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _object(flow: str, name: str) -> str:
    return f"starts/{flow}/{short_name(name)}.json"


def _canonical(given: Json) -> bytes:
    return json.dumps(given, sort_keys=True, ensure_ascii=False).encode()
