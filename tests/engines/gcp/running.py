"""Runs the steps of an execution."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

from engines.gcp.blocks import run_for, run_parallel, run_try
from engines.gcp.calling import call_step
from engines.gcp.errors import ResourceLimit, Undocumented, Value, WorkflowError, type_error
from engines.gcp.expressions.operators import type_name
from engines.gcp.expressions.syntax import Call as Called
from engines.gcp.expressions.syntax import walk
from engines.gcp.frame import Frame
from engines.gcp.history import CANCELLED, FAILED, SUCCEEDED
from engines.gcp.library.jsons import told
from engines.gcp.limits import CALL_STACK
from engines.gcp.model import (
    Action,
    Assign,
    Call,
    For,
    Jump,
    Nested,
    Parallel,
    Raise,
    Returned,
    Routine,
    Step,
    Switch,
    Template,
    Try,
)
from engines.gcp.signals import Cancelled, Goto, Return, Signal
from engines.gcp.templates import expressions, resolved, target
from engines.gcp.variables import Scope

TYPES: dict[type, str] = {
    Assign: "STEP_ASSIGN",
    Switch: "STEP_SWITCH",
    For: "STEP_FOR",
    Try: "STEP_TRY_RETRY_EXCEPT",
    Raise: "STEP_RAISE",
    Returned: "STEP_RETURN",
    Nested: "STEP_NESTED",
    Jump: "STEP_GOTO",
}


def call_routine(routine: Routine, arguments: dict[str, Value], frame: Frame) -> Value:
    """Runs a routine; what it returns."""
    if frame.calls >= CALL_STACK:
        raise WorkflowError.tagged("RecursionError", f"more than {CALL_STACK} routines on the call stack")
    return run_routine(routine, arguments, replace(frame, calls=frame.calls + 1))


def run_routine(routine: Routine, arguments: dict[str, Value], frame: Frame) -> Value:
    """Runs a routine in a frame that counts it already."""
    scope = Scope(frame.execution.memory)
    place = replace(frame, routine=routine.name, scope=scope)
    for name in routine.parameters:
        given = arguments[name] if name in arguments else resolved(routine.defaults[name], {}, frame)
        scope.keep(name, given)
    try:
        signal = run_steps(routine.steps, place)
    finally:
        scope.leave()
    return signal.value if isinstance(signal, Return) else None


def run_steps(steps: tuple[Step, ...], frame: Frame) -> Signal:
    """Runs a list of steps, with the jumps in it."""
    places = {step.name: place for place, step in enumerate(steps)}
    place = 0
    while place < len(steps):
        signal = run_step(steps[place], frame)
        if isinstance(signal, Goto) and signal.step in places:
            place = places[signal.step]
        elif signal is not None:
            return signal
        else:
            place += 1
    return None


def run_step(step: Step, frame: Frame) -> Signal:
    """Runs one step, and records it."""
    execution = frame.execution
    execution.alive()
    entry = execution.history.begin(frame.routine, step.name, kind_of(step.does), frame.parent, execution.clock.now())
    if isinstance(step.does, Call):
        entry.function = step.does.function
    try:
        signal = perform(step.does, replace(frame, parent=entry.number))
        entry.state = SUCCEEDED
    except WorkflowError as problem:
        entry.state, entry.exception = FAILED, told(problem.value)
        raise
    except Cancelled:
        entry.state = CANCELLED
        raise
    except (Undocumented, ResourceLimit) as problem:
        entry.state, entry.exception = FAILED, str(problem)
        place = f"{frame.routine}.{step.name}"
        raise type(problem)(f"{place}: {problem}" if place not in str(problem) else str(problem)) from None
    finally:
        entry.ended = execution.clock.now()
    return signal if signal is not None or step.next is None else jump(step.next)


def kind_of(action: Action) -> str:
    """The type of an entry."""
    if isinstance(action, Call):
        if action.function.startswith("googleapis."):
            return "STEP_CONNECTOR_CALL"
        return "STEP_STD_LIB_CALL" if "." in action.function else "STEP_SUBWORKFLOW_CALL"
    if isinstance(action, Parallel):
        return "STEP_PARALLEL_FOR" if isinstance(action.body, For) else "STEP_PARALLEL_BRANCH"
    return TYPES[type(action)]


def jump(to: str) -> Signal:
    """Where `next` leads."""
    return Return(None) if to == "end" else Goto(to)


def perform(action: Action, frame: Frame) -> Signal:
    """Does what a step does."""
    match action:
        case Assign(pairs):
            for text, value in pairs:
                assign(text, value, frame)
        case Call():
            call_step(action, frame)
        case Switch():
            return run_switch(action, frame)
        case For():
            return run_for(action, frame, run_steps)
        case Parallel():
            run_parallel(action, frame, run_steps)
        case Try():
            return run_try(action, frame, run_steps)
        case Raise(value):
            raise WorkflowError(raised(resolved(value, frame.scope, frame)))
        case Returned(value):
            return Return(resolved(value, frame.scope, frame))
        case Nested(steps):
            return run_steps(steps, frame)
        case Jump():
            pass
    return None


def raised(value: Value) -> Value:
    """What `raise` takes: a text or a map (syntax/raising-errors)."""
    if not isinstance(value, str | dict):
        raise Undocumented(f"raise of {type_name(value)}")
    return value


def assign(text: str, template: Template, frame: Frame) -> None:
    """One assignment."""
    name, path = target(text)
    # Google's samples count in shared variables (src/parallel_aggregate): one assignment is whole, with its reads.
    # What one is that runs a subworkflow, nothing says.
    nodes = (node for expression in expressions(template) for node in walk(expression))
    routines = frame.execution.source.routines
    runs = any(isinstance(node, Called) and node.function in routines for node in nodes)
    with nullcontext() if runs else frame.execution.memory.lock:
        value = resolved(template, frame.scope, frame)
        if path:
            keys = [part if isinstance(part, str) else frame.execution.value(part, frame) for part in path]
            frame.scope.put_into(name, keys, value)
        else:
            frame.scope.put(name, value)


def run_switch(action: Switch, frame: Frame) -> Signal:
    """The first case whose condition holds."""
    for case in action.cases:
        holds = resolved(case.condition, frame.scope, frame)
        if not isinstance(holds, bool):
            raise type_error(f"a condition is a boolean, not {type_name(holds)}")
        if holds:
            signal = perform(case.does, frame)
            return signal if signal is not None or case.next is None else jump(case.next)
    return None
