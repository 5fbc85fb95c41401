"""raise, try, except, finally: jumps with an error in a variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.context import Context, ErrorClass, Exits, Origin
from skyloom.deployers.aws.machine.graph import Edge, Fail, Join
from skyloom.deployers.aws.machine.hoisting import Root, evaluate
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.values import Constant, Ref, Value, record, snippet, variable
from skyloom.errors import Span
from skyloom.flows.ir.nodes import (
    Append,
    Assign,
    Block,
    CallPrompt,
    CallTask,
    Emit,
    Extend,
    Handler,
    Raise,
    Reraise,
    Sample,
    SetItem,
    Sleep,
    Try,
)

LONGEST_COPIED = 2
"""Statements of a `finally` block that is written for each way out by itself."""
EVERYTHING = "Exception"
"""The class that takes every error."""


def lower_raise(lowering: Lowering, context: Context, statement: Raise, edge: Edge) -> None:
    """A new error."""
    (message,), edge = evaluate(lowering, context, edge, [Root("message", statement.message)], statement.span)
    error = record({"type": statement.error, "bases": list(statement.bases), "message": message})
    raise_error(lowering, context, edge, error, ErrorClass(statement.error, statement.bases), statement.span)


def lower_reraise(lowering: Lowering, context: Context, statement: Reraise, edge: Edge) -> None:
    """A caught error again."""
    raise_error(lowering, context, edge, variable(context.names[statement.variable]), None, statement.span)


def raise_error(
    lowering: Lowering, context: Context, edge: Edge, error: Value, known: ErrorClass | None, span: Span
) -> None:
    """Leads `edge`, with an error, to what takes errors here; else the scope fails with it."""
    if context.exits.errors is not None:
        context.exits.errors(edge, error, known)
        return
    if known is None:
        ending = lowering.failing(context, span)
        edge.let(ending.variable, error).to(ending.node)
        return
    name, cause = Constant(known.name), errors.cause(error)
    edge.to(lowering.node(Fail, context, f"raise {known.name}", span, error=name, cause=cause))


def lower_try(lowering: Lowering, context: Context, statement: Try, edge: Edge) -> Edge | None:
    """The body, with its errors led to the handlers; and all ways out of it through `finally`."""
    if not statement.final:
        return _guarded(lowering, context, statement, edge)
    final = _Final(lowering, context, statement)
    end = _guarded(lowering, replace(context, exits=final.exits()), statement, edge)
    return final.finish(end)


# --- handlers ---------------------------------------------------------------------------------------------------


def _guarded(lowering: Lowering, context: Context, statement: Try, edge: Edge) -> Edge | None:
    """try, except and else."""
    if not statement.handlers:
        end = lowering.block(lowering, context, statement.body, edge)
        behind = context.forgetting(statement.body)
        return end if end is None else lowering.block(lowering, behind, statement.orelse, end)
    handlers = _Handlers(lowering, context, statement)
    end = lowering.block(lowering, replace(context, exits=handlers.exits()), statement.body, edge)
    if end is not None:
        end = lowering.block(lowering, context.forgetting(statement.body), statement.orelse, end)
    return lowering.met(context, "end try", statement.span, [end, *handlers.finish()])


class _Handlers:
    """The handlers of one `try`. All errors come in one variable."""

    def __init__(self, lowering: Lowering, context: Context, statement: Try) -> None:
        self._lowering = lowering
        self._context = context
        self._handlers = statement.handlers
        self._body = statement.body
        names = {handler.variable.lstrip("_") for handler in statement.handlers}
        self._error = context.scope.variable(names.pop() if len(names) == 1 else "error")
        self._dispatch = lowering.join(context, "except", statement.span)
        self._entries = [self._entry(handler) for handler in statement.handlers]

    def _entry(self, handler: Handler) -> Join:
        return self._lowering.join(self._context, f"except {' or '.join(handler.errors)}", handler.span)

    def exits(self) -> Exits:
        """How the body is left."""
        return replace(self._context.exits, errors=self._take)

    def _take(self, edge: Edge, error: Value, known: ErrorClass | None) -> None:
        """Leads an error to the handler for it, or to where that is found out."""
        if known is None:
            edge.let(self._error, error).to(self._dispatch)
            return
        for handler, entry in zip(self._handlers, self._entries, strict=True):
            if known.is_a(handler.errors):
                edge.let(self._error, error).to(entry)
                return
        raise_error(self._lowering, self._context, edge, error, known, self._handlers[0].span)

    def finish(self) -> list[Edge | None]:
        """Lowers the handlers; gives the edges behind them."""
        if self._dispatch.entered:
            self._distribute(self._dispatch.edge)
        ends: list[Edge | None] = []
        for handler, entry in zip(self._handlers, self._entries, strict=True):
            if entry.entered:
                names = self._context.names | {handler.variable: self._error}
                constants = {n: v for n, v in self._context.constants.items() if n != handler.variable}
                facts = self._context.forgetting(self._body).facts.without({handler.variable})
                inside = replace(self._context, names=names, constants=constants, facts=facts)
                ends.append(self._lowering.block(self._lowering, inside, handler.body, entry.edge))
        return ends

    def _distribute(self, edge: Edge) -> None:
        for handler, entry in zip(self._handlers, self._entries, strict=True):
            if EVERYTHING in handler.errors:
                edge.to(entry)
                return
            test = errors.is_a(self._error, handler.errors)
            label = f"except {' or '.join(handler.errors)}"
            (fits,), edge = self._lowering.choice(self._context, label, handler.span, edge, [test])
            fits.to(entry)
        raise_error(self._lowering, self._context, edge, variable(self._error), None, self._handlers[-1].span)


# --- finally ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Way:
    """A way on which `finally` is entered, and how it goes on behind it."""

    name: str
    goes_on: Callable[[Edge], None] | None
    edges: list[Edge] = field(default_factory=list)


class _Final:
    """The `finally` block of one `try`: entered on every way out, left on the same."""

    def __init__(self, lowering: Lowering, context: Context, statement: Try) -> None:
        self._lowering = lowering
        self._context = context
        self._statement = statement
        self._ways: dict[str, _Way] = {}
        self._result = ""
        self._error = ""

    def exits(self) -> Exits:
        """How body, handlers and else are left."""
        outer = self._context.exits
        return Exits(
            returns=self._return,
            errors=self._raise,
            breaks=None if outer.breaks is None else lambda edge: self._enter("break", edge, outer.breaks),
            continues=None if outer.continues is None else lambda edge: self._enter("continue", edge, outer.continues),
        )

    def _enter(self, name: str, edge: Edge, goes_on: Callable[[Edge], None] | None) -> None:
        self._ways.setdefault(name, _Way(name, goes_on)).edges.append(edge)

    def _return(self, edge: Edge, value: Value, origin: Origin) -> None:
        self._result = self._result or self._context.scope.variable("result")
        result = self._result
        edge.let(result, value)
        self._enter("return", edge, lambda behind: self._context.exits.returns(behind, variable(result), origin))

    def _raise(self, edge: Edge, error: Value, known: ErrorClass | None) -> None:
        self._error = self._error or self._context.scope.variable("pending_error")
        pending = self._error
        edge.let(pending, error)
        self._enter("error", edge, lambda behind: self._raise_again(behind, pending))

    def _raise_again(self, edge: Edge, pending: str) -> None:
        raise_error(self._lowering, self._context, edge, variable(pending), None, self._statement.span)

    def finish(self, end: Edge | None) -> Edge | None:
        """Lowers the block; gives the edge behind it for the way that only falls through."""
        if end is not None:
            self._enter("end", end, None)
        if not self._ways:
            return None
        ways = sorted(self._ways.values(), key=lambda way: way.goes_on is None)
        if len(ways) > 1 and _is_small(self._statement.final):
            return [self._through(way) for way in ways][-1]
        return self._together(ways)

    def _through(self, way: _Way) -> Edge | None:
        """The block for one way alone: nothing has to be noted, and nothing asked behind it."""
        span = self._statement.final[0].span
        entry = self._lowering.join(self._context, "finally", span)
        for edge in way.edges:
            edge.to(entry)
        behind = self._lowering.block(self._lowering, self._inside(), self._statement.final, entry.edge)
        return behind if behind is None else _last(way, behind)

    def _together(self, ways: list[_Way]) -> Edge | None:
        """The block once for all ways, and a choice behind it."""
        span = self._statement.final[0].span
        entry = self._lowering.join(self._context, "finally", span)
        pending = self._context.scope.variable("pending") if len(ways) > 1 else None
        for way in ways:
            for edge in way.edges:
                if pending is not None:
                    edge.let(pending, Constant(way.name))
                edge.to(entry)
        behind = self._lowering.block(self._lowering, self._inside(), self._statement.final, entry.edge)
        if behind is None:
            return None
        if pending is not None:
            tests: list[Value] = [snippet(Ref(pending), f" = '{way.name}'") for way in ways[:-1]]
            edges, last = self._lowering.choice(self._context, "end finally", span, behind, tests)
            for way, edge in zip(ways[:-1], edges, strict=True):
                assert way.goes_on is not None
                way.goes_on(edge)
            behind = last
        return _last(ways[-1], behind)

    def _inside(self) -> Context:
        return self._context.forgetting((self._statement,))


def _is_small(final: Block) -> bool:
    """Whether the block costs no more than the choice that a single copy needs behind it."""
    plain = Assign | SetItem | Append | Extend | CallTask | CallPrompt | Emit | Sample | Sleep
    return len(final) <= LONGEST_COPIED and all(isinstance(statement, plain) for statement in final)


def _last(way: _Way, behind: Edge) -> Edge | None:
    if way.goes_on is None:
        return behind
    way.goes_on(behind)
    return None
