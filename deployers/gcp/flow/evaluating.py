"""Whole expressions of statements: evaluated by the workflow, or by the app's helper function.

An expression that may raise is evaluated by the workflow itself, behind tests that ask whether it would raise. Where
it would, the helper evaluates it, and raises exactly what Python raises. What Workflows cannot say goes to the helper
always. (docs/decisions/0023, 0024)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skyloom.deployers.floats import has_floats, leaves, models_in
from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.shared import helper_call, helper_try, in_python
from skyloom.deployers.gcp.flow.texts import expression
from skyloom.deployers.gcp.steps import Assign, Call, Case, Switch, Try
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Span
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Expr, Name, free_names, walk
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.python import PythonEmitter, safe_name
from skyloom.flows.expr.types import NEVER, AnyType, FloatType, IntType, ModelType, Type, union
from skyloom.flows.graph.expressions import source as shown

Json = Any

MOST_CASES = 50
"""Conditions in one `switch`; cloud.google.com/workflows/quotas."""


@dataclass(frozen=True, slots=True)
class Root:
    """A whole expression of a statement.

    Attributes:
        label: what it is to the statement: a variable, an argument, `test`.
        expr: what the workflow evaluates.
        guards: the expressions that decide whether it raises; by default `expr` itself.
        python: the source that the helper evaluates; by default that of `expr`.
        reads: the flow's variables that `python` reads; by default those of `expr`.
        is_test: whether it is a condition.
        crossing: where the value crosses right away, as errors say it: `search: argument limit`.
    """

    label: str
    expr: Expr
    guards: tuple[Expr, ...] | None = None
    python: str | None = None
    reads: frozenset[str] | None = None
    is_test: bool = False
    crossing: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of a root.

    Attributes:
        value: what the workflow evaluates; None where it cannot.
        guards: tests, asked in their order: where one is true, the helper evaluates the root.
        obstacle: why the workflow cannot evaluate it.
        place: where the workflow puts its value; by default the variable that the helper's answer goes to as well.
    """

    root: Root
    value: Json = None
    guards: tuple[str, ...] = ()
    obstacle: str | None = None
    place: str | None = None


def evaluate(
    lowering: Lowering, context: Context, roots: Sequence[Root], span: Span, into: str | None = None
) -> tuple[list[Lowered], list[Json]]:
    """The steps before, and the values of `roots`, evaluated in their order.

    Args:
        into: a variable that a single root's value goes to in the end: steps before may use it.
    """
    return settle(lowering, context, [probe(context, root) for root in roots], span, into)


def settle(
    lowering: Lowering, context: Context, probes: Sequence[Probe], span: Span, into: str | None = None
) -> tuple[list[Lowered], list[Json]]:
    """As `evaluate`, of what is known already."""
    risky = [one for one in probes if one.guards or one.obstacle]
    values = {one.root.label: one.value for one in probes}
    if not risky:
        return [], list(values.values())
    obstacle = next((one.obstacle for one in risky if one.obstacle), None)
    if obstacle is not None:
        steps, known = _by_helper(lowering, context, risky, obstacle, span)
        return steps, list((values | known).values())
    if into is not None and len(probes) == 1:
        variables = {probes[0].root.label: into}
    else:
        variables = {one.root.label: context.variable(one.root.label) for one in risky}
    steps = _guarded(lowering, context, risky, variables, span)
    values |= {label: expression(name) for label, name in variables.items()}
    return steps, list(values.values())


def probe(context: Context, root: Root) -> Probe:
    """What is known of a root."""
    emitter = WorkflowsEmitter(lambda name: context.places[name])
    try:
        value = expression(emitter.emit_test(root.expr)) if root.is_test else emitter.template(root.expr)
        asked = root.guards if root.guards is not None else (root.expr,)
        guards = [test for guard in asked for test in emitter.guards(guard, context.facts.about(guard))]
    except CannotEmit as obstacle:
        return Probe(root, obstacle=obstacle.reason)
    if len(guards) >= MOST_CASES:
        return Probe(root, obstacle="there are too many ways in which it may fail")
    return Probe(root, value, tuple(dict.fromkeys(guards)))


def _guarded(
    lowering: Lowering, context: Context, risky: Sequence[Probe], variables: Mapping[str, str], span: Span
) -> list[Lowered]:
    """Asks whether one of the roots would raise; then the helper evaluates them all, else the workflow."""
    title = _title(risky)
    tests = list(dict.fromkeys(test for one in risky for test in one.guards))
    name = context.step(f"check_{title}")
    reason = "it raises an error for some values"
    cases = [
        Case(
            condition=expression(test),
            steps=context.settled(_helped(lowering, context, risky, variables, reason, span)),
        )
        for test in tests
    ]
    pairs = tuple((one.place or variables[one.root.label], one.value) for one in risky)
    fine = Assign(name=context.step(f"set_{'_'.join(variables)}"), at=context.at(span), pairs=pairs)
    cases.append(Case(condition=True, steps=(fine,)))
    return [Switch(name=name, at=context.at(span), cases=tuple(cases))]


def _by_helper(
    lowering: Lowering, context: Context, risky: Sequence[Probe], reason: str, span: Span
) -> tuple[list[Lowered], dict[str, Json]]:
    """Has the helper evaluate roots in their order; their values are read in its answer."""
    hoisted = _hoisted([one.root for one in risky], reason, always=True)
    answer, value = hoist(lowering, context, hoisted, span, _title(risky))
    if len(risky) == 1:
        return [answer], {risky[0].root.label: expression(value)}
    return [answer], {one.root.label: expression(f"{value}.{one.root.label}") for one in risky}


