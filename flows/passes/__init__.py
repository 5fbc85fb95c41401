"""Rewrites that keep a program's meaning, one a file, run in the order of `PASSES` before a program is compiled.

Every one saves something that clouds bill. The measure is the flow's meaning in plain Python: no error may come or go,
and errors, calls and events keep their order. (docs/decisions/0045)
"""

from __future__ import annotations

from collections.abc import Collection

from skyloom.flows.ir.program import Program
from skyloom.flows.passes.batch_items import batch_items
from skyloom.flows.passes.drop_dead_assignments import drop_dead_assignments
from skyloom.flows.passes.drop_unreachable import drop_unreachable
from skyloom.flows.passes.engine import Engine, Pass
from skyloom.flows.passes.fold_constants import fold_constants
from skyloom.flows.passes.fuse_calls import fuse_calls
from skyloom.flows.passes.hoist_invariants import hoist_invariants
from skyloom.flows.passes.merge_evaluations import merge_evaluations

__all__ = ["PASSES", "Engine", "Pass", "run"]

PASSES: tuple[Pass, ...] = (
    Pass("fold_constants", "what is constant is computed before", lambda program, _: fold_constants(program)),
    Pass("drop_unreachable", "no step for what no run reaches", lambda program, _: drop_unreachable(program)),
    Pass("drop_dead_assignments", "no step for what nobody reads", lambda program, _: drop_dead_assignments(program)),
    Pass("hoist_invariants", "no helper call in each round for what is always the same", hoist_invariants),
    Pass("merge_evaluations", "one helper call for neighbouring expressions", merge_evaluations),
    Pass("batch_items", "one step for several items of a map", batch_items),
    Pass("fuse_calls", "one step for calls that share a function", fuse_calls),
)
"""Folding comes first: it makes the constant tests that dropping looks for. Fusing comes last: nothing looks into what
it makes, and maps whose items go together are not looked at again."""


def run(program: Program, engine: Engine | None = None, without: Collection[str] = ()) -> Program:
    """The program after all passes.

    Args:
        engine: what the passes may ask of the engine that the program is compiled for; by default one that evaluates
            every expression by itself.
        without: names of passes to leave out.
    """
    asked = engine or Engine()
    for one in PASSES:
        if one.name not in without:
            program = one.rewrite(program, asked)
    return program
