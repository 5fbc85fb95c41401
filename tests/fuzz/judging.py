"""Whether an engine did what plain Python does. As conformance cases are compared, but for what the language leaves
open: the sign of a zero, and what follows when a variable is beyond 2**53."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from conformance.case import Case, TaskCall
from conformance.comparing import check_by_type, check_calls, text
from conformance.engines import Observed

from skyloom.flows.ir.nodes import CallFlow, CallTask, Map, Parallel, Race, Statement, walk
from skyloom.flows.ir.program import Program

_MINUS_ZERO = re.compile(r"-(?=0(?:\.0*)?(?:e[+-]?\d+)?%?(?![\d.]))")


@dataclass(frozen=True)
class Disagreement:
    """What an engine did otherwise: `about` is one of result, error, calls, emitted, steps."""

    about: str
    engine: str
    wanted: str
    seen: str

    def is_like(self, other: Disagreement) -> bool:
        """Whether another one has the same cause, as far as one can see."""
        return (self.engine, self.about) == (other.engine, other.about) and (
            self.about not in ("compiling", "running", "error", "type") or _kind(self.seen) == _kind(other.seen)
        )

    def __str__(self) -> str:
        return f"{self.engine}: {self.about}\n  plain: {self.wanted}\n  {self.engine}: {self.seen}"


def _kind(told: str) -> str:
    """The class of an error, and the place where a crash was."""
    return told.partition(":")[0] + told.rpartition("(")[2] if told.endswith(")") else told.partition(":")[0]


def concurrent_tasks(program: Program) -> frozenset[str]:
    """The tasks that may be called side by side: their order says nothing."""
    found: set[str] = set()
    for flow in program.flows.values():
        for statement in walk(flow.body):
            if isinstance(statement, Map | Parallel | Race):
                found |= _tasks_in([statement], program)
    return frozenset(found)


def _tasks_in(statements: list[Statement], program: Program) -> set[str]:
    found: set[str] = set()
    for statement in walk(tuple(statements)):
        match statement:
            case CallTask(task=task):
                found.add(task)
            case CallFlow(flow=flow):
                found |= _tasks_in(list(program.flows[flow].body), program)
            case _:
                pass
    return found


def judge(case: Case, plain: Observed, seen: Observed, engine: str, *, exact: bool) -> Disagreement | None:
    """The first thing that an engine did otherwise than plain Python."""
    program = case.flow.program
    plain, seen = without_minus_zero(plain), without_minus_zero(seen)
    if plain.error != seen.error:
        return Disagreement("error", engine, _ending(plain), _ending(seen))
    wanted = replace(case, result=plain.result, error=plain.error, emitted=tuple(plain.emitted), calls=None)
    same = text(plain.result) == text(seen.result) and list(map(text, plain.emitted)) == list(map(text, seen.emitted))
    if not same and (exact or not _agrees(wanted, seen)):
        about = "result" if text(plain.result) != text(seen.result) else "emitted"
        return Disagreement(about, engine, f"{_ending(plain)} {plain.emitted}", f"{_ending(seen)} {seen.emitted}")
    side_by_side = concurrent_tasks(program)
    for aside in (False, True):
        want = tuple(call for call in plain.calls if (call.task in side_by_side) is aside)
        did = [call for call in seen.calls if (call.task in side_by_side) is aside]
        # What stands behind a branch or item that failed may have been called.
        may = tuple(call for call in did if aside and may_be_more(program, plain))
        part = replace(wanted, calls=want, concurrent=aside, may_call=may)
        if not _agrees(part, replace(seen, calls=did)):
            return Disagreement("calls", engine, _told(want), _told(did))
    return None


def judge_paths(case: Case, plain: Observed, local: Observed, seen: Observed, engine: str) -> Disagreement | None:
    """Whether attempts on an engine were told other steps than those of a local run. A plain call knows no steps."""
    if may_be_more(case.flow.program, plain):
        return None
    wanted, did = (sorted(f"{call.step}: {call.task}" for call in one.calls) for one in (local, seen))
    return None if did == wanted else Disagreement("steps", engine, _told(wanted), _told(did))


def may_be_more(program: Program, plain: Observed) -> bool:
    """Whether something failed, so that an engine may have called what stands behind it."""
    fails = {"fail", "check", "at_attempt", "picky", "wrong"}
    return bool(fails & set(program.tasks)) or plain.error is not None or _handles(program)


def _handles(program: Program) -> bool:
    return any(
        type(statement).__name__ in ("Try", "Race") for flow in program.flows.values() for statement in walk(flow.body)
    )


def _agrees(case: Case, seen: Observed) -> bool:
    try:
        check_by_type(case, seen)
    except AssertionError:
        return False
    return True


def _ending(observed: Observed) -> str:
    return f"{observed.error[0]}: {observed.error[1]!r}" if observed.error else text(observed.result)


def _told(calls: Any) -> str:
    return "; ".join(map(str, calls))


def without_minus_zero(observed: Observed) -> Observed:
    """The same with zeros that have no sign, also in texts."""
    error = observed.error and (observed.error[0], _unsigned(observed.error[1]))
    calls = [TaskCall(call.task, _unsigned(call.arguments), call.step) for call in observed.calls]
    emitted = [(name, _unsigned(payload)) for name, payload in observed.emitted]
    return Observed(_unsigned(observed.result), error, calls, emitted)


def _unsigned(value: Any) -> Any:
    match value:
        case str():
            return _MINUS_ZERO.sub("", value)
        case float():
            return value + 0.0
        case dict():
            return {_unsigned(key): _unsigned(part) for key, part in value.items()}
        case list() | tuple():
            return [_unsigned(part) for part in value]
        case _:
            return value


__all__ = ["Disagreement", "check_calls", "judge"]
