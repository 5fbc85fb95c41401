"""The expressions that a step evaluates itself."""

from __future__ import annotations

from collections.abc import Iterator

from engines.gcp.expressions.syntax import Expression
from engines.gcp.model import Action, Assign, Call, For, Parallel, Raise, Retry, Returned, Switch, Template, Try
from engines.gcp.templates import expressions, target


def reads_of(action: Action, place: str) -> Iterator[Expression]:
    """All expressions of a step, without those of the steps inside."""
    for template in templates_of(action):
        yield from expressions(template)
    for one in (action, *(case.does for case in action.cases)) if isinstance(action, Switch) else (action,):
        if isinstance(one, Assign):
            for text, _ in one.pairs:
                yield from (part for part in target(text, place)[1] if not isinstance(part, str))


def templates_of(action: Action) -> Iterator[Template]:
    """The templates of a step."""
    match action:
        case Assign(pairs):
            yield from (value for _, value in pairs)
        case Call():
            yield action.arguments
        case Switch(cases):
            for case in cases:
                yield case.condition
                yield from templates_of(case.does)
        case For():
            yield action.items
            yield action.span
        case Parallel():
            yield action.concurrency
            if isinstance(action.body, For):
                yield from templates_of(action.body)
        case Try(retry=Retry() as retry):
            yield from (retry.policy, retry.predicate, retry.max_retries, retry.backoff)
        case Raise(value) | Returned(value):
            yield value
        case _:
            return
