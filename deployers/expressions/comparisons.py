"""What two comparisons of one value with numbers say of each other."""

from __future__ import annotations

import math


def disjoint(operator: str, bound: int, other_operator: str, other_bound: int) -> bool:
    """Whether no number compares like this with both bounds. Operators are those of Python."""
    if "!=" in (operator, other_operator):
        return {operator, other_operator} == {"==", "!="} and bound == other_bound
    low, high = _interval(operator, bound)
    other_low, other_high = _interval(other_operator, other_bound)
    return max(low, other_low) > min(high, other_high)


def _interval(operator: str, bound: int) -> tuple[float, float]:
    """The numbers that compare like this, as closed as floats allow."""
    return {
        "==": (bound, bound),
        "<": (-math.inf, math.nextafter(bound, -math.inf)),
        "<=": (-math.inf, bound),
        ">": (math.nextafter(bound, math.inf), math.inf),
        ">=": (bound, math.inf),
    }[operator]
