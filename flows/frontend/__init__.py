"""The front end: from Python source to programs, with every mistake as a diagnostic."""

from __future__ import annotations

import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.definitions import Flow, Prompt, Task
from skyloom.flows.frontend.load import definitions_in, load_file, pick_flow, split_target

if TYPE_CHECKING:
    from skyloom.flows.app import App
    from skyloom.flows.ir.program import Program, PromptDefinition

__all__ = ["CheckedFile", "check_file", "compile_flow", "compile_prompt", "load_file", "pick_flow", "split_target"]

_programs: weakref.WeakKeyDictionary[Flow[..., Any], Program] = weakref.WeakKeyDictionary()
_prompts: weakref.WeakKeyDictionary[Prompt[..., Any], PromptDefinition] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What `check_file` found: every problem, by place; and, where the file could be imported, its module, flows and
    apps (by the names of their variables)."""

    path: Path
    diagnostics: tuple[Diagnostic, ...]
    module: ModuleType | None
    flows: dict[str, Flow[..., Any]]
    apps: dict[str, App]


def compile_flow(flow: Flow[..., Any]) -> Program:
    """The program of `flow`. Compiles it once.

    Raises:
        CheckFailed: with every diagnostic.
    """
    from skyloom.flows.frontend.definitions import ProgramBuilder

    program = _programs.get(flow)
    if program is None:
        program = _programs[flow] = ProgramBuilder().build(flow)
    return program


def compile_prompt(prompt: Prompt[..., Any]) -> PromptDefinition:
    """The definition of a prompt that is asked outside a flow. Compiles it once.

    Raises:
        CheckFailed: with every diagnostic.
    """
    from skyloom.flows.frontend.definitions import ProgramBuilder

    definition = _prompts.get(prompt)
    if definition is None:
        builder = ProgramBuilder()
        definition = builder.prompt(prompt)
        builder.report.raise_if_any()
        _prompts[prompt] = definition
    return definition


def check_file(path: Path) -> CheckedFile:
    """Checks every flow, task, prompt and app of the file, used or not. Raises nothing for what is wrong there."""
    from skyloom.flows.frontend import aliases
    from skyloom.flows.frontend.definitions import ProgramBuilder

    try:
        module = load_file(path)
    except CheckFailed as error:
        return CheckedFile(path, tuple(error.diagnostics), None, {}, {})
    builder = ProgramBuilder()
    flows: dict[str, Flow[..., Any]] = {}
    for definition in definitions_in(module):
        if isinstance(definition, Task):
            builder.task(definition)
        elif isinstance(definition, Prompt):
            builder.prompt(definition)
        elif isinstance(definition, Flow):
            flows[definition.name] = definition
            builder.flow(definition)
    prompts = [definition for definition in definitions_in(module) if isinstance(definition, Prompt)]
    builder.report.include(*aliases.problems(path, prompts))
    apps = _apps(module)
    for app in apps.values():
        from skyloom.flows.frontend.apps import problems

        builder.report.include(*problems(app))
    return CheckedFile(path, tuple(builder.report.diagnostics), module, flows, apps)


def _apps(module: ModuleType) -> dict[str, App]:
    """The apps of a module. Files without one do not load what apps are made of."""
    if "skyloom.flows.app" not in sys.modules:
        return {}
    from skyloom.flows.frontend.apps import apps_in

    return apps_in(module)
