"""The models that prompts name, checked against the skyloom.toml of their file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from skyloom.errors import CheckFailed, ConfigError, Diagnostic
from skyloom.flows.definitions import Prompt
from skyloom.flows.frontend.decorators import Decorators
from skyloom.flows.frontend.signature import Subject
from skyloom.flows.frontend.source import Report, source_of


def problems(file: Path, prompts: Iterable[Prompt[..., Any]]) -> Iterator[Diagnostic]:
    """What is wrong with the aliases of `prompts`, or with the skyloom.toml that should know them."""
    from skyloom.flows.config import alias_hint, is_alias, known_aliases

    named = list(prompts)
    if not named:
        return
    try:
        known = known_aliases(file)
    except ConfigError as error:
        yield from error.diagnostics
        return
    report = Report()
    for prompt in named:
        alias = prompt.model
        # What is no text, or none that says anything, is a problem of its own.
        if not isinstance(alias, str) or not alias.strip() or is_alias(alias, known):
            continue
        subject = _subject(prompt)
        if subject is not None:
            where = Decorators(subject).option("model") or subject.name_span
            message = f"{subject.title} asks the model `{alias}`, which is no alias that is known"
            report.add("SKY634", message, subject.source, where, alias_hint(alias, known))
    yield from report.diagnostics


def _subject(prompt: Prompt[..., Any]) -> Subject | None:
    try:
        source = source_of(prompt.function)
        return Subject(prompt.function, source, source.function(prompt.function), f"prompt `{prompt.name}`")
    except (CheckFailed, LookupError):
        return None
