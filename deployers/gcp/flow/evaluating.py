"""Whole expressions of statements: evaluated by the workflow, or by the app's helper function.

An expression that may raise is evaluated by the workflow itself, behind tests that ask whether it would raise. Where
it would, the helper evaluates it, and raises exactly what Python raises. What Workflows cannot say goes to the helper
always. (docs/decisions/0023, 0024)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from skyloom.deployers.floats import has_floats, leaves, models_in
from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.shared import helper_call, helper_try, in_python
from skyloom.deployers.gcp.flow.texts import expression
from skyloom.deployers.gcp.steps import Assign, Call, Case, Names, Switch, Try
from skyloom.deployers.gcp.unfolding import Way, Ways, unfold
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Span
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Expr, Name, free_names, walk
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.python import PythonEmitter, safe_name
from skyloom.flows.expr.types import NEVER, AnyType, FloatType, IntType, ModelType, Type, union
from skyloom.flows.graph.expressions import source as shown

Json = Any


@dataclass(frozen=True, slots=True)
class Root:
    """A whole expression of a statement.

    Attributes:
        label: what it is to the statement: a variable, an argument, `test`.
        expr: what the workflow evaluates.
        python: the source that the helper evaluates; by default that of `expr`.
        reads: the flow's variables that `python` reads; by default those of `expr`.
        is_test: whether it is a condition.
        crossing: where the value crosses right away, as errors say it: `search: argument limit`.
    """

    label: str
    expr: Expr
    python: str | None = None
    reads: frozenset[str] | None = None
    is_test: bool = False
    crossing: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What is known of a root.

    Attributes:
        ways: the ways to its value, `gcp.unfolding` says which; none where the workflow cannot evaluate it.
        obstacle: why it cannot.
        place: where the workflow puts its value; by default the variable that the helper's answer goes to as well.
    """

    root: Root
    ways: Ways = ()
    obstacle: str | None = None
    place: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether there is one way, on which nothing fails."""
        return len(self.ways) == 1

    @property
    def is_guarded(self) -> bool:
        """Whether there is one way for the workflow, behind tests that send it to the helper."""
        return bool(self.ways) and all(way.raises for way in self.ways[:-1])


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
    plain = [one for one in probes if one.is_plain]
    risky = [one for one in probes if not one.is_plain]
    steps: list[Lowered] = []
    pairs = tuple(pair for one in plain for pair in one.ways[0].pairs)
    if pairs:
        steps.append(Assign(name=context.step(f"parts_of_{_title(plain)}"), at=context.at(span), pairs=pairs))
    values = {one.root.label: one.ways[0].value if one.is_plain else None for one in probes}
    obstacle = next((one.obstacle for one in risky if one.obstacle), None)
    if obstacle is not None:
        asked, known = _by_helper(lowering, context, risky, obstacle, span)
        return [*steps, *asked], list((values | known).values())
    if into is not None and len(probes) == 1:
        variables = {probes[0].root.label: into}
    else:
        variables = {one.root.label: context.variable(one.root.label) for one in risky}
    # Errors come in order: what is asked in one switch is raised in order by the helper.
    together = [risky] if all(one.is_guarded for one in risky) else [[one] for one in risky]
    steps += [_chosen(lowering, context, group, variables, span) for group in together if group]
    values |= {one.root.label: expression(variables[one.root.label]) for one in risky}
    return steps, list(values.values())


def probe(context: Context, root: Root) -> Probe:
    """What is known of a root."""
    # A loop's own names have no place; no expression says a loop.
    emitter = WorkflowsEmitter(lambda name: context.places.get(name, name))
    known = context.facts_about(root.expr)
    try:
        ways = unfold(root.expr, emitter, context.frame.variables, known, test=root.is_test)
    except CannotEmit as obstacle:
        return Probe(root, obstacle=obstacle.reason)
    return Probe(root, ways)


def evaluates(expr: Expr) -> bool:
    """Whether the workflow evaluates `expr` by itself; where it raises an error the helper does."""
    try:
        unfold(expr, WorkflowsEmitter(lambda name: name), Names())
    except CannotEmit:
        return False
    return True


def _chosen(
    lowering: Lowering, context: Context, group: Sequence[Probe], variables: Mapping[str, str], span: Span
) -> Switch:
    """Asks which way leads to the values: the helper's, where one of them would raise, or the workflow's."""
    names = {one.root.label: variables[one.root.label] for one in group}
    title = _title(group)
    name = context.step(f"check_{title}")
    reason = "it raises an error for some values"
    cases: dict[str | None, Case] = {}
    for way in (way for one in group for way in one.ways[: -1 if one.is_guarded else None]):
        if way.condition in cases:
            continue
        if way.raises:
            steps = context.settled(_helped(lowering, context, group, names, reason, span))
        else:
            steps = (_set(context, group, [way], names, span),)
        condition = True if way.condition is None else expression(way.condition)
        cases[way.condition] = Case(condition=condition, steps=steps)
    if None not in cases:
        last = _set(context, group, [one.ways[-1] for one in group], names, span)
        cases[None] = Case(condition=True, steps=(last,))
    return Switch(name=name, at=context.at(span), cases=tuple(cases.values()))


def _set(context: Context, group: Sequence[Probe], ways: Sequence[Way], names: Mapping[str, str], span: Span) -> Assign:
    """The values of one way for each root."""
    pairs = [
        pair
        for one, way in zip(group, ways, strict=True)
        for pair in (*way.pairs, (one.place or names[one.root.label], way.value))
    ]
    return Assign(name=context.step(f"set_{'_'.join(names)}"), at=context.at(span), pairs=tuple(pairs))


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
    """What the helper shall evaluate: `label` goes into the identifier. Not `always`: only where it fails."""

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
        only_errors=not hoisted.always,
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
    candidates = chain((base, f"{base}_{span.column}"), (f"{base}_{span.column}_{n}" for n in count(2)))
    known = lowering.hoisted
    return next(name for name in candidates if name not in known or known[name].source == hoisted.python)
