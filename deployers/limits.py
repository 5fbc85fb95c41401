"""A limit of a cloud's service, as its documentation states it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what it bounds, its value in `unit`, and the page that says so."""

    what: str
    value: int
    unit: str
    source: str

    def __str__(self) -> str:
        return f"{self.value:,} {self.unit}"
