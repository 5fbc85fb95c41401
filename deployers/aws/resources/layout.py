"""What an app's resources are made from, and what follows from it before any resource is written: which are needed, and
what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from skyloom.deployers.app_layout import AppLayout, Wait
from skyloom.deployers.aws.machine.output import HELPER, WAITS, Invoke, Json, PutEvents, Workflow
from skyloom.deployers.aws.resources.words import logical
from skyloom.deployers.functions import FunctionGroup
from skyloom.deployers.naming import fitting
from skyloom.flows.app import App
from skyloom.flows.ir.program import Program
from skyloom.flows.resources import Bucket, Queue, Secret
from skyloom.flows.triggers import OnEvent, QueueMessage

SERVICES = "services"
"""The key of the code that all service functions share."""

_FUNCTION_NAME, _MACHINE_NAME = 64, 80
"""Characters. https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html,
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html"""
_WAIT = "arn:aws:states:::lambda:invoke.waitForTaskToken"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a template is made from.

    Attributes:
        environment: the name of the environment.
        programs: the programs of the app's flows, by flow.
        workflows: the state machines of the app, sub-flows that run by themselves included.
        groups: the functions of its tasks and prompts.
        code: where the code lies in the artifacts bucket: by group, `helper`, and `services`.
        definitions: the same for the machines' definitions, by flow.
        handlers: the handlers of groups, where they are not `handler.handler`.
    """

    app: App
    environment: str
    programs: Mapping[str, Program]
    workflows: tuple[Workflow, ...]
    groups: tuple[FunctionGroup, ...]
    code: Mapping[str, str]
    definitions: Mapping[str, str]
    handlers: Mapping[str, str] = field(default_factory=dict)


class Layout(AppLayout):
    """What follows from the parts."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.app, parts.environment)
        self.parts = parts

    # --- functions and machines ---------------------------------------------------------------------------------

    def function_name(self, key: str) -> str:
        """The physical name of a function."""
        return fitting(f"{self.prefix}-{key}", _FUNCTION_NAME)

    @cached_property
    def machines(self) -> dict[str, str]:
        """The physical names of state machines, by flow. They are given and not made by CloudFormation, so that
        machines can start each other, and themselves."""
        return {workflow.flow: self._machine_name(workflow) for workflow in self.parts.workflows}

    def _machine_name(self, workflow: Workflow) -> str:
        # Another kind is another machine: CloudFormation makes the new one before it takes the old one away.
        kind = "-express" if workflow.kind == "EXPRESS" else ""
        return fitting(f"{self.prefix}-{workflow.flow}{kind}", _MACHINE_NAME)

    @cached_property
    def express(self) -> frozenset[str]:
        """The flows whose machines run in memory."""
        return frozenset(workflow.flow for workflow in self.parts.workflows if workflow.kind == "EXPRESS")

    @cached_property
    def functions(self) -> dict[str, str]:
        """The logical ids of the functions that machines invoke, by key."""
        keys = [group.key for group in self.parts.groups]
        return {key: logical("Function", key) for key in keys} | {
            HELPER: logical("Function", HELPER),
            WAITS: service_id(WAITS),
        }

    @cached_property
    def has_helper(self) -> bool:
        """Whether some machine has expressions evaluated."""
        return any(Invoke(HELPER) in workflow.uses for workflow in self.parts.workflows)

    # --- waits and events ---------------------------------------------------------------------------------------

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Everything that machines wait for."""
        found = {wait for workflow in self.parts.workflows for wait in _waits(workflow.flow, workflow.definition)}
        return tuple(sorted(found, key=repr))

    @property
    def has_bus(self) -> bool:
        """Whether events come or go."""
        emits = any(PutEvents() in workflow.uses for workflow in self.parts.workflows)
        return emits or self.listens or bool(self.on_events)

    @property
    def has_api(self) -> bool:
        """Whether something is answered over HTTP."""
        return self.asks or bool(self.https)

    # --- triggers -----------------------------------------------------------------------------------------------

    @property
    def started(self) -> tuple[QueueMessage | OnEvent, ...]:
        """The triggers that need a function to start their runs."""
        return (*self.messages, *self.on_events)

    # --- what the app owns --------------------------------------------------------------------------------------

    @cached_property
    def buckets(self) -> dict[str, Bucket]:
        """The app's buckets by logical id."""
        return {logical("Bucket", found.name): found for found in self.own_buckets}

    @cached_property
    def queues(self) -> dict[str, Queue]:
        """The app's queues by logical id."""
        return {logical("Queue", found.name): found for found in self.own_queues}

    @cached_property
    def secrets(self) -> dict[str, Secret]:
        """The app's secrets by logical id, those of notifiers included."""
        return {logical("Secret", found.name): found for found in self.own_secrets}

    @cached_property
    def owned(self) -> dict[str, str]:
        """Logical ids of what the app owns, by kind and name: `bucket inbox`."""
        return {
            **{f"bucket {found.name}": id_ for id_, found in self.buckets.items()},
            **{f"queue {found.name}": id_ for id_, found in self.queues.items()},
            **{f"secret {found.name}": id_ for id_, found in self.secrets.items()},
        }


def service_id(key: str) -> str:
    """The logical id of a service function."""
    return logical("Service", key)


def _waits(flow: str, definition: Mapping[str, Json]) -> Iterator[Wait]:
    """The waits in a definition, at any depth."""
    for state in _states(definition):
        if state.get("Resource") == _WAIT:
            payload = state["Arguments"]["Payload"]
            event = payload.get("event")
            literal = isinstance(event, str) and not event.startswith("{%")
            yield Wait(flow, payload["kind"], event if literal else None)


def _states(machine: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for state in machine["States"].values():
        yield state
        inner = [state["ItemProcessor"]] if "ItemProcessor" in state else state.get("Branches", [])
        for below in inner:
            yield from _states(below)
