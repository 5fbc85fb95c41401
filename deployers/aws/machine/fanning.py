"""Maps, parallel branches and races: scopes of their own, and errors as if they ran in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.context import Context, ErrorClass, Exits, ItemIndex, Origin, Part, assigned
from skyloom.deployers.aws.machine.graph import Catcher, Edge, End, Fail, Graph, Map, Parallel
from skyloom.deployers.aws.machine.hoisting import Root, evaluate, is_safe
from skyloom.deployers.aws.machine.invoking import catch
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.naming import Scope
from skyloom.deployers.aws.machine.raising import raise_error
from skyloom.deployers.aws.machine.steps import taken
from skyloom.deployers.aws.machine.unpacking import bind
from skyloom.deployers.aws.machine.values import Constant, Ref, Slot, Value, path, record, snippet, source, variable
from skyloom.errors import Span
from skyloom.flows.expr.nodes import (
    Array,
    Bind,
    Compare,
    Comprehension,
    Expr,
    Field,
    Generator,
    Item,
    Literal,
    Name,
    Target,
    bound_names,
)
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    INT,
    STR,
    BoolType,
    BytesType,
    DateTimeType,
    DictType,
    EnumType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    ModelType,
    StrType,
    TupleType,
    Type,
    members,
)
from skyloom.flows.ir import nodes as ir

RACE_WON = "Skyloom.RaceWon"
"""The error by which the winner of a race ends it."""

_NEVER_FLAT = (
    BoolType,
    BytesType,
    DateTimeType,
    DictType,
    EnumType,
    FloatType,
    IntType,
    LiteralType,
    ModelType,
    StrType,
)
"""Types of values that a path leaves as they are; lists it takes apart."""

_RESULT = path("$states.result")


# --- inner scopes -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Inner:
    """A scope in the making.

    Attributes:
        native: whether its errors decide at once, and end the state around it.
        wins: whether its result does.
    """

    lowering: Lowering
    around: Context
    span: Span
    native: bool
    wins: bool = False
    graph: Graph = field(init=False)
    ends: list[End] = field(default_factory=list)
    failing: list[Edge] = field(default_factory=list)
    scope: Scope = field(init=False)
    error: str = ""

    def __post_init__(self) -> None:
        self.scope = Scope(self.around.scope)
        self.graph = Graph(self.scope)

    def context(self, names: Sequence[str], parts: tuple[Part, ...]) -> Context:
        """Where the statements inside stand; `names` are the scope's own variables."""
        own = {name: self.scope.flow_variable(name) for name in names}
        for name in names:
            if name in self.around.names:
                self.graph.entry.let(own[name], variable(self.around.names[name]))
        exits = Exits(returns=self.give, errors=None if self.native else self._fail)
        return replace(
            self.around,
            names=self.around.names | own,
            scope=self.scope,
            exits=exits,
            path=tuple(_outside(part) for part in parts),
            rounds=(),
            constants={name: value for name, value in self.around.constants.items() if name not in own},
            facts=self.around.facts.without(own),
        )

    def give(self, edge: Edge, value: Value, origin: Origin) -> None:
        """Ends the scope with a value."""
        if self.wins:
            cause = snippet("$string(", record({"value": value}), ")")
            number = self.lowering.number()
            edge.to(Fail(label="won", comment=origin.comment, order=number, error=Constant(RACE_WON), cause=cause))
            return
        end = End(label=origin.label, comment=origin.comment, order=self.lowering.number(), output=value)
        self.ends.append(end)
        edge.to(end)

    def _fail(self, edge: Edge, error: Value, known: ErrorClass | None) -> None:
        self.error = self.error or self.scope.variable("failure")
        self.failing.append(edge.let(self.error, error))


def _outside(part: Part) -> Part:
    """A part of a path as it is read from an inner scope: the index of an item around stands in a variable."""
    return Ref(part.variable) if isinstance(part, ItemIndex) else part


# --- map --------------------------------------------------------------------------------------------------------


