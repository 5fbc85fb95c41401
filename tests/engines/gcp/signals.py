"""How a list of steps can end other than by its end."""

from __future__ import annotations

from dataclasses import dataclass

from engines.gcp.errors import Value


@dataclass(frozen=True)
class Goto:
    """`next: step`, `next: break`, `next: continue`."""

    step: str


@dataclass(frozen=True)
class Return:
    """`return`, or `next: end`."""

    value: Value


class Cancelled(Exception):
    """The execution was cancelled: nothing in it catches that."""


Signal = Goto | Return | None
