"""What cases do not do on Azure: strict, so that an entry that is no longer true fails.

`notimpl`: Skyloom cannot yet. `notyet`: the tests' host does otherwise than Azure. `never`: Durable Functions cannot;
the compiler refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Gap:
    """Why a case fails."""

    kind: Literal["notimpl", "notyet", "never"]
    reason: str
    code: str = ""
    """The diagnostic with which the compiler refuses what can `never` be."""


GAPS: dict[str, Gap] = {}
