"""The functions of an app: its tasks and prompts, grouped by what they need and may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import App

if TYPE_CHECKING:
    from skyloom.flows.config import Config
    from skyloom.flows.ir.program import FlowDefinition, Program, PromptDefinition, TaskDefinition
    from skyloom.flows.triggers import ObjectCreated


@dataclass(frozen=True, slots=True, order=True)
class ReadBucket:
    """List and read the objects of one of the app's buckets."""

    bucket: str


@dataclass(frozen=True, slots=True, order=True)
class WriteBucket:
    """Write and delete objects of one of the app's buckets."""

    bucket: str


@dataclass(frozen=True, slots=True, order=True)
class SendQueue:
    """Send messages to one of the app's queues."""

    queue: str


@dataclass(frozen=True, slots=True, order=True)
class ReadSecret:
    """Read one of the app's secrets. Where `variable` is named, the host puts the value into that variable of the
    process before the code that looks for it there runs."""

    secret: str
    variable: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class AskModel:
    """Ask one model of the target's own service: on AWS the id or ARN of a model or an inference profile of Bedrock, on
    Google Cloud the name of a model of Vertex AI. `provider` is its provider's name in skyloom.toml; `region` where it
    is asked, None for the function's own."""

    provider: str
    model: str
    region: str | None = None


Permission = ReadBucket | WriteBucket | SendQueue | ReadSecret | AskModel


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionGroup:
    """Tasks and prompts that share one function: they need the same and may do the same.

    Attributes:
        key: readable, stable, unique in the app: the member's name where there is one, else what sets the group apart.
            Lower-case letters, digits and hyphens, at most 40.
        tasks: names of tasks, sorted.
        prompts: names of prompts, sorted.
        requires: requirements as pip understands them, sorted; the union of what the members' modules need.
        memory: MiB, or None for the target's smallest sensible size.
        timeout: seconds that one attempt may take: every member's own `timeout`. The host enforces it, so the
            function's limit lies a little above it.
        permissions: what the code may do, sorted; the claim check's access to the app's own bucket is not listed.
    """

    key: str
    tasks: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    memory: int | None = None
    timeout: float
    permissions: tuple[Permission, ...] = ()


def load_app(path: Path, name: str | None = None) -> App:
    """The app of a file: `FILE` or `FILE:APP`. A file without one stands for an app of all its flows.

    Raises:
        CheckFailed: the file cannot be imported, or the app is wrong; with every diagnostic.
        UserError: SKY520, SKY521: there is no such app, or several and none is named.
    """
    from skyloom.flows.frontend.apps import pick_app, problems
    from skyloom.flows.frontend.load import load_file

    app = pick_app(load_file(path), name)
    found = problems(app)
    if found:
        # A flow that does not compile explains some of what is wrong with the app.
        raise CheckFailed(*_unique([*_flow_problems(app), *found]))
    return app


def programs(app: App) -> dict[str, Program]:
    """The programs of the app's flows, by name.

    Raises:
        CheckFailed: a flow does not compile, two definitions of one name are in different programs, or a form needs
            code of the user's where it is answered (SKY533).
    """
    from skyloom.deployers.forms import form_problems

    problems = _flow_problems(app)
    if problems:
        raise CheckFailed(*_unique(problems))
    compiled = {flow.name: flow.program for flow in app.flows}
    found = [*_clashes(compiled.values()), *form_problems(compiled.values())]
    if found:
        raise CheckFailed(*_unique(found))
    return compiled


def function_groups(
    app: App, programs: Mapping[str, Program], config: Config, target: str = "aws"
) -> tuple[FunctionGroup, ...]:
    """The functions that carry out the app's tasks and prompts, by key.

    Args:
        config: says which models stand behind the prompts' aliases at the target.

    Raises:
        CheckFailed: SKY529, SKY530: a key is kept nowhere, a task calls what only a flow can.
        ConfigError: a prompt's model is not configured for the target.
    """
    from skyloom.deployers.grouping import Grouping

    return Grouping(app, programs, config, target).groups()


def object_parameter(trigger: ObjectCreated, programs: Mapping[str, Program]) -> str:
    """The parameter of the trigger's flow that takes the `StoredObject`."""
    from skyloom.flows.frontend.triggers import object_parameter as parameter_for

    name = parameter_for(trigger, programs[trigger.flow.name].flow)
    assert name is not None, "an app with such a trigger is refused"
    return name


def group_of(groups: Iterable[FunctionGroup]) -> tuple[dict[str, str], dict[str, str]]:
    """The key of the group of each task, and of each prompt."""
    tasks: dict[str, str] = {}
    prompts: dict[str, str] = {}
    for group in groups:
        tasks.update(dict.fromkeys(group.tasks, group.key))
        prompts.update(dict.fromkeys(group.prompts, group.key))
    return tasks, prompts


def _flow_problems(app: App) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for flow in app.flows:
        try:
            _ = flow.program
        except CheckFailed as error:
            found += error.diagnostics
        except AttributeError:
            # No flow at all: said by the app's own check.
            continue
    return found


def _clashes(compiled: Iterable[Program]) -> Iterable[Diagnostic]:
    """Definitions of one name that are not the same: what is deployed is named after them."""
    taken: dict[tuple[str, str], object] = {}
    for program in compiled:
        tables: dict[str, Mapping[str, TaskDefinition | PromptDefinition | FlowDefinition]] = {
            "task": program.tasks,
            "prompt": program.prompts,
            "flow": program.flows,
        }
        for kind, table in tables.items():
            for name, definition in table.items():
                place = (definition.module, definition.qualname)
                if taken.setdefault((kind, name), place) != place:
                    message = f"{kind} `{name}` has the name of another one of the app"
                    hint = "rename one: steps and functions are called by these names on every engine"
                    yield Diagnostic("SKY510", message, definition.file, definition.span, hint)


def _unique(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    return list(dict.fromkeys(diagnostics))
