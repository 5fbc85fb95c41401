"""raise, try, except, finally: natively; what is left open behind `finally` waits in a variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from skyloom.deployers.gcp.flow.context import Context, Exits
from skyloom.deployers.gcp.flow.evaluating import Root, evaluate
from skyloom.deployers.gcp.flow.labels import Label, Lowered, nothing
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.shared import is_a
from skyloom.deployers.gcp.flow.texts import expression, inner, quoted
from skyloom.deployers.gcp.steps import Assign, Case, Next, Switch
from skyloom.deployers.gcp.steps import Raise as RaiseStep
from skyloom.deployers.gcp.steps import Try as TryStep
from skyloom.errors import Span
from skyloom.flows.ir.nodes import Block, Break, Continue, For, Handler, Raise, Reraise, Return, Try, While, blocks

Json = Any

EVERYTHING = "Exception"
"""The class that takes every error."""


def lower_raise(lowering: Lowering, context: Context, statement: Raise) -> list[Lowered]:
    """A new error."""
    before, (message,) = evaluate(lowering, context, [Root("message", statement.message)], statement.span)
    value = {"type": statement.error, "bases": list(statement.bases), "message": message}
    name = context.step(f"raise_{statement.error}")
    return [*before, RaiseStep(name=name, at=context.at(statement.span), value=value)]


def lower_reraise(context: Context, statement: Reraise) -> list[Lowered]:
    """A caught error again."""
    value = expression(context.places[statement.variable])
    return [RaiseStep(name=context.step("raise_again"), at=context.at(statement.span), value=value)]


def lower_try(lowering: Lowering, context: Context, statement: Try) -> list[Lowered]:
    """The body, its handlers, and all ways out of both through `finally`."""
    if not statement.final:
        return _guarded(lowering, context, statement)
    if not _leaves((statement.body, *(h.body for h in statement.handlers), statement.orelse)):
        return _final_after_end_or_error(lowering, context, statement)
    return _Final(lowering, context, statement).lowered()


# --- handlers ---------------------------------------------------------------------------------------------------


def _guarded(lowering: Lowering, context: Context, statement: Try) -> list[Lowered]:
    """try, except and else."""
    behind = context.forgetting(statement.body)
    if not statement.handlers:
        return [
            *lowering.block(lowering, context, statement.body),
            *lowering.block(lowering, behind, statement.orelse),
        ]
    after = context.step("after_try")
    error = context.variable(_error_name(statement.handlers))
    name = context.step("try")
    body = context.settled(lowering.block(lowering, context, statement.body))
    if not body:
        return lowering.block(lowering, context, statement.orelse)
    jumped = bool(statement.orelse)
    handler = context.settled(_handlers(lowering, behind, statement.handlers, error, after if jumped else None))
    step = TryStep(name=name, at=context.at(statement.span), steps=body, caught=error, handler=handler)
    orelse = lowering.block(lowering, behind, statement.orelse)
    return [step, *orelse, *([Label(after)] if jumped else [])]


def _error_name(handlers: tuple[Handler, ...]) -> str:
    names = {handler.variable.lstrip("_") for handler in handlers}
    return names.pop() if len(names) == 1 else "error"


def _handlers(
    lowering: Lowering, context: Context, handlers: tuple[Handler, ...], error: str, after: str | None
) -> list[Lowered]:
    """The handler for the error's class; without one the error goes on."""
    cases: list[Case] = []
    before: list[Lowered] = []
    for handler in handlers:
        facts = context.facts.without({handler.variable})
        inside = replace(context, places={**context.places, handler.variable: error}, facts=facts)
        at = context.at(handler.span)
        lowered = lowering.block(lowering, inside, handler.body)
        if after is not None:
            lowered = [*lowered, Next(name=context.step("handled"), at=at, to=after)]
        if EVERYTHING in handler.errors and not cases:
            return lowered or [nothing(context.step("handled"), at)]
        steps = inside.settled(lowered) or (nothing(context.step("handled"), at),)
        everything = EVERYTHING in handler.errors
        test, asked = (True, ()) if everything else _is_taken(context, error, handler, at)
        before += asked
        cases.append(Case(condition=test, steps=steps))
        if everything:
            break
    name = context.step(f"except_{'_or_'.join(handlers[0].errors)}")
    switch = Switch(name=name, at=context.at(handlers[0].span), cases=tuple(cases))
    if cases[-1].condition is True:
        return [*before, switch]
    again = RaiseStep(name=context.step("not_caught"), at=context.at(handlers[-1].span), value=expression(error))
    return [*before, replace(switch, cases=(*switch.cases, Case(condition=True, steps=(again,))))]


def _is_taken(context: Context, error: str, handler: Handler, at: str) -> tuple[Json, tuple[Lowered, ...]]:
    """The test whether a handler takes the error, and the steps before it: one expression cannot name many classes."""
    tests = is_a(error, handler.errors)
    if len(tests) == 1:
        return tests[0], ()
    fits = context.variable("fits")
    pairs = [(fits, tests[0]), *((fits, expression(f"{fits} or {inner(test)}")) for test in tests[1:])]
    return expression(fits), (Assign(name=context.step("look_at_error"), at=at, pairs=tuple(pairs)),)


# --- finally ----------------------------------------------------------------------------------------------------


