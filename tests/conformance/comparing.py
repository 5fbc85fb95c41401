"""Compares what an engine did with what a case says."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from conformance.case import Case, TaskCall
from conformance.engines import Observed

from skyloom.flows.expr.types import AnyType, Type
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import Program


def text(value: object) -> str:
    """JSON text, which tells 1 from 1.0 and from true."""
    return json.dumps(value, sort_keys=True)


def check_calls(case: Case, seen: list[str], wanted: list[str], may: list[str]) -> None:
    """The attempts of tasks: in order where calls follow each other, else each as often as the case says."""
    if not case.concurrent:
        assert seen == wanted
        return
    extra = Counter(seen) - Counter(wanted)
    assert Counter(wanted) - Counter(seen) == Counter()
    assert extra - Counter(may) == Counter()


def check_by_type(case: Case, observed: Observed) -> None:
    """As every engine is compared, but for numbers: what JSON engines hand on has lost the difference of 2 and 2.0, so
    both sides are brought to the static types first, and what is of no type is compared without it."""
    program = case.flow.program
    assert observed.error == case.error
    assert _typed(observed.result, program.flow.returns, program) == _typed(case.result, program.flow.returns, program)
    assert [_typed(event, AnyType(), program) for event in observed.emitted] == [
        _typed(event, AnyType(), program) for event in case.emitted
    ]
    if case.calls is not None:
        seen, wanted, may = (
            [_call(call, program) for call in calls] for calls in (observed.calls, case.calls, case.may_call)
        )
        check_calls(case, seen, wanted, may)


def _call(call: TaskCall, program: Program) -> str:
    task = program.tasks[call.task]
    types = {parameter.name: parameter.type for parameter in task.parameters}
    arguments = {name: _typed(value, types.get(name, AnyType()), program) for name, value in call.arguments.items()}
    return f"{call.task}({', '.join(f'{name}={value}' for name, value in sorted(arguments.items()))})"


def _typed(value: Any, of: Type, program: Program) -> str:
    try:
        value = conformed(value, of, program.models)
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
