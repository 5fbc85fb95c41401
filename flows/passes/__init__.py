"""Rewrites that keep a program's meaning, one a file, run in the order of `PASSES`."""

from __future__ import annotations

from collections.abc import Callable

from skyloom.flows.ir.program import Program
from skyloom.flows.passes.drop_unreachable import drop_unreachable
from skyloom.flows.passes.fold_constants import fold_constants

PASSES: tuple[Callable[[Program], Program], ...] = (fold_constants, drop_unreachable)
"""Folding comes first: it makes the constant tests that dropping looks for."""


def run(program: Program) -> Program:
    """The program after all passes."""
    for one in PASSES:
        program = one(program)
    return program
