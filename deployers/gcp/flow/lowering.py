"""What lowering a program shares: the program, what it needs, hoisted expressions, subworkflows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from skyloom.deployers.carrying import Carried
from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.output import Need, WorkflowSettings
from skyloom.deployers.gcp.steps import Names, Subworkflow
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Diagnostic
from skyloom.flows.ir.nodes import Block
from skyloom.flows.ir.program import Program


@dataclass(slots=True)
class Lowering:
    """One workflow in the making.

    Attributes:
        block: lowers statements; gives their steps.
        carried: where values go: those that the workflow does not look into may wait in the bucket.
        needs: what the workflow touches.
        flows: the subworkflow of each flow that is called, by the flow's name and how many parallel steps stand around
            the call; noted when a call is lowered.
        waiting: those whose steps are still to be lowered.
        entries: the subworkflows that executions of their own begin with, by name, and the value
            that each of their parameters gets.
        asked: the prompts that the workflow asks by itself.
        inlined: the flows whose steps stand where they are called.
        has_runs: whether parts of a run are executions of their own: these are told the run's name.
        shared: the subworkflows that steps of all flows call, by name.
        names: the names of subworkflows.
    """

    program: Program
    settings: WorkflowSettings
    block: Callable[[Lowering, Context, Block], list[Lowered]]
    carried: Carried
    needs: set[Need] = field(default_factory=set)
    hoisted: dict[str, HoistedExpression] = field(default_factory=dict)
    flows: dict[tuple[str, int], str] = field(default_factory=dict)
    waiting: list[tuple[str, int]] = field(default_factory=list)
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    inlined: frozenset[str] = frozenset()
    has_runs: bool = False
    shared: dict[str, Subworkflow] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names(("main",)))
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def share(self, wish: str, make: Callable[[str], Subworkflow], key: object = None) -> str:
        """The name of a subworkflow that is there once for all: made when it is first asked for by its key."""
        known = self._made.get(key if key is not None else wish)
        if known is None:
            known = self.names.fresh(wish)
            self._made[key if key is not None else wish] = known
            self.shared[known] = make(known)
        return known

    def prompts_in_functions(self) -> frozenset[str]:
        """The prompts that are never asked by the workflow itself."""
        return frozenset(self.program.prompts) - self.asked

    _made: dict[object, str] = field(default_factory=dict)
