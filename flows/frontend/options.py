"""The options of the decorators, checked: what may be retried, waited for and required."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from skyloom.flows.definitions import Flow, Prompt, Task
from skyloom.flows.policy import Retry

Check = Callable[[Any], bool]


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _whole(least: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


def _positive(value: Any) -> bool:
    return _number(value) and value > 0


def _between(least: float, most: float) -> Check:
    return lambda value: _number(value) and least <= value <= most


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_SECONDS = "a number of seconds above 0"

TASK: tuple[tuple[str, Check, str], ...] = (
    ("timeout", _positive, _SECONDS),
    ("memory", lambda value: value is None or _whole(1)(value), "a whole number of MiB, at least 1"),
    ("fuse", lambda value: isinstance(value, bool), "True or False"),
)
PROMPT: tuple[tuple[str, Check, str], ...] = (
    ("timeout", _positive, _SECONDS),
    ("model", _text, "the name of a model, such as `fast`"),
    ("temperature", lambda value: value is None or _between(0, 2)(value), "a number from 0 to 2"),
    ("max_tokens", lambda value: value is None or _whole(1)(value), "a whole number, at least 1"),
    ("repairs", _whole(0), "a whole number, at least 0"),
)
FLOW: tuple[tuple[str, Check, str], ...] = (("timeout", lambda value: value is None or _positive(value), _SECONDS),)
RETRY: tuple[tuple[str, Check, str], ...] = (
    ("attempts", _whole(1), "a whole number, at least 1 (the first attempt counts)"),
    ("delay", _between(0, math.inf), "a number of seconds, 0 or more"),
    ("backoff", _between(1, math.inf), "a number, at least 1"),
    ("max_delay", _between(0, math.inf), "a number of seconds, 0 or more"),
    ("jitter", _between(0, 1), "a share from 0 to 1"),
)
"""Name of an option, what it must be, and that in words."""


def problems(definition: Task[..., Any] | Prompt[..., Any] | Flow[..., Any]) -> list[tuple[str, str | None, str]]:
    """What is wrong with the options of `definition`: the option, the part of it (of a `Retry`), and the message."""
    table = TASK if isinstance(definition, Task) else PROMPT if isinstance(definition, Prompt) else FLOW
    found: list[tuple[str, str | None, str]] = [
        (name, None, f"`{name}` must be {words}, not {getattr(definition, name)!r}")
        for name, fits, words in table
        if not fits(getattr(definition, name))
    ]
    if not isinstance(definition, Flow):
        found += [("retry", part, message) for part, message in _retry_problems(definition.retry)]
    return found


def hint(option: str, part: str | None, definition: Task[..., Any] | Prompt[..., Any] | Flow[..., Any]) -> str | None:
    """How to write an option that has another form than people expect."""
    if option != "retry" or part is not None or isinstance(definition, Flow):
        return None
    given: Any = definition.retry
    return f"write `retry=Retry(attempts={given if _whole(1)(given) else 3})`"


def _retry_problems(retry: Any) -> list[tuple[str | None, str]]:
    if not isinstance(retry, Retry):
        return [(None, f"`retry` must be a Retry(...), not {retry!r}")]
    found: list[tuple[str | None, str]] = [
        (name, f"`{name}` must be {words}, not {getattr(retry, name)!r}")
        for name, fits, words in RETRY
        if not fits(getattr(retry, name))
    ]
    for name, classes in (("on", retry.on), ("never", retry.never)):
        for item in error_classes(classes):
            if not (isinstance(item, type) and issubclass(item, Exception)):
                shown = item.__name__ if isinstance(item, type) else repr(item)
                found.append((name, f"`{name}` must name exception classes below Exception, not {shown}"))
    return found


def error_classes(classes: Any) -> tuple[Any, ...]:
    """The classes that `Retry.on` or `Retry.never` names, one or many."""
    return classes if isinstance(classes, tuple) else (classes,)


def requirement_problem(text: Any) -> str | None:
    """What is wrong with one entry of `requires`; None where it is a requirement (PEP 508)."""
    from packaging.requirements import InvalidRequirement, Requirement

    if not isinstance(text, str):
        return f'`requires` takes texts such as "httpx>=0.28", not {text!r}'
    try:
        Requirement(text)
    except InvalidRequirement as error:
        return f"`{text}` is no requirement: {str(error).splitlines()[0]}"
    return None
