"""What a statement is called in a picture: the one place for its words, whatever draws them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal as OneOf
from typing import assert_never

from skyloom.flows.expr.nodes import Binary, Call, Expr, Literal, Name
from skyloom.flows.expr.types import show
from skyloom.flows.graph.expressions import prose, source, target_source, template
from skyloom.flows.graph.temporaries import Names
from skyloom.flows.ir.nodes import (
    Append,
    Approval,
    Argument,
    Assign,
    Break,
    CallFlow,
    CallPrompt,
    CallTask,
    Continue,
    Emit,
    Extend,
    For,
    Handler,
    If,
    Key,
    Map,
    Parallel,
    Race,
    Raise,
    Reraise,
    Return,
    Sample,
    SetItem,
    Sleep,
    Try,
    WaitFor,
    While,
)
from skyloom.flows.ir.program import FlowDefinition, Parameter, Program, RetryPolicy

Kind = OneOf[
    "start", "end", "task", "prompt", "flow", "approval", "wait", "event", "data", "return", "raise", "jump",
    "choice", "map", "parallel", "race", "loop", "try",
]  # fmt: skip
"""What a box stands for; it decides the box's colour and shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The words on one box, unshortened; who draws them wraps and cuts them."""

    kind: Kind
    title: str
    code: tuple[str, ...] = ()
    """Lines of source: arguments, what the result is called, the value that is returned."""
    note: str = ""
    """What a reader should know besides: retries, the model, who is asked, how long is waited."""
    line: int | None = None

    @property
    def caption(self) -> str:
        """The kind as a person says it; empty where the title says it already."""
        return _CAPTIONS[self.kind]

    @property
    def sentence(self) -> str:
        """Everything in one line of text, for those who do not see the picture."""
        words = [self.caption, self.title, *self.code, f"({self.note})" if self.note else ""]
        place = f", line {self.line}" if self.line is not None else ""
        return " ".join(word for word in words if word) + place


_CAPTIONS: dict[Kind, str] = {
    "start": "flow",
    "end": "",
    "task": "task",
    "prompt": "prompt",
    "flow": "sub-flow",
    "approval": "approval",
    "wait": "wait",
    "event": "emit",
    "data": "",
    "return": "",
    "raise": "",
    "jump": "",
    "choice": "if",
    "map": "map",
    "parallel": "parallel",
    "race": "race",
    "loop": "loop",
    "try": "error handling",
}

_UNITS = (("day", 86400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0))
_DURATIONS = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}


