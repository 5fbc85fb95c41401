"""Where a definition stands and what kind of function it is: whether an engine can find and call it."""

from __future__ import annotations

import ast
import inspect
from typing import Any

from skyloom.flows.definitions import Definition, Flow, Prompt, Task
from skyloom.flows.frontend.decorators import Decorators
from skyloom.flows.frontend.signature import Subject
from skyloom.flows.frontend.source import Report


def check(definition: Definition[..., Any], subject: Subject, report: Report) -> None:
    """Reports what keeps engines from finding or calling the function of `definition`."""
    _check_place(definition, subject, report)
    _check_kind(definition, subject, report)
    if isinstance(definition, Prompt):
        _check_empty(subject, report)
    if not isinstance(definition, Task):
        for node in Decorators(subject).others:
            message = f"{subject.title} has a second decorator"
            hint = "call what it does in a task: a flow is compiled from its own source alone"
            report.add("SKY515", message, subject.source, node, hint)


def _check_place(definition: Definition[..., Any], subject: Subject, report: Report) -> None:
    function = definition.function
    if "." in function.__qualname__:
        inside = "a class" if "<locals>" not in function.__qualname__ else "a function"
        hint = "move it to the top level of its module; pass what it needs as parameters"
        report.add("SKY504", f"{subject.title} stands inside {inside}", subject.source, subject.name_span, hint)
        return
    # The module that the function was made in: another import of its file may have taken that one's place.
    names = getattr(inspect.unwrap(function), "__globals__", {})
    if names.get(function.__qualname__) is not definition:
        message = f"the name `{function.__qualname__}` of its module does not hold {subject.title}"
        hint = "use the decorator on the definition, last of all decorators, and keep the name"
        report.add("SKY504", message, subject.source, subject.name_span, hint)


def _check_kind(definition: Definition[..., Any], subject: Subject, report: Report) -> None:
    function = inspect.unwrap(definition.function)
    message, hint = None, None
    if inspect.isgeneratorfunction(function) and isinstance(definition, Flow):
        return  # Its body is compiled, and the `yield` is reported there.
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        message, hint = f"{subject.title} is a generator", "return a list"
    elif inspect.iscoroutinefunction(function) and isinstance(definition, Flow):
        message, hint = f"{subject.title} is `async def`", "write `def`: steps wait by themselves"
    elif inspect.iscoroutinefunction(function) and isinstance(definition, Prompt):
        message, hint = f"{subject.title} is `async def`", "write `def`: the engine makes the call"
    if message is not None:
        report.add("SKY503", message, subject.source, subject.name_span, hint)


def _check_empty(subject: Subject, report: Report) -> None:
    body = subject.node.body
    if ast.get_docstring(subject.node) is not None:
        body = body[1:]
    for statement in body:
        dots = (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and statement.value.value is ...
        )
        if not dots and not isinstance(statement, ast.Pass):
            hint = "leave the body as `...`; the template says what the model is asked"
            report.add("SKY511", f"{subject.title} has a body, which would never run", subject.source, statement, hint)
            return
