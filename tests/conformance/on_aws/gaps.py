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


_LARGE = Gap("notimpl", "a number beyond 2^53 goes through the machine without a word")
_BOTH = Gap("notimpl", "where a value may be an int or a float, 1.0 comes back from the machine as 1")

GAPS: dict[str, Gap] = {
    "attempts/infinite_argument": Gap(
        "notimpl", "the machine makes the text Infinity of it before the task refuses it"
    ),
    "attempts/result_too_large": _LARGE,
    "edge_values/minus_zero-minus": Gap("notimpl", "-0.0 comes back from the machine as 0"),
    "ints_and_floats/alternatives-floats": _BOTH,
    "ints_and_floats/running_total-some": _BOTH,
    "surprises/large_inside": _LARGE,
}
