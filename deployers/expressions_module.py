"""The module of the helper function: a Python function for each hoisted expression, and the types of its variables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.prompt_module import imports

CONFORM = ("skyloom.flows.ir.conform.conformed", "skyloom.flows.ir.program.ModelDefinition")
"""What the module needs of Skyloom where its variables have types."""


def expressions_module(hoisted: Iterable[HoistedExpression], workflows: str) -> str:
    """The source of the module. `workflows` is what people call that which cannot evaluate them.

    Numbers may lose the difference between 2 and 2.0 on their way through a workflow; `TYPES` and `MODELS`, each by
    expression, are what the host needs to bring them back. `CROSSINGS` is what it says of numbers that nothing can
    carry.
    """
    expressions = sorted(hoisted, key=lambda expression: expression.id)
    body = "\n".join(line for expression in expressions for line in _function(expression))
    tables = _tables([expression for expression in expressions if expression.types])
    head = [
        f'"""Expressions of the app\'s flows, evaluated in the place of their {workflows}."""',
        "",
        *imports(body),
    ]
    return "\n".join([*head, *_type_imports(tables), body, tables, *_crossings(expressions)])


def _function(expression: HoistedExpression) -> list[str]:
    place = f"{Path(expression.file).name}:{expression.span.line}"
    return [
        "",
        f"def {expression.id}({', '.join(expression.names)}):",
        f"    # {place}: {' '.join(expression.reason.split())}",
        f"    return {expression.source}",
        "",
    ]


def _tables(typed: list[HoistedExpression]) -> str:
    """The types as Python: the IR's classes are dataclasses, whose text makes them again."""
    if not typed:
        return ""
    lines = ["", "TYPES = {"]
    for expression in typed:
        lines += [f"    {expression.id!r}: {{", *(f"        {n!r}: {t!r}," for n, t in expression.types), "    },"]
    lines += ["}", "MODELS = {"]
    for expression in typed:
        models = (f"        {model.name!r}: {model!r}," for model in expression.models)
        lines += [f"    {expression.id!r}: {{", *models, "    },"]
    return "\n".join([*lines, "}", ""])


def _crossings(expressions: list[HoistedExpression]) -> list[str]:
    said = [expression for expression in expressions if expression.crossings]
    if not said:
        return []
    return ["CROSSINGS = {", *(f"    {e.id!r}: {dict(e.crossings)!r}," for e in said), "}", ""]


def _type_imports(tables: str) -> list[str]:
    types = sorted(set(re.findall(r"\b([A-Z][A-Za-z]*Type)\(", tables)))
    models = sorted(set(re.findall(r"\b(Model(?:Definition|Field))\(", tables)))
    lines = [f"from skyloom.flows.expr.types import {', '.join(types)}"] if types else []
    lines += [f"from skyloom.flows.ir.program import {', '.join(models)}"] if models else []
    return [*lines, ""] if lines else []
