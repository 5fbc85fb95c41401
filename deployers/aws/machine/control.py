"""if, while, for: choices and jumps."""

from __future__ import annotations

from dataclasses import replace

from skyloom.deployers.aws.machine.context import Context
from skyloom.deployers.aws.machine.graph import Edge, Join
from skyloom.deployers.aws.machine.hoisting import Root, evaluate
from skyloom.deployers.aws.machine.lowering import Lowering, follow
from skyloom.deployers.aws.machine.unpacking import bind
from skyloom.deployers.aws.machine.values import (
    Constant,
    Ref,
    Snippet,
    Value,
    as_value,
    named,
    snippet,
    source,
    variable,
)
from skyloom.deployers.own_variables import assigned
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Bind, Call, Expr, Literal, Target, Unpack, bound_names
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.graph.expressions import source as shown
from skyloom.flows.graph.expressions import target_source
from skyloom.flows.ir.nodes import Block, For, If, While, has_steps


def lower_if(lowering: Lowering, context: Context, statement: If, edge: Edge) -> Edge | None:
    """A choice. `elif` chains are taken one after the other; states are merged later."""
    ends: list[Edge | None] = []
    current: Edge | None = edge
    while True:
        assert current is not None
        match context.known(statement.test):
            case Literal(value=holds):
                # A parameter of an inlined flow decides.
                block = statement.body if holds else statement.orelse
                ends.append(lowering.block(lowering, context, block, current))
                return lowering.met(context, "end if", statement.span, ends)
            case _:
                pass
        taken, other = branch(lowering, context, current, statement.test, statement.span, "if")
        ends.append(lowering.block(lowering, context.knowing(statement.test, holds=True), statement.body, taken))
        context = context.knowing(statement.test, holds=False)
        match statement.orelse:
            case (If() as following,):
                statement, current = following, other
            case _:
                ends.append(lowering.block(lowering, context, statement.orelse, other))
                return lowering.met(context, "end if", statement.span, ends)


def branch(lowering: Lowering, context: Context, edge: Edge, test: Expr, span: Span, word: str) -> tuple[Edge, Edge]:
    """The edges for a test that is true, and for one that is not."""
    (value,), edge = evaluate(lowering, context, edge, [Root("test", test)], span)
    if named(value) is None:
        value = source(context.known(test), context.names, "test")
    (taken,), other = lowering.choice(context, f"{word} {shown(test)}", span, edge, [value])
    return taken, other


def lower_while(lowering: Lowering, context: Context, loop: While, edge: Edge) -> Edge | None:
    """A choice at the head, and a jump back to it."""
    context = context.forgetting((loop,))
    test = context.known(loop.test)
    if isinstance(test, Literal) and not test.value:
        return edge
    endless = isinstance(test, Literal)
    counter = context.scope.variable("iteration")
    edge.let(counter, Constant(0))
    head = follow(edge, lowering.join(context, f"while {shown(loop.test)}", loop.span, loop=True))
    entry = edge.target
    assert isinstance(entry, Join)
    after = lowering.join(context, "end while", loop.span)
    inside = head
    if not endless:
        inside, done = branch(lowering, context, head, loop.test, loop.span, "while")
        done.to(after)
    body = replace(context, rounds=(*context.rounds, Ref(counter)))
    if not endless:
        body = body.knowing(loop.test, holds=True)
    _rounds(lowering, body, loop.body, inside, entry, after, counter, loop.span)
    return after.edge if after.entered else None


def lower_for(lowering: Lowering, context: Context, loop: For, edge: Edge) -> Edge | None:
    """A choice at the head that compares a counter, and a jump back to it."""
    label = f"for {target_source(loop.target)} in {shown(loop.items)}"
    rounds = _range_rounds if _is_range(loop.items) else _list_rounds
    return rounds(lowering, context, loop, edge, label)


def _list_rounds(lowering: Lowering, context: Context, loop: For, edge: Edge, label: str) -> Edge | None:
    """Rounds over a list: a counter from 0 on."""
    target, items, start = _enumerated(loop)
    first = bound_names(target)[0]
    (value,), edge = evaluate(lowering, context, edge, [Root(f"{first}_items", items)], loop.span)
    elements = named(value)
    if elements is None or elements in (context.names[name] for name in assigned((loop,))):
        elements = context.scope.variable(f"{first}_items")
        edge.let(elements, value)
    counter = _counter(lowering, context, loop, f"{first}_index", start)
    edge.let(counter, Constant(0))
    head = lowering.join(context, label, loop.span, loop=True)
    test = snippet(Ref(counter), " < $count(", Ref(elements), ")")
    (inside,), done = lowering.choice(context, label, loop.span, follow(edge, head), [test])
    after = lowering.join(context, "end for", loop.span)
    done.to(after)
    if start is not None and isinstance(loop.target, Unpack):
        index = loop.target.targets[0]
        assert isinstance(index, Bind)
        if context.names[index.name] != counter:
            inside.let(context.names[index.name], _from(counter, start))
    body = replace(context.forgetting((loop,)), rounds=(*context.rounds, Ref(counter)))
    element = snippet(Ref(elements), "[", Ref(counter), "]")
    opened = bind(lowering, body, inside, target, element, iteration_type(items.type), loop.span)
    _rounds(lowering, body, loop.body, opened, head, after, counter, loop.span)
    return after.edge if after.entered else None


