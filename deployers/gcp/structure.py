"""The structure of a workflow: the maps and lists that Workflows takes, made of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from skyloom.deployers.gcp.steps import (
    Assign,
    Call,
    Case,
    For,
    Group,
    Loop,
    Next,
    ParallelBranches,
    ParallelFor,
    Raise,
    Return,
    Step,
    Subworkflow,
    Switch,
    Try,
)

Json = Any


def structure(steps: Sequence[Step]) -> list[Json]:
    """The steps as Workflows takes them: a list of maps with one key each, a step's name."""
    return [{step.name: _body(step)} for step in steps]


def workflow_structure(subworkflows: Sequence[Subworkflow]) -> dict[str, Json]:
    """A whole source: `main` and the subworkflows, by name."""
    return {one.name: _parameters(one) | {"steps": structure(one.steps)} for one in subworkflows}


def _parameters(one: Subworkflow) -> dict[str, Json]:
    if not one.parameters:
        return {}
    return {"params": [p.name if p.required else {p.name: p.default} for p in one.parameters]}


def _body(step: Step) -> dict[str, Json]:
    match step:
        case Assign(pairs=pairs):
            return {"assign": [{target: value} for target, value in pairs]} | _next(step.next)
        case Call():
            body: dict[str, Json] = {"call": step.function}
            if step.arguments:
                body["args"] = dict(step.arguments)
            if step.result is not None:
                body["result"] = step.result
            return body | _next(step.next)
        case Switch(cases=cases):
            return {"switch": [_case(case) for case in cases]} | _next(step.next)
        case For(loop=loop):
            return {"for": _loop(loop)}
        case ParallelFor(loop=loop):
            return {"parallel": _parallel(step.shared, step.limit) | {"for": _loop(loop)}}
        case ParallelBranches(branches=branches):
            found = [{one.name: {"steps": structure(one.steps)}} for one in branches]
            return {"parallel": _parallel(step.shared, step.limit) | {"branches": found}}
        case Try():
            return _try(step)
        case Return(value=value):
            return {"return": value}
        case Raise(value=value):
            return {"raise": value}
        case Next(to=to):
            return {"next": to}
        case Group(steps=steps):
            return {"steps": structure(steps)}
        case _:
            assert_never(step)


def _next(name: str | None) -> dict[str, Json]:
    return {} if name is None else {"next": name}


def _case(case: Case) -> dict[str, Json]:
    if case.bare:
        return {"condition": case.condition} | _body(case.steps[0])
    steps = {"steps": structure(case.steps)} if case.steps else {}
    return {"condition": case.condition} | steps | _next(case.next)


def _loop(loop: Loop) -> dict[str, Json]:
    index = {} if loop.index is None else {"index": loop.index}
    over = {"in": loop.items} if loop.between is None else {"range": _range(*loop.between)}
    return {"value": loop.value} | index | over | {"steps": structure(loop.steps)}


def _range(first: Json, last: Json) -> Json:
    """Two integers; where one is an expression, a list as an expression."""
    if isinstance(first, int) and isinstance(last, int):
        return [first, last]
    texts = (bound[2:-1] if isinstance(bound, str) else str(bound) for bound in (first, last))
    return f"${{[{', '.join(texts)}]}}"


def _parallel(shared: tuple[str, ...], limit: Json) -> dict[str, Json]:
    own = {"shared": list(shared)} if shared else {}
    return own | ({} if limit is None else {"concurrency_limit": limit})


def _try(step: Try) -> dict[str, Json]:
    match step.steps:
        case (Call(name=name) as call,) if name == step.name:
            tried = _body(call)
        case _:
            tried = {"steps": structure(step.steps)}
    body: dict[str, Json] = {"try": tried}
    if step.retry is not None:
        retry = step.retry
        backoff = {"initial_delay": retry.initial_delay, "max_delay": retry.max_delay, "multiplier": retry.multiplier}
        body["retry"] = {"predicate": retry.predicate, "max_retries": retry.max_retries, "backoff": backoff}
    if step.caught is not None:
        body["except"] = {"as": step.caught, "steps": structure(step.handler)}
    return body
