"""What the compiler takes beside the program, and what it gives: state machines and their needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from skyloom.deployers.fused import FusedTask
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Diagnostic

Json = Any
"""null, a boolean, a number, a string, a list or a dict with string keys."""

Kind = Literal["STANDARD", "EXPRESS"]
"""The types of state machines: one year and 25,000 events, or five minutes in memory."""

HELPER = "helper"
"""The key of the app's helper function, which evaluates hoisted expressions."""
WAITS = "waits"
"""The key of the service function that opens approvals and waits for events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConverseModel:
    """A model of Amazon Bedrock that state machines may ask by themselves. `model` is the id of a foundation model or
    an inference profile, as `Converse` takes it; `provider` is the provider's name in skyloom.toml, for messages."""

    model: str
    provider: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSettings:
    """What the compiler has to know beside the program.

    Attributes:
        app: the app's name: events are published under the source `skyloom.<app>`.
        tasks: the key of the function group that carries out a task, by the task's name.
        prompts: the same for prompts; a prompt that is asked natively may be left out.
        models: aliases of models that state machines may ask natively.
        kind: the type of the state machine.
        width: how many items of a map run at once where the flow says nothing.
        without: names of passes, and of `machine.building.REWRITES`, that are left out.
    """

    app: str
    tasks: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, ConverseModel] = field(default_factory=dict)
    kind: Kind = "STANDARD"
    width: int = 16
    without: frozenset[str] = frozenset()


# --- needs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Invoke:
    """The machine invokes a function: a group's key, `HELPER` or `WAITS`."""

    function: str

    @property
    def placeholder(self) -> str:
        """The name in `${...}` that stands for the function's ARN in the definition: letters, digits and `_`."""
        return f"Function_{self.function.replace('-', '_')}"


@dataclass(frozen=True, slots=True, order=True)
class StartExecution:
    """The machine starts executions of another flow's machine, and waits for them."""

    flow: str

    @property
    def placeholder(self) -> str:
        """The name in `${...}` that stands for the other machine's ARN in the definition."""
        return f"Machine_{self.flow}"


@dataclass(frozen=True, slots=True, order=True)
class PutEvents:
    """The machine publishes events on the app's bus."""

    @property
    def placeholder(self) -> str:
        """The name in `${...}` that stands for the bus's name in the definition."""
        return "Bus"


@dataclass(frozen=True, slots=True, order=True)
class Converse:
    """The machine asks a model of Amazon Bedrock: `model` is its id, or that of an inference profile."""

    model: str


Need = Invoke | StartExecution | PutEvents | Converse


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One state machine.

    Attributes:
        flow: the name of its flow.
        definition: Amazon States Language (JSONata), with `${...}` placeholders for `DefinitionSubstitutions`.
        kind: its type.
        uses: everything it touches: exactly this its role must allow.
        hoisted: what it has the helper function evaluate.
        fused: calls that share invocations.
        diagnostics: what its author should know; errors are raised instead.
    """

    flow: str
    definition: dict[str, Json]
    kind: Kind = "STANDARD"
    uses: frozenset[Need] = frozenset()
    hoisted: tuple[HoistedExpression, ...] = ()
    fused: tuple[FusedTask, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names in `${...}` of the definition, sorted."""
        return tuple(sorted({need.placeholder for need in self.uses if not isinstance(need, Converse)}))
