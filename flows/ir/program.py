"""A program: one flow with everything it refers to. This is what engines run and compilers compile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from skyloom.flows.expr.nodes import Expr, Target
from skyloom.flows.expr.types import Type
from skyloom.flows.expr.wire import Place
from skyloom.flows.ir.nodes import Block

FORMAT = 1
"""The version of the IR's JSON form. Raised whenever an old reader would misunderstand a new document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a flow, task or prompt. `default` counts only when `required` is false."""

    name: str
    type: Type
    required: bool = True
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How a failed attempt is repeated. Before attempt n+1 (n = 1, 2, ...) the wait is
    `min(delay * backoff**(n-1), max_delay)` seconds, and up to `jitter` times that more, at random."""

    attempts: int = 1
    delay: float = 1.0
    backoff: float = 2.0
    max_delay: float = 60.0
    jitter: float = 0.5
    on: tuple[str, ...] = ("Exception",)
    """Class names: an error is retried when its class or one of its bases is named here."""
    never: tuple[str, ...] = ()
    """Class names that are not retried, whatever `on` says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicedItems:
    """Several items of a map, which one invocation carries out one after the other: for each element of the parameter
    `items` that meets `condition`, `FusedCalls.body`. `step` is the map's id; at most `size` items come at once."""

    step: str
    items: str
    over: Target
    size: int
    condition: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FusedCalls:
    """What one invocation of a function carries out in the place of several steps.

    Attributes:
        step: the id of the step in whose place it runs; the path of every call is made of that of this step.
        like: a task of the same function.
        title: the tasks, for messages.
        body: calls of tasks of the function, with changes of variables between them.
        result: what it gives behind them; of a slice, what each item gives: the result is the list of these.
        slice: the items that it goes through.
    """

    step: str
    like: str
    title: str
    body: Block
    result: Expr
    slice: SlicedItems | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """User code that runs in a function. `timeout` in seconds, for one attempt; `memory` in MiB; `fuse`: whether its
    calls may share an invocation. `fused`: no task of the user's, but what calls of such tasks have become."""

    name: str
    module: str
    qualname: str
    file: str
    span: Place
    parameters: tuple[Parameter, ...]
    returns: Type
    timeout: float
    retry: RetryPolicy
    requires: tuple[str, ...] = ()
    memory: int | None = None
    description: str = ""
    fuse: bool = False
    fused: FusedCalls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptDefinition:
    """A typed call of a language model. `template` and `system` are string expressions over the parameters; `model` is
    an alias of skyloom.toml; `output_schema` is the JSON Schema of `returns` (for `str` the text itself is taken)."""

    name: str
    module: str
    qualname: str
    file: str
    span: Place
    parameters: tuple[Parameter, ...]
    returns: Type
    template: Expr
    system: Expr | None
    model: str
    output_schema: dict[str, Any]
    timeout: float
    retry: RetryPolicy
    temperature: float | None = None
    max_tokens: int | None = None
    repairs: int = 1
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowDefinition:
    """A flow: parameters, result, statements. Falling off the end of `body` returns null."""

    name: str
    module: str
    qualname: str
    file: str
    span: Place
    parameters: tuple[Parameter, ...]
    returns: Type
    body: Block
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    timeout: float | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelField:
    """A field of a model: JSON key `name`; `attribute` is its name in Python."""

    name: str
    attribute: str
    type: Type
    required: bool = True
    default: Any = None
    """The JSON value used when the constructor leaves the field out; counts only when `required` is false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDefinition:
    """A record type. `flavour` tells what it is in Python."""

    name: str
    flavour: Literal["pydantic", "dataclass", "typeddict"]
    module: str
    qualname: str
    fields: tuple[ModelField, ...]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDefinition:
    """An exception class that the program names: its base classes, nearest first, up to and with `Exception`."""

    name: str
    bases: tuple[str, ...]
    module: str
    qualname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One flow (`flows[main]`) and all it needs. Names are unique in each table."""

    main: str
    flows: dict[str, FlowDefinition]
    tasks: dict[str, TaskDefinition] = field(default_factory=dict)
    prompts: dict[str, PromptDefinition] = field(default_factory=dict)
    models: dict[str, ModelDefinition] = field(default_factory=dict)
    errors: dict[str, ErrorDefinition] = field(default_factory=dict)
    format: Literal[1] = 1

    @property
    def flow(self) -> FlowDefinition:
        """The main flow."""
        return self.flows[self.main]
