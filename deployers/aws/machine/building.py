"""The stages from a program to one state machine, in their order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from skyloom.deployers.aws import limits
from skyloom.deployers.aws.machine.calling import lower_main
from skyloom.deployers.aws.machine.catching import share_readers
from skyloom.deployers.aws.machine.context import Exits, Origin
from skyloom.deployers.aws.machine.deciding import decide
from skyloom.deployers.aws.machine.entering import enter
from skyloom.deployers.aws.machine.graph import Edge, End, Graph, Task, inner, nodes
from skyloom.deployers.aws.machine.joining import take_joins_away
from skyloom.deployers.aws.machine.liveness import liveness
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.merging import merge_choices
from skyloom.deployers.aws.machine.naming import Scope
from skyloom.deployers.aws.machine.output import WAITS, Invoke, Kind, Need, StartExecution, Workflow, WorkflowSettings
from skyloom.deployers.aws.machine.prompts import may_be_asked
from skyloom.deployers.aws.machine.settling import settle
from skyloom.deployers.aws.machine.splitting import separate
from skyloom.deployers.aws.machine.statements import lower_block
from skyloom.deployers.aws.machine.states import States, with_placeholders
from skyloom.deployers.aws.machine.values import Value
from skyloom.deployers.aws.machine.writing import Writing
from skyloom.deployers.carrying import carried
from skyloom.deployers.fused import fused_tasks
from skyloom.deployers.mixed_numbers import text_problems
from skyloom.deployers.saving import Rewrite
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.ir.program import Program

Json = Any


def machine_of(program: Program, settings: WorkflowSettings, *, is_part: bool = False) -> Workflow:
    """The machine of the program's main flow.

    Args:
        is_part: whether other machines start it as a part of their runs.

    Raises:
        CheckFailed: something that Step Functions cannot carry.
    """
    kind = settings.kind
    problems = limits.program_problems(program, keeps_history=kind == "STANDARD")
    _refuse([*problems, *text_problems(program, "Step Functions")])
    apart = separate(program)
    places = carried(program, apart, lambda prompt: may_be_asked(settings, prompt))
    lowering = Lowering(program, settings, lower_block, apart, places, is_part)
    graph = _lowered(lowering)
    writing = Writing()
    _simplify(graph, writing, settings.without)
    definition = with_placeholders(_definition(program, States(writing).scope(graph)))
    uses = frozenset(_needs(graph))
    _refuse([*limits.definition_problems(program, definition), *_express_problems(program, kind, uses)])
    return Workflow(
        flow=program.main,
        definition=definition,
        kind=kind,
        uses=uses,
        hoisted=tuple(lowering.hoisted[name] for name in sorted(lowering.hoisted)),
        fused=fused_tasks(program),
    )


def _refuse(problems: Iterable[Diagnostic]) -> None:
    found = tuple(problems)
    if found:
        raise CheckFailed(*found)


_NOT_SHORT = "leave it out of the app's `short` flows"


def _express_problems(program: Program, kind: Kind, uses: frozenset[Need]) -> Iterator[Diagnostic]:
    """What an Express workflow cannot do: wait for somebody, or for another execution."""
    flow = program.flow
    if kind == "EXPRESS" and any(isinstance(need, StartExecution) or need == Invoke(WAITS) for need in uses):
        message = f"{flow.name} waits for people, events or other executions, which an Express workflow cannot"
        yield Diagnostic("SKY707", message, flow.file, flow.span, hint=_NOT_SHORT)
    if kind == "EXPRESS" and (flow.timeout is None or flow.timeout > limits.EXPRESS.value):
        may = "says nothing of how long it takes" if flow.timeout is None else f"may take {flow.timeout:g} s"
        message = f"{flow.name} {may}; an Express workflow has {limits.EXPRESS}"
        hint = f"`@flow(timeout=...)` of at most {limits.EXPRESS}, or {_NOT_SHORT}"
        yield Diagnostic("SKY707", message, flow.file, flow.span, hint=hint)


def _lowered(lowering: Lowering) -> Graph:
    graph = Graph(Scope())

    def returns(edge: Edge, value: Value, origin: Origin) -> None:
        edge.to(End(label=origin.label, comment=origin.comment, order=lowering.number(), output=value))

    lower_main(lowering, graph.scope, Exits(returns=returns), graph.entry)
    return graph


REWRITES = (
    Rewrite("decide", "what only decides on a value is a value, no choice"),
    Rewrite("take_joins_away", "no state where ways come together"),
    Rewrite("merge_choices", "choices behind choices are one"),
)
"""What of the simplifying can be left out, in its order."""


def _simplify(graph: Graph, writing: Writing, without: frozenset[str]) -> None:
    """Brings the graph to the form in which states are written."""
    liveness(graph)
    if "decide" not in without:
        decide(graph, writing)
    if "take_joins_away" not in without:
        take_joins_away(graph, writing)
    liveness(graph)
    if "merge_choices" not in without:
        merge_choices(graph, writing)
    liveness(graph)
    share_readers(graph)
    enter(graph)
    liveness(graph)
    settle(graph)
    liveness(graph)


def _definition(program: Program, scope: dict[str, Json]) -> dict[str, Json]:
    flow = program.flow
    summary = flow.description.strip().splitlines()[0] if flow.description.strip() else flow.name
    head: dict[str, Json] = {"Comment": summary, "QueryLanguage": "JSONata"}
    if flow.timeout is not None:
        head["TimeoutSeconds"] = max(1, math.ceil(flow.timeout))
    return head | scope


def _needs(graph: Graph) -> Iterator[Need]:
    for node in nodes(graph):
        if isinstance(node, Task):
            yield node.need
        for scope in inner(node):
            yield from _needs(scope)