def lower_map(lowering: Lowering, context: Context, step: ir.Map, edge: Edge) -> Edge:
    """One scope for each element."""
    items, condition = step.items, step.condition
    if condition is not None and is_safe(context, condition, bound_names(step.over)):
        items, condition = _filtered(step, condition), None
    wanted = f"{bound_names(step.over)[0]}_items"
    (elements,), edge = evaluate(lowering, context, edge, [Root(wanted, items)], step.span)
    inner = _Inner(lowering, context, step.span, native=step.limit == 1)
    index = ItemIndex(inner.scope, inner.scope.variable(f"{step.id}_index"))
    inner.graph.entry.let(index.variable, path("$states.context.Map.Item.Index"))
    inside = inner.context([*bound_names(step.over), *assigned(step.body)], (*context.step_parts(step.id),))
    inside = replace(inside, path=(*inside.path, "[", index, "]/"))
    node = lowering.node(
        Map,
        context,
        step.id,
        step.span,
        items=elements,
        limit=step.limit or lowering.settings.width,
        body=inner.graph,
        element=Slot(),
    )
    edge.to(node)
    element = snippet(node.element, simple=True)
    of = iteration_type(step.items.type)
    opened = bind(lowering, inside, inner.graph.entry, step.over, element, of, step.span)
    if condition is not None:
        (test,), opened = evaluate(lowering, inside, opened, [Root("test", condition)], step.span)
        (opened,), skipped = lowering.choice(inside, f"if {step.id}", step.span, opened, [test])
        skipped.to(lowering.node(End, inside, "skip", step.span, output=record({"skip": True})))
    end = lowering.block(lowering, inside, step.body, opened)
    if end is not None:
        (result,), end = evaluate(lowering, inside, end, [Root("result", step.result)], step.span)
        inner.give(end, result, inside.origin(step.span, f"{step.id} result"))
    if inner.failing:
        _first_fails(lowering, inside, inner, step.span)
    wrapped = bool(inner.failing) or condition is not None
    if wrapped:
        _wrap(inner)
    if inner.failing or inner.native:
        catch(context, node, errors.caught_inside(step.id))
    if not wrapped:
        return taken(context, node.edge, step.target, _RESULT)
    return _collected(lowering, context, step, node.edge, bool(inner.failing), condition is not None)


def _first_fails(lowering: Lowering, inside: Context, inner: _Inner, span: Span) -> None:
    """The error of the first item decides at once; the others' stand in their results."""
    failed = lowering.join(inside, "failed", span)
    for edge in inner.failing:
        edge.to(failed)
    test = snippet("$states.context.Map.Item.Index = 0")
    (first,), later = lowering.choice(inside, "first item failed", span, failed.edge, [test])
    ending = replace(inside, exits=replace(inside.exits, errors=None))
    raise_error(lowering, ending, first, variable(inner.error), None, span)
    later.to(lowering.node(End, inside, "item failed", span, output=record({"error": variable(inner.error)})))


def _wrap(inner: _Inner) -> None:
    """The results tell themselves from errors and from items left out."""
    for end in inner.ends:
        end.output = record({"value": end.output})


def _collected(lowering: Lowering, context: Context, step: ir.Map, edge: Edge, may_fail: bool, may_skip: bool) -> Edge:
    """The values of a map's items, or the first error among them."""
    results = context.scope.variable(f"{step.id}_results")
    edge.let(results, _RESULT)
    if all(isinstance(member, _NEVER_FLAT) for member in members(step.result.type)):
        taken(context, edge, step.target, snippet("[$states.result.value]"))
    else:
        taken(context, edge, step.target, source(_values_of(step, may_skip), {"results": results}))
    if not may_fail:
        return edge
    failures = context.scope.variable(f"{step.id}_errors")
    edge.let(failures, snippet("[$states.result.error]"))
    test = snippet("$count(", Ref(failures), ") > 0")
    (failed,), edge = lowering.choice(context, f"{step.id} results", step.span, edge, [test])
    raise_error(lowering, context, failed, snippet(Ref(failures), "[0]"), None, step.span)
    return edge


def _values_of(step: ir.Map, may_skip: bool) -> Expr:
    """`[item.value for item in results]`, and only of items that have a value."""
    span = step.span
    holder = DictType(ANY)
    results = Name(span=span, type=ListType(holder), name="results")
    item = Name(span=span, type=holder, name="item")
    value = Field(span=span, type=step.result.type, object=item, name="value")
    conditions: tuple[Expr, ...] = ()
    if may_skip:
        key = Literal(span=span, type=STR, value="value")
        conditions = (Compare(span=span, type=BOOL, operator="in", left=key, right=item),)
    generator = Generator(target=Bind(name="item"), items=results, conditions=conditions)
    return Comprehension(span=span, type=ListType(step.result.type), element=value, generators=(generator,))


