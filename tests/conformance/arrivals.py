"""Which of a case's events a wait gets."""

from __future__ import annotations

from typing import Any

from skyloom.flows.testing import Arrival


def next_arrival(arrivals: list[Any], key: str | None) -> Arrival:
    """Takes the first arrival for that key out of the list."""
    for index, given in enumerate(arrivals):
        arrival = given if isinstance(given, Arrival) else Arrival(payload=given, key=key)
        if arrival.key in (key, None):
            del arrivals[index]
            return arrival
    raise AssertionError(f"no event left for {key}")
