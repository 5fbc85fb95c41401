"""Errors on the wire, as state machines read them: `{"type", "bases", "message"}`."""

from __future__ import annotations

import dataclasses

from skyloom.deployers.aws.machine.values import Caught, Constant, Record, Ref, Snippet, Value, path, record, snippet
from skyloom.errors import FlowTimedOut, TaskFailed, TaskTimedOut
from skyloom.flows.outcome import ErrorValue

TIMEOUTS = ("States.Timeout", "Sandbox.Timedout")
"""Error names of a task that ran too long although the host in the function should have stopped it."""

_CAUSE = "$states.errorOutput.Cause"


def constant(error: type[Exception], message: str) -> Constant:
    """An error of one of Skyloom's classes, with a known message."""
    return Constant(ErrorValue.of(error(message)).to_json())


def of_class(error: type[Exception], message: Value) -> Record:
    """An error of one of Skyloom's classes."""
    value = ErrorValue.of(error(""))
    return record({"type": value.type, "bases": list(value.bases), "message": message})


def timed_out(name: str, timeout: float) -> Constant:
    """The error of a task or prompt that ran longer than its timeout."""
    return constant(TaskTimedOut, f"{name} ran longer than {timeout:g} s")


def caught(name: str, timeout: float | None = None) -> Snippet:
    """The error of a function or service, in a catcher: what the function wrote, or what the platform reports."""
    late: tuple[str | Constant, ...] = ()
    if timeout is not None:
        late = (f"$states.errorOutput.Error in {list(TIMEOUTS)} ? ", timed_out(name, timeout), " : ")
    value = snippet(_written(_CAUSE), *late, _reported(Constant(f"{name}: "), "$states.errorOutput"))
    return dataclasses.replace(value, caught=Caught(name, timeout))


def caught_inside(name: str) -> Snippet:
    """The error of a map or parallel state, in a catcher: of a function, or of a Fail state inside."""
    value = snippet(_written(_CAUSE), _failed(_CAUSE), _reported(Constant(f"{name}: "), "$states.errorOutput"))
    return dataclasses.replace(value, caught=Caught(name, None))


def note(caught: Caught) -> Record:
    """What a catcher notes, for `read` to make the error of."""
    entries: dict[str, Value] = {"step": Constant(caught.name), "error": path("$states.errorOutput")}
    if caught.timeout is not None:
        entries["timeout"] = Constant(f"{caught.timeout:g}")
    return record(entries)


def read(noted: str) -> Snippet:
    """The error that a catcher noted in a variable."""
    value = ErrorValue.of(TaskTimedOut(""))
    return snippet(
        "($error := ",
        Ref(noted),
        ".error; ",
        _written("$error.Cause"),
        _failed("$error.Cause"),
        f"$error.Error in {list(TIMEOUTS)} ? ",
        f"{{'type': '{value.type}', 'bases': {list(value.bases)}, 'message': ",
        Ref(noted),
        ".step & ' ran longer than ' & ",
        Ref(noted),
        ".timeout & ' s'} : ",
        _reported(snippet(Ref(noted), ".step & ': '"), "$error"),
        ")",
    )


def flow_timed_out(name: str, timeout: float) -> Constant:
    """The error of a sub-flow that ran longer than its timeout."""
    return constant(FlowTimedOut, f"{name} ran longer than {timeout:g} s")


def caught_execution(name: str, timeout: float | None) -> Snippet:
    """The error of another machine's execution, in a catcher."""
    late = () if timeout is None else ("$child.Status = 'TIMED_OUT' ? ", flow_timed_out(name, timeout), " : ")
    return snippet(
        rf"($child := $contains({_CAUSE}, /^\{{/) ? $parse({_CAUSE}) : {{}}; ",
        *late,
        _written("$child.Cause"),
        _failed("$child.Cause"),
        _reported(Constant(f"{name}: "), "$states.errorOutput"),
        ")",
    )


def _written(cause: str) -> str:
    """The error that a function wrote: a text of JSON inside the JSON of the cause."""
    return rf"""$contains({cause}, '"{{\\"type') ? $parse($parse({cause}).errorMessage) : """


def _failed(cause: str) -> str:
    """The error that a Fail state wrote."""
    return rf"""$contains({cause}, /^\{{"type"/) ? $parse({cause}) : """


def _reported(introduction: Value, error: str) -> Snippet:
    """The error for what the platform itself reports."""
    value = ErrorValue.of(TaskFailed(""))
    return snippet(
        f"{{'type': '{value.type}', 'bases': {list(value.bases)}, 'message': ",
        introduction,
        f" & {error}.Error & ': ' & {error}.Cause}}",
    )


def is_a(error: str, names: tuple[str, ...]) -> Snippet:
    """Whether the error in a variable is of one of the classes."""
    parts: list[str | Ref] = []
    for name in names:
        parts += [" or " if parts else "", f"'{name}' in [", Ref(error), ".type, ", Ref(error), ".bases]"]
    return snippet(*parts)


def cause(error: Value) -> Snippet:
    """The cause of a Fail state that ends with an error."""
    return snippet("$string(", error, ")")
