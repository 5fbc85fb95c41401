"""What the interpreter asks of an engine: to carry out steps. One method a kind of step.

Values are JSON. A step that fails raises `Raised`; a cancelled one lets `asyncio.CancelledError` through. Recording and
resuming is not the engine's: the interpreter asks the journal first and writes every outcome there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from skyloom.errors import Span
from skyloom.flows.expr.types import Type
from skyloom.flows.ir.program import FlowDefinition, PromptDefinition, TaskDefinition
from skyloom.flows.outcome import Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a run a step stands.

    Attributes:
        run_id: the run.
        path: unique in the run and the same when it is resumed: `answer/draft_map[3]/draft`, `answer/search[1]` in the
            second round of a loop, `answer/parallel.1/load` for the second branch.
        step: the step's id in its flow.
        span: where it stands in the source of its flow.
        notes: what the engine wants remembered with the outcome: `attempts`, `model`, `usage`, `estimated`.
    """

    run_id: str
    path: str
    step: str
    span: Span
    notes: dict[str, Json] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The path without its first part, the flow: what people read."""
        return self.path.partition("/")[2]


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What people are asked. `timeout` in seconds; `form` names a model of the program."""

    message: str
    show: Json
    to: str | None
    timeout: float | None
    default: bool | None
    form: str | None


@dataclass(frozen=True, slots=True)
class EventRequest:
    """The event that is waited for. `timeout` in seconds."""

    event: str
    key: str | None
    timeout: float | None
    payload: Type


class Engine(Protocol):
    """Carries out steps."""

    async def task(self, place: Place, task: TaskDefinition, arguments: dict[str, Json]) -> Json:
        """Runs the task with its retry and timeout."""
        ...

    async def prompt(self, place: Place, prompt: PromptDefinition, arguments: dict[str, Json]) -> Json:
        """Asks the model with the prompt's retry and timeout."""
        ...

    async def flow(
        self, place: Place, flow: FlowDefinition, arguments: dict[str, Json], run: Callable[[Engine], Awaitable[Json]]
    ) -> Json:
        """Runs a sub-flow by calling `run` with the engine that its steps shall use."""
        ...

    async def sleep(self, place: Place, seconds: float) -> None:
        """Waits; after a crash, only for what is left."""
        ...

    async def approval(self, place: Place, request: ApprovalRequest) -> Json:
        """Asks people and waits. Gives a `Decision` object; raises `ApprovalTimedOut` without a default."""
        ...

    async def wait_for(self, place: Place, request: EventRequest) -> Json:
        """Waits for an event and gives its payload; raises `EventTimedOut`."""
        ...

    async def emit(self, place: Place, event: str, payload: Json, key: str | None) -> None:
        """Publishes an event."""
        ...

    async def sample(self, place: Place, function: Literal["now", "uuid"]) -> Json:
        """Takes a value that differs from run to run."""
        ...

    async def map(
        self, place: Place, count: int, limit: int | None, item: Callable[[int, Engine], Awaitable[T]]
    ) -> list[T]:
        """Runs `item(0, engine)` to `item(count - 1, engine)`, at most `limit` at once, with the engine that the item's
        steps shall use; results in order; errors as if in order (`skyloom.flows.runner.ordered`)."""
        ...
