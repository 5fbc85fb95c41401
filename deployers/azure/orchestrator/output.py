"""What the compiler takes beside the program, and what it gives: a module of Python, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from skyloom.deployers.fused import FusedTask
from skyloom.errors import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSettings:
    """What the compiler has to know beside the program.

    Attributes:
        tasks: the activity that carries out a task, by the task's name; the name itself where it is left out.
        prompts: the same for prompts.
        apps: the function app that carries out a task, by the task's name: calls in one may share an invocation.
        width: how many items of a map run at once where the flow says nothing.
        without: names of passes (`flows.passes.PASSES`) that are left out.
    """

    tasks: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    apps: Mapping[str, str] = field(default_factory=dict)
    width: int = 16
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What an orchestrator calls.

    Attributes:
        tasks: tasks, by name.
        prompts: prompts, by name.
        waits: whether it waits for people or events: the activity `skyloom_waits`.
        emits: whether it publishes events: the activity `skyloom_emit`.
    """

    tasks: frozenset[str] = frozenset()
    prompts: frozenset[str] = frozenset()
    waits: bool = False
    emits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What became of a statement: its place in the source, what it is now, its name, what it costs."""

    place: str
    what: str
    name: str
    cost: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One orchestrator of Durable Functions.

    Attributes:
        flow: the name of its flow.
        source: the text of its module, which has `orchestrator(context)`.
        uses: what it calls.
        explained: what became of the flow's statements.
        fused: calls that share invocations.
        diagnostics: what its author should know; errors are raised instead.
    """

    flow: str
    source: str
    uses: Uses = field(default_factory=Uses)
    explained: tuple[Explained, ...] = ()
    fused: tuple[FusedTask, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