def _filtered(step: ir.Map, condition: Expr) -> Expr:
    """`[element for element in items if condition]`."""
    generator = Generator(target=step.over, items=step.items, conditions=(condition,))
    of = iteration_type(step.items.type) or ANY
    return Comprehension(
        span=step.items.span, type=ListType(of), element=_element(step.over, of, step.span), generators=(generator,)
    )


def _element(target: Target, of: Type, span: Span) -> Expr:
    """The element that a target has taken apart."""
    if isinstance(target, Bind):
        return Name(span=span, type=of, name=target.name)
    parts = of.items if isinstance(of, TupleType) else (ANY,) * len(target.targets)
    items = tuple(_element(inner, part, span) for inner, part in zip(target.targets, parts, strict=True))
    return Array(span=span, type=TupleType(tuple(parts)), items=items)


# --- parallel ---------------------------------------------------------------------------------------------------


def lower_parallel(lowering: Lowering, context: Context, step: ir.Parallel, edge: Edge) -> Edge:
    """One scope for each branch; the error of the first decides at once, those of the others in order."""
    inners = _branches(lowering, context, step)
    node = lowering.node(Parallel, context, step.id, step.span, branches=[inner.graph for inner in inners])
    edge.to(node)
    catch(context, node, errors.caught_inside(step.id))
    failing = [position for position, inner in enumerate(inners) if inner.failing]
    if not failing:
        return taken(context, node.edge, step.target, _RESULT)
    for position in failing:
        _branch_fails(lowering, inners[position], step)
    results = context.scope.variable(f"{step.id}_results")
    edge = node.edge.let(results, _RESULT)
    for position in failing:
        test = snippet("$exists(", Ref(results), f"[{position}].error)")
        (failed,), edge = lowering.choice(context, f"{step.id} results", step.span, edge, [test])
        error = snippet(Ref(results), f"[{position}].error")
        raise_error(lowering, context, failed, error, None, step.span)
    return taken(context, edge, step.target, source(_values_of_branches(step, failing), {"results": results}))


def _values_of_branches(step: ir.Parallel, failing: list[int]) -> Expr:
    """`(results[0], results[1].value)`."""
    span = step.span
    types = tuple(branch.result.type for branch in step.branches)
    holders = tuple(DictType(ANY) if n in failing else of for n, of in enumerate(types))
    results = Name(span=span, type=TupleType(holders), name="results")
    values: list[Expr] = []
    for position, of in enumerate(types):
        index = Literal(span=span, type=INT, value=position)
        value: Expr = Item(span=span, type=holders[position], object=results, index=index)
        if position in failing:
            value = Field(span=span, type=of, object=value, name="value")
        values.append(value)
    return Array(span=span, type=TupleType(types), items=tuple(values))


def _branch_fails(lowering: Lowering, inner: _Inner, step: ir.Parallel) -> None:
    end = lowering.node(
        End, inner.around, f"{step.id} branch failed", step.span, output=record({"error": variable(inner.error)})
    )
    for edge in inner.failing:
        edge.to(end)
    _wrap(inner)


def _branches(lowering: Lowering, context: Context, step: ir.Parallel | ir.Race) -> list[_Inner]:
    inners = []
    race = isinstance(step, ir.Race)
    for position, branch in enumerate(step.branches):
        inner = _Inner(lowering, context, branch.span, native=race or position == 0, wins=race)
        parts = (*context.step_parts(step.id), f".{position}/")
        inside = inner.context(assigned(branch.body), parts)
        end = lowering.block(lowering, inside, branch.body, inner.graph.entry)
        if end is not None:
            (result,), end = evaluate(lowering, inside, end, [Root("result", branch.result)], branch.span)
            inner.give(end, result, inside.origin(branch.span, f"{step.id}.{position} result"))
        inners.append(inner)
    return inners


# --- race -------------------------------------------------------------------------------------------------------


def lower_race(lowering: Lowering, context: Context, step: ir.Race, edge: Edge) -> Edge:
    """Parallel branches of which the first to end ends all: with its error, or with one that carries its result."""
    inners = _branches(lowering, context, step)
    node = lowering.node(Parallel, context, step.id, step.span, branches=[inner.graph for inner in inners])
    edge.to(node)
    won = Catcher((RACE_WON,), Edge())
    node.catchers.append(won)
    catch(context, node, errors.caught_inside(step.id))
    join = lowering.join(context, step.id, step.span)
    # Never taken: every branch ends with an error.
    node.edge.to(join)
    winner = snippet("$parse($states.errorOutput.Cause).value")
    taken(context, won.edge, step.target, winner).to(join)
    return join.edge
