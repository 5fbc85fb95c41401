"""What the compiler takes beside the program, and what it gives: workflows, what they need, hoisted expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skyloom.deployers.fused import FusedTask
from skyloom.deployers.gcp.steps import Subworkflow
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.errors import Diagnostic

Json = Any
"""null, a boolean, a number, a string, a list or a dict with string keys."""

HELPER = "helper"
"""The key of the app's helper function, which evaluates hoisted expressions."""
WAITS = "waits"
"""The key of the service function that opens approvals and waits for events."""


EVERYWHERE = "global"
"""The location of models that Google chooses the place of; that of a provider which names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VertexModel:
    """A model of Vertex AI that workflows may ask by themselves. `model` is its id, as in `publishers/google/models/`;
    `provider` is the provider's name in skyloom.toml, for messages; `location` a region, `us`, `eu` or `global`."""

    model: str
    provider: str
    location: str = EVERYWHERE

    @property
    def host(self) -> str:
        """Where the models of the location are asked.
        https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations"""
        match self.location:
            case location if location == EVERYWHERE:
                return "aiplatform.googleapis.com"
            case "us" | "eu":
                return f"aiplatform.{self.location}.rep.googleapis.com"
            case region:
                return f"{region}-aiplatform.googleapis.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowSettings:
    """What the compiler has to know beside the program.

    Attributes:
        app: the app's name: an attribute of the events that are published.
        tasks: the key of the function group that carries out a task, by the task's name.
        prompts: the same for prompts; a prompt that is asked natively may be left out.
        models: aliases of models that workflows may ask natively.
        width: how many items of a map run at once where the flow says nothing; at most 20.
        without: names of passes, and of `workflow.REWRITES`, that are left out.
    """

    app: str
    tasks: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, VertexModel] = field(default_factory=dict)
    width: int = 16
    without: frozenset[str] = frozenset()


# --- needs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Invoke:
    """The workflow calls a function: a group's key, `HELPER` or `WAITS`."""

    function: str

    @property
    def variable(self) -> str:
        """The workflow's environment variable that holds the function's URL."""
        return f"SKYLOOM_FUNCTION_{self.function.upper().replace('-', '_')}"


@dataclass(frozen=True, slots=True, order=True)
class Publish:
    """The workflow publishes events on the app's topic."""

    @property
    def variable(self) -> str:
        """The workflow's environment variable that holds the topic's name, `projects/.../topics/...`."""
        return "SKYLOOM_TOPIC"


@dataclass(frozen=True, slots=True, order=True)
class StartItself:
    """The workflow starts executions of itself, and cancels them."""


@dataclass(frozen=True, slots=True, order=True)
class AskModel:
    """The workflow asks a model of Vertex AI: `model` is its id."""

    model: str


Need = Invoke | Publish | StartItself | AskModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """One workflow of Google Cloud.

    Attributes:
        flow: the name of its flow.
        definition: its source: YAML.
        subworkflows: the same as data, `main` first.
        uses: everything it touches: exactly this its service account must be allowed.
        hoisted: what it has the helper function evaluate.
        fused: calls that share invocations.
        diagnostics: what its author should know; errors are raised instead.
    """

    flow: str
    definition: str
    subworkflows: tuple[Subworkflow, ...] = ()
    uses: frozenset[Need] = frozenset()
    hoisted: tuple[HoistedExpression, ...] = ()
    fused: tuple[FusedTask, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it reads, sorted."""
        return tuple(sorted({need.variable for need in self.uses if isinstance(need, Invoke | Publish)}))
