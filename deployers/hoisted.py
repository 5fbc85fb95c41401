"""Expressions that an app's helper function evaluates in the place of a workflow, which cannot do so exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from skyloom.errors import Span
from skyloom.flows.expr.types import Type
from skyloom.flows.ir.program import ModelDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class HoistedExpression:
    """An expression that the app's helper function evaluates in the place of the workflow.

    Attributes:
        id: its name in the payload `{"expression": id, "values": {name: value}}`: an identifier, unique in the app.
        source: Python source of the value over `names`; it needs `skyloom.flows.expr.python.IMPORTS` and nothing else.
            It raises what the flow raises.
        names: the variables it reads, as they stand in `source`, sorted: the keys of `values`.
        file: the flow's source file.
        span: where the expression stands there.
        reason: why the workflow does not evaluate it, for people.
        always: whether every evaluation goes to the helper.
        only_errors: where not every one does: whether only those do that raise an error, or whose value no workflow
            carries; otherwise those of some values do.
        types: the types of those names whose values must be brought to them first (`flows.ir.conform.conformed`):
            floats may arrive as integers where they are whole.
        models: the models that stand in `types`.
        crossings: what is said where the value, or the entry of that name of several values, holds a number that
            nothing can carry: `search: argument limit`.
    """

    id: str
    source: str
    names: tuple[str, ...]
    file: str
    span: Span
    reason: str
    always: bool = True
    only_errors: bool = False
    types: tuple[tuple[str, Type], ...] = ()
    models: tuple[ModelDefinition, ...] = ()
    crossings: tuple[tuple[str, str], ...] = ()


class Hoisting(Protocol):
    """A compiled workflow, of whichever cloud."""

    @property
    def hoisted(self) -> tuple[HoistedExpression, ...]: ...


def merged(workflows: Iterable[Hoisting]) -> tuple[HoistedExpression, ...]:
    """The hoisted expressions of an app's workflows, each once, by id."""
    by_id: dict[str, HoistedExpression] = {}
    for workflow in workflows:
        for hoisted in workflow.hoisted:
            known = by_id.setdefault(hoisted.id, hoisted)
            assert known.source == hoisted.source, f"two expressions are called {hoisted.id}"
    return tuple(by_id[name] for name in sorted(by_id))