def _helped(
    lowering: Lowering,
    context: Context,
    risky: Sequence[Probe],
    variables: Mapping[str, str],
    reason: str,
    span: Span,
) -> list[Lowered]:
    """Has the helper evaluate roots in their order, which only happens now and then, and assigns their values."""
    hoisted = _hoisted([one.root for one in risky], reason, always=False)
    identifier, values = _request(lowering, context, hoisted, span)
    several = len(variables) > 1
    result = context.variable("_".join(["values", *variables])[:40]) if several else next(iter(variables.values()))
    call = Call(
        name=context.step(f"{_title(risky)}_in_python"),
        at=context.at(span),
        function=in_python(lowering),
        arguments={"expression": identifier, "values": values},
        result=result,
    )
    if not several:
        return [call]
    pairs = tuple((name, expression(f"{result}.{label}")) for label, name in variables.items())
    return [call, Assign(name=context.step(f"take_{'_'.join(variables)}"), at=context.at(span), pairs=pairs)]


@dataclass(frozen=True, slots=True)
class Hoisted:
    """What the helper shall evaluate: `label` goes into the identifier."""

    label: str
    python: str
    reads: frozenset[str]
    reason: str
    always: bool = True
    types: Mapping[str, Type] = field(default_factory=dict)
    crossings: Mapping[str, str] = field(default_factory=dict)


def hoist(lowering: Lowering, context: Context, hoisted: Hoisted, span: Span, title: str) -> tuple[Try, str]:
    """Has the helper evaluate Python source: the step, and the expression that is the value behind it."""
    identifier, values = _request(lowering, context, hoisted, span)
    name, result, caught = (
        context.step(f"{title}_in_python"),
        context.variable(f"{title}_in_python"),
        context.variable("e"),
    )
    failed = context.step(f"{title}_failed")
    call = helper_call(lowering, name, identifier, values, result)
    return helper_try(lowering, call, context.at(span), identifier, caught, failed), f"{result}.body"


def _request(lowering: Lowering, context: Context, hoisted: Hoisted, span: Span) -> tuple[str, dict[str, Json]]:
    """What the helper is asked: the expression's identifier, and the values of its variables."""
    names = sorted(hoisted.reads)
    models = lowering.program.models
    floats = tuple(
        (safe_name(n), hoisted.types[n]) for n in names if n in hoisted.types and has_floats(hoisted.types[n], models)
    )
    used = sorted(frozenset[str]().union(*(models_in(of, models) for _, of in floats)))
    identifier = _identifier(lowering, context, hoisted, span)
    lowering.hoisted[identifier] = HoistedExpression(
        id=identifier,
        source=hoisted.python,
        names=tuple(sorted(map(safe_name, names))),
        file=context.flow.file,
        span=span,
        reason=hoisted.reason,
        always=hoisted.always,
        types=floats,
        models=tuple(models[name] for name in used),
        crossings=tuple(hoisted.crossings.items()),
    )
    return identifier, {safe_name(name): expression(context.places[name]) for name in names}


def _hoisted(roots: Sequence[Root], reason: str, *, always: bool) -> Hoisted:
    """Python source that evaluates roots in their order: one by itself, several as a dict."""
    sources = {root.label: root.python or PythonEmitter().emit(root.expr) for root in roots}
    reads = frozenset[str]().union(*(root.reads if root.reads is not None else free_names(root.expr) for root in roots))
    if len(roots) == 1:
        python = sources[roots[0].label]
    else:
        python = "{" + ", ".join(f'"{name}": {text}' for name, text in sources.items()) + "}"
    types: dict[str, Type] = {}
    for node in (node for root in roots for node in walk(root.expr) if isinstance(node, Name)):
        # Where the flow has made sure of something the type is narrower.
        types[node.name] = union(types.get(node.name, NEVER), node.type)
    parts = [("" if len(roots) == 1 else root.label, root) for root in roots]
    said = {part: root.crossing or f"the value of {root.label}" for part, root in parts if _holds_numbers(root.expr)}
    return Hoisted("_".join(sources), python, reads, reason, always, types, said)


def _holds_numbers(expr: Expr) -> bool:
    """Whether numbers are in the value; models may hold some."""
    return any(isinstance(leaf, IntType | FloatType | AnyType | ModelType) for leaf in leaves(widen(expr.type)))


def _title(probes: Sequence[Probe]) -> str:
    """A short name for what is evaluated."""
    labels = "_".join(dict.fromkeys(one.root.label for one in probes))
    return labels if labels != "test" else re.sub(r"\W+", "_", shown(probes[0].root.expr)).strip("_")[:40]


def _identifier(lowering: Lowering, context: Context, hoisted: Hoisted, span: Span) -> str:
    """An identifier for an expression: its flow, its line, what it is."""
    base = re.sub(r"\W+", "_", f"{context.flow.name}_{span.line}_{hoisted.label}").strip("_")
    candidates = (base, f"{base}_{span.column}", *(f"{base}_{span.column}_{n}" for n in range(2, 1000)))
    known = lowering.hoisted
    return next(name for name in candidates if name not in known or known[name].source == hoisted.python)