def _leaves(parts: tuple[Block, ...]) -> bool:
    """Whether a return, or a break or continue of a loop outside, stands in the blocks."""
    return any(_leaves_by(part, in_loop=False) for part in parts)


def _leaves_by(block: Block, *, in_loop: bool) -> bool:
    for statement in block:
        match statement:
            case Return():
                return True
            case Break() | Continue():
                if not in_loop:
                    return True
            case _:
                inside = in_loop or isinstance(statement, For | While)
                if any(_leaves_by(inner, in_loop=inside) for inner in blocks(statement)):
                    return True
    return False


def _final_after_end_or_error(lowering: Lowering, context: Context, statement: Try) -> list[Lowered]:
    """Where the ways out are the end and an error only."""
    if _is_small(statement.final):
        return _final_twice(lowering, context, statement)
    return _Final(lowering, context, statement).lowered()


def _is_small(final: Block) -> bool:
    """Whether writing the block twice costs less than noting how it was entered: one step without steps inside."""
    return len(final) == 1 and not any(blocks(final[0]))


def _final_twice(lowering: Lowering, context: Context, statement: Try) -> list[Lowered]:
    error = context.variable("pending_error")
    name = context.step("try_finally")
    body = context.settled(_guarded(lowering, context, statement))
    behind = context.forgetting((statement,))
    at = context.at(statement.final[0].span)
    again = RaiseStep(name=context.step("raise_again"), at=at, value=expression(error))
    handler = context.settled([*lowering.block(lowering, behind, statement.final), again])
    if not body:
        return lowering.block(lowering, behind, statement.final)
    step = TryStep(name=name, at=context.at(statement.span), steps=body, caught=error, handler=handler)
    return [step, *lowering.block(lowering, behind, statement.final)]


@dataclass(slots=True)
class _Way:
    """A way on which `finally` is entered, and how it goes on behind it."""

    name: str
    goes_on: Callable[[Context, Span], list[Lowered]]


@dataclass(slots=True)
class _Final:
    """The `finally` block of one `try`: entered on every way out, left on the same."""

    lowering: Lowering
    context: Context
    statement: Try
    ways: dict[str, _Way] = field(default_factory=dict)
    pending: str = ""
    result: str = ""
    entry: str = ""

    def lowered(self) -> list[Lowered]:
        context, statement = self.context, self.statement
        self.pending, self.result = context.variable("pending"), context.variable("pending_result")
        self.entry = context.step("finally")
        error, caught = context.variable("pending_error"), context.variable("e")
        at = context.at(statement.span)
        name = context.step("nothing_pending")
        body = context.settled(_guarded(self.lowering, replace(context, exits=self._exits()), statement))
        if not body:
            return self.lowering.block(self.lowering, context, statement.final)
        # What is assigned first inside a handler is not known behind it.
        open_ends = ((error, None), *([(self.result, None)] if "return" in self.ways else []))
        first = Assign(name=name, at=at, pairs=((self.pending, "end"), *open_ends))
        pairs = ((self.pending, "error"), (error, expression(caught)))
        note = Assign(name=context.step("note_error"), at=at, pairs=pairs)
        name = context.step("try_finally")
        step = TryStep(name=name, at=at, steps=body, caught=caught, handler=(note,))
        behind = context.forgetting((statement,))
        final = self.lowering.block(self.lowering, behind, statement.final)
        return [first, step, Label(self.entry), *final, self._goes_on(behind, error)]

    def _exits(self) -> Exits:
        outer = self.context.exits
        return Exits(
            returns=self._return,
            returns_by_jump=True,
            breaks=None if outer.breaks is None else self._through("break", outer.breaks),
            continues=None if outer.continues is None else self._through("continue", outer.continues),
        )

    def _return(self, inside: Context, value: Json, span: Span) -> list[Lowered]:
        returns, result = self.context.exits.returns, self.result
        self.ways.setdefault("return", _Way("return", lambda c, s: returns(c, expression(result), s)))
        pairs = ((self.pending, "return"), (self.result, value))
        return self._enter(inside, "return", pairs, span)

    def _through(
        self, word: str, goes_on: Callable[[Context, Span], list[Lowered]]
    ) -> Callable[[Context, Span], list[Lowered]]:
        def leave(inside: Context, span: Span) -> list[Lowered]:
            self.ways.setdefault(word, _Way(word, goes_on))
            return self._enter(inside, word, ((self.pending, word),), span)

        return leave

    def _enter(self, inside: Context, word: str, pairs: tuple[tuple[str, Json], ...], span: Span) -> list[Lowered]:
        name = inside.step(f"{word}_after_finally")
        return [Assign(name=name, at=inside.at(span), pairs=pairs, next=self.entry)]

    def _goes_on(self, behind: Context, error: str) -> Switch:
        span = self.statement.final[0].span
        at = behind.at(span)
        again = RaiseStep(name=behind.step("raise_again"), at=at, value=expression(error))
        cases = [Case(condition=expression(f"{self.pending} == {quoted('error')}"), steps=(again,))]
        for way in self.ways.values():
            steps = behind.settled(way.goes_on(behind, span))
            cases.append(Case(condition=expression(f"{self.pending} == {quoted(way.name)}"), steps=steps))
        return Switch(name=behind.step("end_finally"), at=at, cases=tuple(cases))
