"""The forms of approvals: their JSON Schemas, and what only Python could check of a filled-in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from skyloom.deployers.schemas import schema_of
from skyloom.errors import Diagnostic
from skyloom.flows import values
from skyloom.flows.expr.types import ModelType
from skyloom.flows.frontend.python_checks import python_check
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import ModelDefinition, Program
from skyloom.flows.runner.locate import locate_class

Json = Any


def form_schema(name: str, models: Mapping[str, ModelDefinition]) -> dict[str, Json]:
    """The JSON Schema of a form as its model says it: with titles, descriptions and constraints."""
    found = _class_of(models[name])
    return schema_of(ModelType(name), models) if found is None else values.json_schema(found)


def form_problems(programs: Iterable[Program]) -> Iterator[Diagnostic]:
    """SKY533: a form is checked where it is answered, by its JSON Schema, and there no code of the user's runs."""
    for program in programs:
        for flow in program.flows.values():
            for step in ir.walk(flow.body):
                if isinstance(step, ir.Approval) and step.form is not None:
                    found = _class_of(program.models[step.form])
                    checked = None if found is None else python_check(found)
                    if checked is not None:
                        message = f"of the form `{step.form}`, {checked}"
                        hint = "where a form is answered no code of yours runs: check the answer in a task"
                        yield Diagnostic("SKY533", message, flow.file, step.span, hint=hint)


def _class_of(model: ModelDefinition) -> type | None:
    """The class behind the model; None where it has no name of its own, as a parametrised one."""
    return locate_class(model.module, model.qualname)
