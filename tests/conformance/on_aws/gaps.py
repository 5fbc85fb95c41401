"""What cases do not do on AWS: strict, so that an entry that is no longer true fails.

`notimpl`: Skyloom cannot yet. `notyet`: the test account does otherwise than AWS. `never`: AWS cannot; the compiler
refuses it.
"""

from __future__ import annotations

from skyloom.conformance.gaps import Gap

_BOTH = Gap(
    "never",
    "a text of a computed number that may be 3 or 3.0: Step Functions keeps 3",
    "SKY708",
    "docs/decisions/0010-numbers-and-texts-in-jsonata.md",
)

GAPS: dict[str, Gap] = {
    "ints_and_floats/mixed_numbers-both": _BOTH,
    "ints_and_floats/mixed_numbers-ints": _BOTH,
    "ints_and_floats/running_total-none": _BOTH,
    "ints_and_floats/running_total-some": _BOTH,
}
