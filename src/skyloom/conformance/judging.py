"""Judges what an engine did with a case. Knows no engine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from skyloom.conformance.case import Case, TaskCall
from skyloom.conformance.observed import Observed
from skyloom.flows.expr.types import AnyType, Type
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import Program
from skyloom.flows.whole_numbers import as_written


@dataclass(frozen=True, slots=True)
class Difference:
    """What an engine did otherwise than the case says."""

    about: Literal["result", "error", "calls", "emitted"]
    wanted: str
    seen: str

    def __str__(self) -> str:
        return f"{self.about}: wanted {self.wanted}, but saw {self.seen}"


def differences(case: Case, observed: Observed, *, exact: bool) -> list[Difference]:
    """All that differs.

    Args:
        exact: 2 and 2.0 are told apart everywhere. Otherwise only where the static type tells: what engines hand on as
            JSON may have lost the difference.
    """
    program = case.flow.program
    returns = program.flow.returns

    def shown(value: object, of: Type) -> str:
        return text(value) if exact else _typed(value, of, program)

    def event(told: tuple[str, Any]) -> str:
        return shown(list(told), AnyType())

    found: list[Difference] = []
    if observed.error != case.error:
        found.append(Difference("error", str(case.error), str(observed.error)))
    if shown(observed.result, returns) != shown(case.result, returns):
        found.append(Difference("result", text(case.result), text(observed.result)))
    if [event(told) for told in observed.emitted] != [event(told) for told in case.emitted]:
        found.append(Difference("emitted", str(list(case.emitted)), str(observed.emitted)))
    if case.calls is not None:
        seen, wanted, may = (
            [str(call) if exact else _call(call, program) for call in calls]
            for calls in (observed.calls, case.calls, case.may_call)
        )
        if not calls_agree(case, seen, wanted, may):
            found.append(Difference("calls", ", ".join(wanted), ", ".join(seen)))
    return found


def calls_agree(case: Case, seen: Sequence[str], wanted: Sequence[str], may: Sequence[str]) -> bool:
    """The attempts of tasks: in order where calls follow each other, else each as often as the case says."""
    if not case.concurrent:
        return list(seen) == list(wanted)
    too_few, too_many = Counter(wanted) - Counter(seen), Counter(seen) - Counter(wanted)
    return not too_few and not too_many - Counter(may)


def text(value: object) -> str:
    """JSON text, which tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)


def _call(call: TaskCall, program: Program) -> str:
    task = program.tasks.get(call.task)
    types = {parameter.name: parameter.type for parameter in task.parameters} if task else {}
    arguments = {name: _typed(value, types.get(name, AnyType()), program) for name, value in call.arguments.items()}
    return f"{call.task}({', '.join(f'{name}={value}' for name, value in sorted(arguments.items()))})"


def _typed(value: Any, of: Type, program: Program) -> str:
    try:
        value = conformed(as_written(value), of, program.models)
    except Mismatch:
        return text(value)
    return text(_whole(value) if _has_any(of) else value)


def _whole(value: Any) -> Any:
    """Whole numbers without a fraction."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list() | tuple():
            return [_whole(item) for item in value]
        case dict():
            return {name: _whole(item) for name, item in value.items()}
        case _:
            return value


def _has_any(of: Any) -> bool:
    if isinstance(of, AnyType):
        return True
    if isinstance(of, tuple):
        return any(map(_has_any, of))
    return any(_has_any(getattr(of, name)) for name in getattr(of, "__dataclass_fields__", ()))
