"""Fails a test where an engine did otherwise than a case says."""

from __future__ import annotations

from conformance.case import Case
from conformance.engines import Observed

from skyloom.conformance.judging import calls_agree, differences, text

__all__ = ["check_by_type", "check_calls", "text"]


def check_calls(case: Case, seen: list[str], wanted: list[str], may: list[str]) -> None:
    """The attempts of tasks: in order where calls follow each other, else each as often as the case says."""
    assert calls_agree(case, seen, wanted, may), f"calls: wanted {wanted}, saw {seen}, may {may}"


def check_by_type(case: Case, observed: Observed) -> None:
    """As every engine is compared, but for numbers: what JSON engines hand on has lost the difference of 2 and 2.0, so
    both sides are brought to the static types first, and what is of no type is compared without it."""
    found = differences(case, observed, exact=False)
    assert not found, "; ".join(map(str, found))
