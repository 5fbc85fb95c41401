"""Forms through the front end: typed expressions, or the code of the refusal. Many flows stand in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from expressions.building import build
from sweep.forms import Form

from skyloom.errors import CheckFailed
from skyloom.flows.expr.nodes import Call, Expr
from skyloom.flows.expr.types import ERROR, STR, Type
from skyloom.flows.frontend import compile_flow, load_file
from skyloom.flows.ir import nodes as ir

HEAD = '''"""Expressions."""
from datetime import date, datetime
from enum import Enum
from typing import Any, Literal
import json
import math

from skyloom.flows import days, flow, hours, minutes, seconds, sha256


class Level(Enum):
    LOW = ""
    HIGH = "high"
'''

FLOW = """

@flow
def {name}({parameters}) -> int:
    result = {source}
    return 0
"""
A_FILE = 250
_numbers = count()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A form with its expression and the types of its variables."""

    form: Form
    expr: Expr
    types: dict[str, Type]


@dataclass(frozen=True, slots=True)
class Refused:
    """A form that no engine gets to see."""

    form: Form
    code: str


def compiled(forms: Sequence[Form], folder: Path) -> Iterator[Accepted | Refused]:
    """Every form, compiled."""
    for start in range(0, len(forms), A_FILE):
        yield from _compiled(forms[start : start + A_FILE], folder / f"swept_{next(_numbers)}.py")


def _compiled(forms: Sequence[Form], path: Path) -> Iterator[Accepted | Refused]:
    text = HEAD
    for form in (form for form in forms if _catches(form)):
        yield _of_an_error(form)
    forms = [form for form in forms if not _catches(form)]
    for number, form in enumerate(forms):
        parameters = ", ".join(f"{name}: {of}" for name, of in form.types)
        text += FLOW.format(name=f"f{number}", parameters=parameters, source=form.source)
    path.write_text(text, encoding="utf-8")
    module = load_file(path)
    for number, form in enumerate(forms):
        try:
            program = compile_flow(getattr(module, f"f{number}"))
        except CheckFailed as problem:
            yield Refused(form, problem.diagnostics[0].code)
            continue
        (definition,) = program.flows.values()
        (assign,) = (node for node in definition.body if isinstance(node, ir.Assign))
        yield Accepted(form, assign.value, {p.name: p.type for p in definition.parameters})


def _catches(form: Form) -> bool:
    return any(of == "Exception" for _, of in form.types)


def _of_an_error(form: Form) -> Accepted:
    """A caught error is no parameter of a flow: its forms go without the front end."""
    types: dict[str, Type] = dict.fromkeys(dict(form.types), ERROR)
    if form.group != "error.type":
        return Accepted(form, build(form.source, **types), types)
    name = build("a", **types)
    return Accepted(form, Call(span=name.span, type=STR, function="error.type", arguments=(name,)), types)
