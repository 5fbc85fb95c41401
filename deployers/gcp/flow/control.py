"""if, while, for: switches, jumps back, loops."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.evaluating import Root, evaluate
from skyloom.deployers.gcp.flow.labels import Label, Lowered
from skyloom.deployers.gcp.flow.loop_variables import is_local
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.texts import expression, inner
from skyloom.deployers.gcp.flow.unpacking import bind
from skyloom.deployers.gcp.steps import BREAK, CONTINUE, Assign, Case, Loop, Next, Switch
from skyloom.deployers.gcp.steps import For as ForStep
from skyloom.deployers.lengths import constant_length
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Bind, Call, Expr, Literal, Target, Unpack, bound_names
from skyloom.flows.expr.properties import iteration_type
from skyloom.flows.graph.expressions import source as shown
from skyloom.flows.ir.nodes import For, If, While, has_steps

Json = Any

MOST_CASES = 40
"""Of a switch: what is behind stands in a switch of its own. Workflows takes 50."""


def lower_if(lowering: Lowering, context: Context, statement: If) -> list[Lowered]:
    """A switch; an `elif` is a case of it where nothing has to be done before its test."""
    before, (test,) = evaluate(lowering, context, [_test(statement.test)], statement.span)
    name = context.step(f"if_{_short(statement.test)}")
    cases: list[Case] = []
    after = context.step(f"after_{name}")
    at = context.at(statement.span)
    while True:
        inside = context.knowing(statement.test, holds=True)
        cases.append(_case(inside, test, lowering.block(lowering, inside, statement.body), after))
        context = context.knowing(statement.test, holds=False)
        match statement.orelse:
            case ():
                break
            case (If() as following,) if len(cases) < MOST_CASES:
                steps, (test,) = evaluate(lowering, context, [_test(following.test)], following.span)
                if not steps:
                    statement = following
                    continue
            case _:
                pass
        cases.append(_case(context, True, lowering.block(lowering, context, statement.orelse), after))
        break
    steps = [*before, Switch(name=name, at=at, cases=tuple(cases))]
    return [*steps, Label(after)] if any(case.next == after for case in cases) else steps


def _test(test: Expr) -> Root:
    return Root("test", test, is_test=True)


def _case(context: Context, condition: Json, lowered: list[Lowered], after: str) -> Case:
    """A case; one without steps goes on behind the switch."""
    steps = context.settled(lowered)
    match steps:
        case ():
            return Case(condition=condition, next=after)
        case (Next(to=to),):
            return Case(condition=condition, next=to)
        case _:
            return Case(condition=condition, steps=steps)


def lower_while(lowering: Lowering, context: Context, loop: While) -> list[Lowered]:
    """A switch whose case jumps back to it."""
    context = context.forgetting((loop,))
    endless = isinstance(loop.test, Literal) and bool(loop.test.value)
    at, title = context.at(loop.span), "forever" if endless else _short(loop.test)
    head, after = context.step(f"while_{title}"), context.step(f"after_while_{title}")
    left: list[bool] = []

    def leave(inside: Context, span: Span) -> list[Lowered]:
        left.append(True)
        return [Next(name=inside.step("leave_loop"), at=inside.at(span), to=after)]

    def again(inside: Context, span: Span) -> list[Lowered]:
        return [Next(name=inside.step("next_round"), at=inside.at(span), to=head)]

    body = replace(context, exits=replace(context.exits, breaks=leave, continues=again))
    lowered: list[Lowered] = []
    counting: list[Lowered] = []
    if has_steps(loop.body):
        counter = context.variable("round")
        lowered.append(Assign(name=context.step(f"first_{counter}"), at=at, pairs=((counter, -1),)))
        pairs = ((counter, expression(f"{counter} + 1")),)
        counting.append(Assign(name=context.step(f"count_{counter}"), at=at, pairs=pairs))
        body = replace(body, rounds=(*body.rounds, counter))
    lowered.append(Label(head))
    if endless:
        inner_steps = [*counting, *lowering.block(lowering, body, loop.body)]
        lowered += [*inner_steps, *again(body, loop.span)]
    else:
        before, (test,) = evaluate(lowering, context, [_test(loop.test)], loop.span)
        inside = body.knowing(loop.test, holds=True)
        steps = [*counting, *lowering.block(lowering, inside, loop.body), *again(inside, loop.span)]
        case = Case(condition=test, steps=context.settled(steps))
        lowered += [*before, Switch(name=context.step(f"check_{title}"), at=at, cases=(case,))]
    return [*lowered, Label(after)] if left else lowered


# --- for --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rounds:
    """What a loop goes over, and what it calls the elements."""

    target: Target
    element_type: Any
    items: Json = None
    between: tuple[Json, Json] | None = None
    index_target: Bind | None = None
    start: int = 0


@dataclass(slots=True)
class _Returned:
    """Returns inside of a loop that go on with a step outside, that of a `finally`: a loop is left by `break` only, and
    what was returned waits behind it."""

    context: Context
    flag: str = ""
    result: str = ""

    def leave(self, inside: Context, value: Json, span: Span) -> list[Lowered]:
        """Out of the loop."""
        if not self.flag:
            self.flag, self.result = self.context.variable("returned"), self.context.variable("returned_value")
        pairs = ((self.flag, True), (self.result, value))
        return [Assign(name=inside.step("return_behind_loop"), at=inside.at(span), pairs=pairs, next=BREAK)]

    def around(self, loop: ForStep, span: Span) -> list[Lowered]:
        """The loop, and the rest of the way for what it returned."""
        if not self.flag:
            return [loop]
        context, at = self.context, loop.at
        first = Assign(name=context.step(f"first_{self.flag}"), at=at, pairs=((self.flag, False), (self.result, None)))
        steps = context.settled(context.exits.returns(context, expression(self.result), span))
        case = Case(condition=expression(self.flag), steps=steps)
        return [first, loop, Switch(name=context.step(f"if_{self.flag}"), at=at, cases=(case,))]


def lower_for(lowering: Lowering, context: Context, loop: For) -> list[Lowered]:
    """A loop over a list or a range."""
    if _is_simple_range(loop):
        return _over_range(lowering, context, loop)
    target, items, index, start = _enumerated(loop)
    label = f"{bound_names(target)[0]}_items" if bound_names(target) else "items"
    before, (value,) = evaluate(lowering, context, [Root(label, items)], loop.span)
    rounds = _Rounds(target, iteration_type(items.type), items=value, index_target=index, start=start)
    return [*before, *_loop(lowering, context, loop, rounds)]


def _over_range(lowering: Lowering, context: Context, loop: For) -> list[Lowered]:
    """From the first integer to the last, where there is one: whether a range may be empty is not documented."""
    assert isinstance(loop.items, Call)
    at = context.at(loop.span)
    bounds = loop.items.arguments
    name = bound_names(loop.target)[0]
    labels = [f"{name}_stop"] if len(bounds) == 1 else [f"{name}_start", f"{name}_stop"]
    roots = [Root(label, bound) for label, bound in zip(labels, bounds, strict=True)]
    before, values = evaluate(lowering, context, roots, loop.span)
    start, stop = (0, *values) if len(values) == 1 else values
    if isinstance(start, int) and isinstance(stop, int):
        if start >= stop:
            return before
        between = (start, stop - 1)
        return [*before, *_loop(lowering, context, loop, _Rounds(loop.target, None, between=between))]
    if not isinstance(start, int) and has_steps(loop.body):
        # The number of a round is how far it is from the start, which the loop itself may change.
        kept = context.variable(f"{name}_start")
        before.append(Assign(name=context.step(f"keep_{kept}"), at=at, pairs=((kept, start),)))
        start = expression(kept)
    last = expression(f"{_operand(stop)} - 1")
    steps = _loop(lowering, context, loop, _Rounds(loop.target, None, between=(start, last)))
    test = expression(f"{_operand(start)} < {_operand(stop)}")
    case = Case(condition=test, steps=context.settled(steps))
    return [*before, Switch(name=context.step(f"if_any_{name}"), at=at, cases=(case,))]


def _operand(value: Json) -> str:
    text = inner(value)
    return str(value) if text is None else text if re.fullmatch(r"[\w.]+", text) else f"({text})"


def _loop(lowering: Lowering, context: Context, loop: For, rounds: _Rounds) -> list[Lowered]:
    at, names = context.at(loop.span), bound_names(loop.target)
    inside = context.forgetting((loop,))
    pairs: list[tuple[str, Json]] = []
    places = dict(context.places)
    value = context.variable(f"each_{names[-1]}" if names else "each")
    counted = has_steps(loop.body)
    index: str | None = None
    if rounds.between is None and (counted or rounds.index_target is not None):
        index = context.variable(f"{names[0]}_index" if names else "index")
    if rounds.index_target is not None:
        assert index is not None
        name = rounds.index_target.name
        if rounds.start == 0 and _is_own(context, name):
            places[name] = index
        else:
            start = f" + {rounds.start}" if rounds.start else ""
            pairs.append((context.places[name], expression(index + start)))
    if isinstance(rounds.target, Bind) and _is_own(context, rounds.target.name):
        places[rounds.target.name] = value
        bound: list[Lowered] = []
    else:
        bound = bind(inside, rounds.target, value, rounds.element_type, loop.span)
    number = index if rounds.between is None else _number(value, rounds.between[0])
    returned = _Returned(context)
    exits = replace(
        context.exits,
        returns=returned.leave if context.exits.returns_by_jump else context.exits.returns,
        breaks=lambda inner, span: [Next(name=inner.step("leave_loop"), at=inner.at(span), to=BREAK)],
        continues=lambda inner, span: [Next(name=inner.step("next_round"), at=inner.at(span), to=CONTINUE)],
    )
    inside = replace(inside, places=places, exits=exits)
    if counted and number is not None:
        inside = replace(inside, rounds=(*inside.rounds, number))
    first: list[Lowered] = []
    if pairs:
        first.append(Assign(name=context.step(f"set_{names[0]}"), at=at, pairs=tuple(pairs)))
    steps = context.settled([*first, *bound, *lowering.block(lowering, inside, loop.body)])
    body = steps or (Next(name=context.step("next_round"), at=at, to=CONTINUE),)
    known = constant_length(loop.items)
    loop_step = Loop(value=value, index=index, items=rounds.items, between=rounds.between, steps=body, known=known)
    return returned.around(ForStep(name=context.step(f"for_{'_'.join(names)}"), at=at, loop=loop_step), loop.span)


def _number(value: str, start: Json) -> str:
    """The number, from 0 on, of a round over a range."""
    return value if start == 0 else f"{value} - {_operand(start)}"


def _is_own(context: Context, name: str) -> bool:
    return is_local(context.flow.body, name)


def _is_simple_range(loop: For) -> bool:
    return isinstance(loop.target, Bind) and (
        isinstance(loop.items, Call)
        and loop.items.function == "range"
        and len(loop.items.arguments) < 3
        and not loop.items.keywords
    )


def _enumerated(loop: For) -> tuple[Target, Expr, Bind | None, int]:
    """What is taken apart of `for i, x in enumerate(xs, start)`: `x`, `xs`, `i` and a constant `start`."""
    match loop.items, loop.target:
        case Call(function="enumerate", arguments=(items, *rest), keywords=()), Unpack(
            targets=(Bind() as index, target)
        ):
            match rest:
                case []:
                    return target, items, index, 0
                case [Literal(value=int() as start)]:
                    return target, items, index, start
    return loop.target, loop.items, None, 0


def _short(test: Expr) -> str:
    return re.sub(r"\W+", "_", shown(test)).strip("_")[:40].strip("_") or "test"
