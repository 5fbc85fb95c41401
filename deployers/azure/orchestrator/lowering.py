"""What lowering a program shares: the program, names of the module, what it imports, what it calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from skyloom.deployers.azure.orchestrator.naming import ModuleNames
from skyloom.deployers.azure.orchestrator.output import Explained, WorkflowSettings
from skyloom.deployers.azure.orchestrator.writing import quoted
from skyloom.deployers.carrying import Carried
from skyloom.errors import Span
from skyloom.flows.expr.python import PythonEmitter
from skyloom.flows.ir.program import FlowDefinition, Program


@dataclass(slots=True)
class Lowering:
    """One module in the making.

    Attributes:
        carried: where values go: those that the flow does not look into may wait in the app's storage.
        names: the names that are taken.
        run: what the run is called in flows, branches and maps.
        raised: what a caught error is called.
        flows: the functions of flows, by name.
        imported: names of the run-time module, and what they are called here.
        activities: constants of activities, by kind and name; and their source.
        constants: other constants: their source, by name.
        results: where the result of a step goes, by its identity, if not to a variable of its own: `results.py`.
        reads: how often each name stands in the expressions of a flow, by the flow's name.
        models: conversions of models, by name; and their source, as far as it is known.
    """

    program: Program
    settings: WorkflowSettings
    carried: Carried
    names: ModuleNames
    run: str
    raised: str
    flows: Mapping[str, str]
    expressions: PythonEmitter = field(default_factory=PythonEmitter)
    imported: dict[str, str] = field(default_factory=dict)
    activities: dict[tuple[str, str], str] = field(default_factory=dict)
    activity_sources: dict[str, list[str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    model_sources: dict[str, str] = field(default_factory=dict)
    results: dict[int, str] = field(default_factory=dict)
    reads: dict[str, Counter[str]] = field(default_factory=dict)
    explained: list[Explained] = field(default_factory=list)
    waits: bool = False
    emits: bool = False

    def runtime(self, name: str) -> str:
        """What a name of the run-time module is called here; it is imported."""
        if name not in self.imported:
            self.imported[name] = self.names.fresh(name)
        return self.imported[name]

    def explain(self, place: str, what: str, name: str, cost: str) -> None:
        """Notes what became of a statement."""
        self.explained.append(Explained(place=place, what=what, name=name, cost=cost))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where statements stand.

    Attributes:
        flow: their flow.
        depth: how deep they are indented.
        rounds: the variables that count the rounds of the loops around, outer ones first, within the function.
    """

    flow: FlowDefinition
    depth: int = 1
    rounds: tuple[str, ...] = ()

    def deeper(self, levels: int = 1) -> Scope:
        """The scope of an inner block."""
        return replace(self, depth=self.depth + levels)

    def counting(self, counter: str) -> Scope:
        """The scope of a loop's block."""
        return replace(self.deeper(), rounds=(*self.rounds, counter))

    def function(self) -> Scope:
        """The scope of a function of its own: the run that it is given knows the rounds around."""
        return replace(self.deeper(), rounds=())

    def step(self, name: str) -> str:
        """The source of a step's name, which is another one in every round."""
        if not self.rounds:
            return quoted(name)
        return f"f{quoted(name + ''.join(f'[{{{counter}}}]' for counter in self.rounds))}"

    def place(self, span: Span) -> str:
        """`review.py:33`."""
        return f"{Path(self.flow.file).name}:{span.line}"