def _range_rounds(lowering: Lowering, context: Context, loop: For, edge: Edge, label: str) -> Edge | None:
    """Rounds over a range: a counter from its start on, which is the loop's variable where that is not changed."""
    assert isinstance(loop.items, Call) and isinstance(loop.target, Bind)
    bounds = {"start": None, "stop": None} | dict(_bounds(loop.items))
    roots = [Root(f"{loop.target.name}_{name}", bound) for name, bound in bounds.items() if bound is not None]
    values, edge = evaluate(lowering, context, edge, roots, loop.span)
    known: dict[str, Value] = dict(zip((n for n, b in bounds.items() if b is not None), values, strict=True))
    step = _step(loop.items)
    stop = _kept(context, loop, known["stop"], f"{loop.target.name}_stop", edge, bounds["stop"])
    own = _is_own(lowering, context, loop.target.name, loop)
    counter = context.names[loop.target.name] if own else context.scope.variable(f"{loop.target.name}_next")
    start = known.get("start", Constant(0))
    if bounds["start"] is not None and has_steps(loop.body):
        start = _kept(context, loop, start, f"{loop.target.name}_start", edge, bounds["start"])
    edge.let(counter, start)
    head = lowering.join(context, label, loop.span, loop=True)
    test = snippet(Ref(counter), " < " if step > 0 else " > ", stop)
    (inside,), done = lowering.choice(context, label, loop.span, follow(edge, head), [test])
    after = lowering.join(context, "end for", loop.span)
    done.to(after)
    if not own:
        inside.let(context.names[loop.target.name], variable(counter))
    body = replace(context.forgetting((loop,)), rounds=(*context.rounds, _number(counter, start, step)))
    _rounds(lowering, body, loop.body, inside, head, after, counter, loop.span, step)
    return after.edge if after.entered else None


def _rounds(
    lowering: Lowering,
    context: Context,
    body: Block,
    edge: Edge,
    head: Join,
    after: Join,
    counter: str,
    span: Span,
    step: int = 1,
) -> None:
    """The body, and the way back to the head, on which the counter goes on."""
    back = lowering.join(context, "next round", span)
    exits = replace(context.exits, breaks=lambda leaving: leaving.to(after), continues=lambda leaving: leaving.to(back))
    end = lowering.block(lowering, replace(context, exits=exits), body, edge)
    if end is not None:
        end.to(back)
    if back.entered:
        moved = snippet(Ref(counter), f" + {step}" if step > 0 else f" - {-step}")
        back.edge.let(counter, moved).to(head)


# --- counters ---------------------------------------------------------------------------------------------------


def _enumerated(loop: For) -> tuple[Target, Expr, int | None]:
    """What is taken apart of `for i, x in enumerate(xs, start)`: `x`, `xs` and a constant `start`; else None for it."""
    match loop.items, loop.target:
        case Call(function="enumerate", arguments=(items, *rest), keywords=()), Unpack(targets=(Bind(), target)):
            match rest:
                case []:
                    return target, items, 0
                case [Literal(value=int() as start)]:
                    return target, items, start
    return loop.target, loop.items, None


def _counter(lowering: Lowering, context: Context, loop: For, wanted: str, start: int | None) -> str:
    """The counter of a loop over a list: the index itself where `enumerate` counts from 0 and nobody changes it."""
    if start == 0 and isinstance(loop.target, Unpack):
        index = loop.target.targets[0]
        if isinstance(index, Bind) and _is_own(lowering, context, index.name, loop):
            return context.names[index.name]
    return context.scope.variable(wanted)


def _from(counter: str, start: int) -> Value:
    return variable(counter) if start == 0 else snippet(Ref(counter), f" + {start}")


def _is_own(lowering: Lowering, context: Context, name: str, loop: For) -> bool:
    """Whether a loop's variable may be its counter: the body does not assign it, and nobody else reads it."""
    reads = lowering.readings
    alone = reads.count(loop.body, name) == reads.count(context.flow.body, name)
    return alone and name not in assigned(loop.body)


def _is_range(items: Expr) -> bool:
    match items:
        case Call(function="range", arguments=(_,) | (_, _) | (_, _, Literal())):
            return not (len(items.arguments) == 3 and _step(items) == 0)
        case _:
            return False


def _step(items: Call) -> int:
    if len(items.arguments) < 3:
        return 1
    step = items.arguments[2]
    assert isinstance(step, Literal) and isinstance(step.value, int)
    return step.value


def _bounds(items: Call) -> list[tuple[str, Expr]]:
    if len(items.arguments) == 1:
        return [("stop", items.arguments[0])]
    return [("start", items.arguments[0]), ("stop", items.arguments[1])]


def _number(counter: str, start: Value, step: int) -> Ref | Snippet:
    """The number, from 0 on, of the round in which a range's counter stands there."""
    if start == Constant(0) and step == 1:
        return Ref(counter)
    gone = ("(", Ref(counter), " - ", start, ")") if step > 0 else ("(", start, " - ", Ref(counter), ")")
    return snippet(*gone, "" if abs(step) == 1 else f" / {abs(step)}")


def _kept(context: Context, loop: For, value: Value, wanted: str, edge: Edge, bound: Expr | None) -> Value:
    """`value` as it was before the loop: itself where it is a constant or a variable that the loop leaves alone."""
    if isinstance(bound, Literal):
        return as_value(bound.value)
    name = named(value)
    if name is not None and name not in (context.names.get(n) for n in assigned((loop,))):
        return value
    name = context.scope.variable(wanted)
    edge.let(name, value)
    return variable(name)
