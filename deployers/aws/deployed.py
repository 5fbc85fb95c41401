"""What is deployed of an app: its stack, and the machines and logs in it by the names that people know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from skyloom.deployers.aws import stacks
from skyloom.deployers.aws.client import Aws
from skyloom.deployers.aws.naming import input_schema, named
from skyloom.deployers.aws.stacks import StackState
from skyloom.flows.outcome import Json

_MACHINE, _LOG = "AWS::StepFunctions::StateMachine", "AWS::Logs::LogGroup"
_BUS = "AWS::Events::EventBus"


@dataclass(frozen=True, slots=True)
class Machine:
    """A deployed flow."""

    flow: str
    arn: str
    schema: Mapping[str, Json] | None = None
    """The JSON Schema of the flow's input, where the template says it."""

    def execution(self, run: str) -> str:
        """The ARN of an execution of it."""
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{run}"


class Deployed:
    """A stack that is there."""

    def __init__(self, aws: Aws, state: StackState) -> None:
        self._aws = aws
        self.state = state

    @cached_property
    def template(self) -> Mapping[str, Json]:
        """The template that it was last made or updated with."""
        return stacks.template_of(self._aws, self.state.id)

    @cached_property
    def _rows(self) -> list[tuple[str, str, str, str]]:
        return [row for row in stacks.resources(self._aws, self.state.id) if row[2] and row[3] != "DELETE_COMPLETE"]

    @cached_property
    def machines(self) -> dict[str, Machine]:
        """The machines by the names of their flows."""
        found = (
            Machine(named(id_, type_, self.template).name, physical, input_schema(id_, self.template))
            for id_, type_, physical, _ in self._of(_MACHINE)
        )
        return {machine.flow: machine for machine in sorted(found, key=lambda machine: machine.flow)}

    @cached_property
    def logs(self) -> dict[str, str]:
        """What writes a log, by the name of the log group."""
        return {physical: named(id_, type_, self.template).name for id_, type_, physical, _ in self._of(_LOG)}

    @cached_property
    def bus(self) -> str | None:
        """The name of the app's event bus; None where none of its flows takes or emits events."""
        return next((physical for _, _, physical, _ in self._of(_BUS)), None)

    def _of(self, type_: str) -> list[tuple[str, str, str, str]]:
        return [row for row in self._rows if row[1] == type_]
