"""Expressions that the machine cannot evaluate exactly, or that may raise an error: the app's helper function does.

An expression that may raise is evaluated by the machine itself, behind a rule that asks whether it would raise. Where
it would, the helper evaluates it, and raises exactly what Python raises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skyloom.deployers.aws.expr import JsonataEmitter
from skyloom.deployers.aws.machine.context import Context
from skyloom.deployers.aws.machine.graph import Edge
from skyloom.deployers.aws.machine.invoking import PAYLOAD, invoke, retriers
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.output import HELPER
from skyloom.deployers.aws.machine.values import Value, path, record, snippet, source, variable
from skyloom.deployers.floats import has_floats, leaves, models_in
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Span
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Expr, Name, free_names, walk
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.python import PythonEmitter, safe_name
from skyloom.flows.expr.types import NEVER, AnyType, FloatType, IntType, ModelType, Type, union
from skyloom.flows.graph.expressions import source as shown

HELPER_TIMEOUT = 60
"""Seconds that one evaluation may take."""


@dataclass(frozen=True, slots=True)
class Root:
    """A whole expression of a statement.

    Attributes:
        label: what it is to the statement: a variable, an argument, `test`.
        expr: what the machine evaluates.
        guards: the expressions that decide whether it raises; by default `expr` itself.
        python: the source that the helper evaluates; by default that of `expr`.
        reads: the flow's variables that `python` reads; by default those of `expr`.
        crossing: where the value crosses right away, as errors say it: `search: argument limit`.
    """

    label: str
    expr: Expr
    guards: tuple[Expr, ...] | None = None
    python: str | None = None
    reads: frozenset[str] | None = None
    crossing: str | None = None


@dataclass(frozen=True, slots=True)
class _Probe:
    """What is known of a root: which of its guards may fire, and why the machine cannot evaluate it."""

    root: Root
    guards: tuple[Expr, ...] = ()
    obstacle: str | None = None


def evaluate(
    lowering: Lowering, context: Context, edge: Edge, roots: Sequence[Root], span: Span
) -> tuple[list[Value], Edge]:
    """The values of `roots`, evaluated in their order, and the edge on which they are known."""
    probes = [_probe(context, root) for root in roots]
    risky = [probe for probe in probes if probe.guards or probe.obstacle]
    values: dict[str, Value] = {root.label: source(context.known(root.expr), context.names) for root in roots}
    if not risky:
        return list(values.values()), edge
    title = ", ".join(dict.fromkeys(shown(probe.root.expr) for probe in risky))
    variables = {probe.root.label: context.scope.variable(probe.root.label) for probe in risky}
    obstacle = next((probe.obstacle for probe in risky if probe.obstacle), None)
    if obstacle is not None:
        edge = _assign(lowering, context, edge, variables, _hoisted(risky, title, obstacle), span)
    else:
        test = _any_fails(context, [guard for probe in risky for guard in probe.guards])
        (failing,), fine = lowering.choice(context, f"check {title}", span, edge, [test])
        for label, name in variables.items():
            fine.let(name, values[label])
        hoisted = _hoisted(risky, title, "it raises an error for some values", always=False)
        failing = _assign(lowering, context, failing, variables, hoisted, span)
        met = lowering.met(context, title, span, [fine, failing])
        assert met is not None
        edge = met
    values |= {label: variable(name) for label, name in variables.items()}
    return list(values.values()), edge


@dataclass(frozen=True, slots=True)
class Hoisted:
    """What the helper shall evaluate: `label` goes into the identifier, `title` into the state's name. Not `always`:
    only where it fails."""

    label: str
    title: str
    python: str
    reads: frozenset[str]
    reason: str
    always: bool = True
    types: Mapping[str, Type] = field(default_factory=dict)
    crossings: Mapping[str, str] = field(default_factory=dict)


def hoist(lowering: Lowering, context: Context, edge: Edge, hoisted: Hoisted, span: Span) -> Edge:
    """Has the helper evaluate Python source; its value is `PAYLOAD` on the edge that this gives."""
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
    values = {safe_name(name): variable(context.names[name]) for name in names}
    return invoke(
        lowering,
        context,
        edge,
        f"python: {hoisted.title}",
        span,
        function=HELPER,
        payload={"expression": identifier, "values": record(values), "context": record({"run": context.run})},
        timeout=HELPER_TIMEOUT,
        retry=retriers(),
        name=hoisted.title,
    )


def is_safe(context: Context, expr: Expr, bound: Sequence[str] = ()) -> bool:
    """Whether the machine can evaluate `expr` and no error can come of it. `bound` are variables of its own."""
    names = context.names | {name: name for name in bound}
    emitter = JsonataEmitter(lambda name: f"${names[name]}")
    try:
        emitter.emit(expr)
        return emitter.fails(expr) is None
    except CannotEmit:
        return False


def evaluates(expr: Expr) -> bool:
    """Whether the machine evaluates `expr` by itself; where it raises an error the helper does."""
    try:
        JsonataEmitter(lambda name: f"${name}").emit(expr)
    except CannotEmit:
        return False
    return True


def _probe(context: Context, root: Root) -> _Probe:
    emitter = JsonataEmitter(lambda name: f"${context.names[name]}")
    try:
        expr = context.known(root.expr)
        emitter.emit(expr)
        guards = tuple(map(context.known, root.guards)) if root.guards is not None else (expr,)
        failing = (guard for guard in guards if emitter.fails(guard, context.facts_about(guard)) is not None)
        return _Probe(root, tuple(failing))
    except CannotEmit as obstacle:
        return _Probe(root, obstacle=obstacle.reason)


def _any_fails(context: Context, guards: Sequence[Expr]) -> Value:
    tests = [source(guard, context.names, "fails", context.facts_about(guard)) for guard in guards]
    if len(tests) == 1:
        return tests[0]
    parts: list[str | Value] = []
    for test in tests:
        parts += [" or ", test] if parts else [test]
    return snippet(*parts)


def _hoisted(probes: Sequence[_Probe], title: str, reason: str, *, always: bool = True) -> Hoisted:
    """Python source that evaluates roots in their order: one by itself, several as a dict."""
    roots = [probe.root for probe in probes]
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
    return Hoisted("_".join(sources), title, python, reads, reason, always, types, said)


def _holds_numbers(expr: Expr) -> bool:
    """Whether numbers are in the value; models may hold some."""
    return any(isinstance(leaf, IntType | FloatType | AnyType | ModelType) for leaf in leaves(widen(expr.type)))


def _assign(
    lowering: Lowering, context: Context, edge: Edge, variables: dict[str, str], hoisted: Hoisted, span: Span
) -> Edge:
    """Has the helper evaluate roots, and assigns their values to `variables`, which are named by label."""
    edge = hoist(lowering, context, edge, hoisted, span)
    for label, name in variables.items():
        edge.let(name, PAYLOAD if len(variables) == 1 else path(f"$states.result.Payload.{label}"))
    return edge


def _identifier(lowering: Lowering, context: Context, hoisted: Hoisted, span: Span) -> str:
    """An identifier for an expression: its flow, its line, what it is."""
    base = re.sub(r"\W+", "_", f"{context.flow.name}_{span.line}_{hoisted.label}").strip("_")
    candidates = (base, f"{base}_{span.column}", *(f"{base}_{span.column}_{n}" for n in range(2, 1000)))
    known = lowering.hoisted
    return next(name for name in candidates if name not in known or known[name].source == hoisted.python)
