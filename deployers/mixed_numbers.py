"""Numbers that may be ints or floats: between the steps of a workflow 3.0 is 3, and Python's texts tell them apart."""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers import mixed_numbers
from skyloom.errors import Diagnostic
from skyloom.flows.ir.program import Program


def text_problems(program: Program) -> Iterator[Diagnostic]:
    """The texts of numbers that may be ints or floats, and have lost which."""
    return mixed_numbers.text_problems(program, "Step Functions")
