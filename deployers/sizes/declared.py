"""What is declared of the values of a program: of a run's input and result, and of what tasks and prompts give."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from skyloom.deployers.sizes.extent import MOST_OF_A_CHARACTER, UNKNOWN, Extent, Schema
from skyloom.deployers.sizes.schemas import extent_of, part_of
from skyloom.deployers.sizes.types import extent_of_type
from skyloom.errors import EngineError
from skyloom.flows import values
from skyloom.flows.expr.types import StrType
from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition
from skyloom.flows.runner.locate import locate


class Declared:
    """The declarations of a program's definitions.

    Programs know their types only; lengths stand in JSON Schemas: of flows and prompts in the program, of tasks they
    are made of their annotations. `character`: the bytes that a character of a text counts at most.
    """

    def __init__(self, program: Program, character: int = MOST_OF_A_CHARACTER) -> None:
        self._program = program
        self._character = character
        self._tasks: dict[str, Extent] = {}

    def input(self) -> Extent:
        """A run's input, all parameters in it."""
        return extent_of(self._read(self._program.flow.input_schema))

    def parameter(self, name: str) -> Extent:
        """A parameter of the main flow."""
        return part_of(self._read(self._program.flow.input_schema), name)

    def result(self, flow: FlowDefinition) -> Extent:
        """What a flow gives, by its type: more cannot be declared of it (SKY518)."""
        return self._typed(flow.returns)

    def given_by(self, callee: TaskDefinition | PromptDefinition) -> Extent:
        """What a task or prompt gives."""
        if callee.name not in self._tasks:
            self._tasks[callee.name] = self._given_by(callee).and_(self._typed(callee.returns))
        return self._tasks[callee.name]

    def _given_by(self, callee: TaskDefinition | PromptDefinition) -> Extent:
        if isinstance(callee, PromptDefinition):
            # A text is taken as the model gives it; and how many bytes a token has at most, no provider says.
            is_text = isinstance(callee.returns, StrType)
            return UNKNOWN if is_text else extent_of(self._read(callee.output_schema))
        schema = None if callee.fused is not None else _schema_of(callee)
        return UNKNOWN if schema is None else extent_of(self._read(schema))

    def _read(self, document: Mapping[str, Any]) -> Schema:
        return Schema.of(document, self._character)

    def _typed(self, of: Any) -> Extent:
        return extent_of_type(of, self._program.models)


def _schema_of(task: TaskDefinition) -> Mapping[str, Any] | None:
    """The JSON Schema of what a task gives; None where its source is gone."""
    try:
        return _schema(locate(task).function)
    except EngineError:
        return None


@functools.cache
def _schema(function: Any) -> Mapping[str, Any]:
    return values.json_schema(values.signature_types(function).get("return", Any))
