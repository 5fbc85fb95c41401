"""What each cloud makes of each flow of an app: runs by itself, with calls of the helper function, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from skyloom.deployers.base import Compiled, Explanation
from skyloom.deployers.measures import NEAR, Measure, callees
from skyloom.deployers.registry import deployer
from skyloom.errors import Diagnostic, UserError
from skyloom.flows.app import App
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.runner.recorded import RecordedRun

Verdict = Literal["native", "errors", "helper", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portability:
    """One flow in one cloud.

    Attributes:
        flow: the flow; empty: the app as a whole.
        verdict: `native`; `errors` where the app's helper function is called for values for which an expression fails,
            and else never; `helper` where some expression always needs it; `refused`.
        helped: the expressions that go there.
        refusals: why it is refused.
        advice: what is kept in another way, or left to people.
        near: the limits it has come near to, nearest first.
        waiting: values that would come near to one, if they did not wait in the app's bucket; largest first.
        unbounded: values of which neither a declaration nor a recorded run tells how large they are.
        rounds: of loops and maps whose length only a run knows, what each round takes of a limit; what is full first
            comes first.
    """

    target: str
    flow: str
    verdict: Verdict
    helped: tuple[Explanation, ...] = ()
    refusals: tuple[Diagnostic, ...] = ()
    advice: tuple[Diagnostic, ...] = ()
    near: tuple[Measure, ...] = ()
    waiting: tuple[Measure, ...] = ()
    unbounded: tuple[Measure, ...] = ()
    rounds: tuple[Measure, ...] = ()


def portability(app: App, target: str, environment: str, runs: Sequence[RecordedRun] = ()) -> Iterator[Portability]:
    """Every flow of the app in one cloud, and the app itself where there is something to say of it. Calls no cloud.

    A flow that a flow of the app starts as a run of its own has a place of its own, behind them.

    Args:
        runs: recorded runs of the flows, by whose values sizes are measured.

    Raises:
        ConfigError: SKY640, there is no such target.
    """
    whole = _compiled(app, target, environment)
    if isinstance(whole, Compiled):
        started = (one.flow for one in whole.explanations)
        names = dict.fromkeys((*(flow.name for flow in app.flows), *started))
        sizes = tuple(whole.sizes(runs))
        yield from (_carried(target, name, whole, sizes) for name in names)
        yield from _of_app(target, whole)
        return
    told: set[tuple[object, ...]] = set()
    # What stands around the flows may be what is refused: they are tried without it.
    bare = replace(app, triggers=(), short=())
    fine = tuple(flow for flow in app.flows if not _concerns(whole, flow.program))
    together = _compiled(replace(bare, flows=fine), target, environment) if len(fine) > 1 else whole
    sizes = tuple(together.sizes(runs)) if isinstance(together, Compiled) else ()
    for flow in app.flows:
        if flow in fine and isinstance(together, Compiled):
            yield _carried(target, flow.name, together, sizes)
            continue
        alone = _compiled(replace(bare, flows=(flow,)), target, environment)
        if isinstance(alone, Compiled):
            yield _carried(target, flow.name, alone, tuple(alone.sizes(runs)))
        else:
            told.update(map(_about, alone))
            yield Portability(target=target, flow=flow.name, verdict="refused", refusals=tuple(alone))
    if rest := tuple(one for one in whole if _about(one) not in told):
        yield Portability(target=target, flow="", verdict="refused", refusals=rest)


def _concerns(diagnostics: Iterable[Diagnostic], program: Program) -> bool:
    """Whether one of them stands in a flow of the program, or in what its flows call."""
    places = {(called.file, called.span.line) for called in callees(program)}
    for flow in program.flows.values():
        last = max((statement.span.end_line for statement in ir.walk(flow.body)), default=flow.span.end_line)
        places |= {(flow.file, line) for line in range(flow.span.line, last + 1)}
    return any(one.span is not None and (one.file, one.span.line) in places for one in diagnostics)


def _about(diagnostic: Diagnostic) -> tuple[object, ...]:
    """What it is about: its words may count bytes, which are some more in the app than in a flow alone."""
    return diagnostic.code, diagnostic.file, diagnostic.span, re.sub(r"[\d,.]+", "", diagnostic.message)


def _compiled(app: App, target: str, environment: str) -> Compiled | Sequence[Diagnostic]:
    """What the cloud makes of the app, or why it makes nothing."""
    made = deployer(target, app.name, environment, app.environment(environment))
    try:
        return made.compile(app)
    except UserError as error:
        return error.diagnostics


def _carried(target: str, flow: str, compiled: Compiled, sizes: Sequence[Measure]) -> Portability:
    helped = tuple(found for found in compiled.explanations if found.flow == flow and found.is_helped)
    every = (*compiled.measures, *sizes)
    of_flow = sorted((one for one in every if one.flow == flow), key=lambda one: -one.share)
    waiting = (one for one in of_flow if one.waits_from is not None)
    near = (one for one in of_flow if one.rounds is None and one.share >= NEAR)
    rounds = (one for one in of_flow if one.rounds is not None)
    verdict: Verdict = "native"
    if helped:
        verdict = "errors" if all(one.only_errors for one in helped) else "helper"
    return Portability(
        target=target,
        flow=flow,
        verdict=verdict,
        helped=helped,
        near=tuple(near),
        advice=tuple(_too_large(one) for one in sizes if one.flow == flow and one.is_exceeded),
        waiting=tuple(waiting),
        unbounded=tuple(one for one in of_flow if one.known == "unknown"),
        rounds=tuple(rounds),
    )


def _too_large(one: Measure) -> Diagnostic:
    """What happens with a value for which there is no room."""
    most = f"{one.limit.what} has {one.limit.value:,} {one.limit.unit} at most"
    if one.run:
        message = f"{one.of} had {one.value:,.0f} {one.limit.unit} in run {one.run}: it would fail, as {most}"
    else:
        message = f"{one.of} has {one.value:,.0f} {one.limit.unit} at least: what comes to it fails, as {most}"
    return Diagnostic("SKY781", message, one.place, hint="keep it in a bucket and hand on its name, or less of it")


def _of_app(target: str, compiled: Compiled) -> Iterator[Portability]:
    near = tuple(one for one in compiled.measures if not one.flow and one.share >= NEAR)
    if near or compiled.diagnostics:
        yield Portability(target=target, flow="", verdict="native", advice=compiled.diagnostics, near=near)