def shorten(text: str, limit: int) -> str:
    """`text` on one line, cut to `limit` characters, the last one then `…`."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def duration(seconds: float) -> str:
    """A number of seconds in the largest unit that needs no more than one decimal: `24 h`, `1.5 min`, `2 days`."""
    for unit, length in _UNITS:
        count = seconds / length
        if abs(count) >= (2 if unit == "day" else 1) and round(count, 1) == count:
            plural = "s" if unit == "day" and count != 1 else ""
            return f"{count:g} {unit}{plural}"
    return f"{seconds:g} s"


# --- boxes ------------------------------------------------------------------------------------------------------


def start(flow: FlowDefinition) -> Label:
    """The box at which `flow` begins: its name, its parameters and what it returns."""
    parameters = tuple(_parameter(parameter) for parameter in flow.parameters)
    return Label(
        kind="start",
        title=flow.name,
        code=(f"({', '.join(parameters)})", f"→ {show(flow.returns)}"),
        note=f"at most {duration(flow.timeout)} in all" if flow.timeout is not None else "",
        line=flow.span.line,
    )


def _parameter(parameter: Parameter) -> str:
    return f"{parameter.name}: {show(parameter.type)}" + ("" if parameter.required else " = …")


def end() -> Label:
    """The box at which a flow ends that returns nothing."""
    return Label(kind="end", title="end")


def data(lines: Iterable[str], line: int) -> Label:
    """A box of plain computation."""
    return Label(kind="data", title="", code=tuple(lines), line=line)


def change(statement: Assign | SetItem | Append | Extend | Sample, names: Names) -> str:
    """A statement that only computes, as a line of source."""
    match statement:
        case Assign(variable=variable, value=Binary(operator=operator, left=Name(name=name), right=right)) if (
            name == variable
        ):
            return f"{variable} {operator}= {source(right, names)}"
        case Assign(variable=variable, value=value):
            return f"{variable} = {source(value, names)}"
        case SetItem(variable=variable, path=path, value=value):
            return f"{_place(variable, path, names)} = {source(value, names)}"
        case Append(variable=variable, path=path, value=value):
            return f"{_place(variable, path, names)}.append({source(value, names)})"
        case Extend(variable=variable, path=path, value=value):
            return f"{_place(variable, path, names)} += {source(value, names)}"
        case Sample(target=target, function=function):
            return f"{target} = {function}()"
        case _:
            assert_never(statement)


def _place(variable: str, path: tuple[Key, ...], names: Names) -> str:
    return variable + "".join(f"[{source(key.index, names)}]" for key in path)


def leave(statement: Return | Raise | Reraise | Break | Continue, names: Names) -> Label:
    """The box of a statement behind which nothing goes on."""
    line = statement.span.line
    match statement:
        case Return(value=Literal(value=None)):
            return Label(kind="return", title="return", line=line)
        case Return(value=value):
            return Label(kind="return", title="return", code=(source(value, names),), line=line)
        case Raise(error=error, message=message):
            text = template(message, names)
            return Label(kind="raise", title=f"raise {error}", note=f"“{text}”" if text else "", line=line)
        case Reraise():
            return Label(kind="raise", title="raise again", line=line)
        case Break():
            return Label(kind="jump", title="break", line=line)
        case Continue():
            return Label(kind="jump", title="continue", line=line)
        case _:
            assert_never(statement)


def call(step: CallTask | CallPrompt | CallFlow, program: Program, names: Names, result: str | None) -> Label:
    """The box of a call. `result` is what its value is called, where that is worth showing."""
    code = (_arguments(step.arguments, names), *_arrow(result))
    line = step.span.line
    match step:
        case CallTask(task=task):
            return Label(kind="task", title=task, code=code, note=_attempts(program.tasks[task].retry), line=line)
        case CallPrompt(prompt=prompt):
            definition = program.prompts[prompt]
            note = _listed(f"model {prose(definition.model)}", _attempts(definition.retry))
            return Label(kind="prompt", title=prompt, code=code, note=note, line=line)
        case CallFlow(flow=flow):
            return Label(kind="flow", title=flow, code=code, line=line)
        case _:
            assert_never(step)


def outside(step: Sleep | Approval | WaitFor | Emit, names: Names, result: str | None) -> Label:
    """The box of a step that speaks with the world outside."""
    line = step.span.line
    match step:
        case Sleep(seconds=seconds):
            return Label(kind="wait", title=_span(seconds, names), line=line)
        case Approval(message=message):
            shown = ("show " + source(step.show, names),) if step.show is not None else ()
            form = f"fills in {step.form}" if step.form is not None else ""
            to = f"to {_plain(step.to, names)}" if step.to is not None else ""
            note = _listed(to, form, _deadline(step.timeout, names), _decided(step.default, names))
            code = (*shown, *_arrow(result))
            return Label(kind="approval", title=template(message, names), code=code, note=note, line=line)
        case WaitFor(event=event, key=key, timeout=timeout):
            code = (*_keyed(key, names), *_arrow(result))
            title = f"event {_plain(event, names)}"
            return Label(kind="wait", title=title, code=code, note=_deadline(timeout, names), line=line)
        case Emit(event=event, payload=payload, key=key):
            sent = () if isinstance(payload, Literal) and payload.value is None else (source(payload, names),)
            return Label(kind="event", title=_plain(event, names), code=(*sent, *_keyed(key, names)), line=line)
        case _:
            assert_never(step)


# --- boxes with boxes inside ------------------------------------------------------------------------------------


def choice(statement: If, names: Names) -> Label:
    """The question of an `if`."""
    return Label(kind="choice", title=source(statement.test, names) + "?", line=statement.span.line)


def group(statement: While | For | Try | Parallel | Race | Map, names: Names, result: str | None) -> Label:
    """The header of a statement with blocks of its own."""
    line = statement.span.line
    match statement:
        case While(test=Literal(value=True)):
            return Label(kind="loop", title="repeat", note="until it is left", line=line)
        case While(test=test):
            return Label(kind="loop", title=f"while {source(test, names)}", line=line)
        case For(target=target, items=items):
            title = f"for each {target_source(target)} in {source(items, names)}"
            return Label(kind="loop", title=title, note="one after the other", line=line)
        case Try():
            return Label(kind="try", title="", line=line)
        case Parallel():
            return Label(kind="parallel", title="side by side", code=_arrow(result), line=line)
        case Race():
            return Label(kind="race", title="the first to end decides", code=_arrow(result), line=line)
        case Map(over=over, items=items, condition=condition, limit=limit):
            only = f" if {source(condition, names)}" if condition is not None else ""
            return Label(
                kind="map",
                title=f"for each {target_source(over)} in {source(items, names)}{only}",
                code=_arrow(result),
                note=f"at most {limit} at once" if limit is not None else "side by side",
                line=line,
            )
        case _:
            assert_never(statement)


def handler(clause: Handler) -> str:
    """The head of a handler: `except OutOfStock as error`."""
    name = "" if clause.variable.startswith("_") else f" as {clause.variable}"
    return f"except {', '.join(clause.errors)}{name}"


def _arguments(arguments: tuple[Argument, ...], names: Names) -> str:
    return f"({', '.join(source(argument.value, names) for argument in arguments)})"


def _arrow(result: str | None) -> tuple[str, ...]:
    return (f"→ {result}",) if result else ()


def _keyed(key: Expr | None, names: Names) -> tuple[str, ...]:
    return (f"key {source(key, names)}",) if key is not None else ()


def _plain(expr: Expr, names: Names) -> str:
    """A text that is nearly always a constant, without quotes; else its source."""
    is_text = isinstance(expr, Literal) and isinstance(expr.value, str)
    return template(expr) if is_text else source(expr, names)


def _listed(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _attempts(retry: RetryPolicy) -> str:
    return f"up to {retry.attempts} attempts" if retry.attempts > 1 else ""


def _deadline(timeout: Expr | None, names: Names) -> str:
    return f"within {_span(timeout, names)}" if timeout is not None else ""


def _decided(default: Expr | None, names: Names) -> str:
    match default:
        case None | Literal(value=None):
            return ""
        case Literal(value=value):
            return "then approved" if value else "then rejected"
        case _:
            return f"then {source(default, names)}"


def _span(seconds: Expr, names: Names) -> str:
    match seconds:
        case Literal(value=int() | float() as value):
            return duration(value)
        case Call(function=unit, arguments=(Literal(value=int() | float() as count),)) if unit in _DURATIONS:
            return duration(count * _DURATIONS[unit])
        case Call(function=unit) if unit in _DURATIONS:
            return source(seconds, names)
        case _:
            return f"{source(seconds, names)} seconds"
