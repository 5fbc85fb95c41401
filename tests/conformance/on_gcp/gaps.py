"""What cases do not do on Google Cloud: strict, so that an entry that is no longer true fails.

`notimpl`: Skyloom cannot yet. `notyet`: the tests' engine does otherwise than Google. `never`: Workflows cannot; the
compiler refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Gap:
    """Why a case fails."""

    kind: Literal["notimpl", "notyet", "never"]
    reason: str


GAPS: dict[str, Gap] = {}
