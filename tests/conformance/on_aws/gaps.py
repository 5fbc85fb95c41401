"""What cases do not do on AWS: strict, so that an entry that is no longer true fails.

`notimpl`: Skyloom cannot yet. `notyet`: the test account does otherwise than AWS. `never`: AWS cannot; the compiler
refuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Gap:
    """Why a case fails."""

    kind: Literal["notimpl", "notyet", "never"]
    reason: str


GAPS: dict[str, Gap] = {
    "ints_and_floats/running_total-some": Gap(
        "notimpl", "where a value may be an int or a float, 1.0 comes back from the machine as 1"
    ),
}
