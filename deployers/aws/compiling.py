"""From an app to a bundle for AWS: programs, functions, state machines, template.

app -> programs -> groups -> workflows -> packages -> template -> bundle
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from skyloom.deployers.aws.artifacts import definition_key, function_key
from skyloom.deployers.aws.explaining import explanations
from skyloom.deployers.aws.functions import FunctionSettings, helper_package, native_models, packages
from skyloom.deployers.aws.limits import template_problems
from skyloom.deployers.aws.services_package import service_files
from skyloom.deployers.aws.template import Parts, template
from skyloom.deployers.aws.workflow import HELPER, Invoke, Workflow, WorkflowSettings, compile_workflows
from skyloom.deployers.base import Compiled
from skyloom.deployers.bundle import Bundle, json_bytes
from skyloom.deployers.functions import FunctionGroup, function_groups, group_of, programs
from skyloom.deployers.hoisted import merged
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import App
from skyloom.flows.config import Config, load_config
from skyloom.flows.ir.program import Program

TARGET = "aws"
_SERVICES = "services"


def compile_app(app: App, environment: str, settings: FunctionSettings | None = None) -> Compiled:
    """Everything that a deploy of the app needs. Same app, same bytes.

    Args:
        settings: how functions are built; by default as the environment says.

    Raises:
        CheckFailed: the app does not compile, or AWS cannot carry something of it; with every diagnostic.
        ConfigError: skyloom.toml is wrong, or names no model for AWS.
    """
    file = None if app.written is None else Path(app.written.file)
    config = load_config(file, environment, known=app.environments)
    compiled = programs(app)
    groups = function_groups(app, compiled, config, TARGET)
    workflows = _workflows(app, compiled, groups, config)
    used = {need.function for workflow in workflows for need in workflow.uses if isinstance(need, Invoke)}
    # A prompt that the state machines ask the model for by themselves needs no function.
    groups = tuple(group for group in groups if group.key in used)
    chosen = settings or FunctionSettings.of(app.environment(environment))
    built = packages(app, compiled, groups, config, chosen)
    trees: dict[str, Mapping[str, bytes]] = {key: package.files for key, package in built.items()}
    if HELPER in used:
        trees[HELPER] = helper_package(merged(workflows), chosen).files
    trees[_SERVICES] = service_files(app, compiled, workflows)
    definitions = {workflow.flow: json_bytes(workflow.definition) for workflow in workflows}
    parts = Parts(
        app=app,
        environment=environment,
        programs=compiled,
        workflows=workflows,
        groups=groups,
        code={key: function_key(app.name, environment, tree) for key, tree in trees.items()},
        definitions={flow: definition_key(app.name, environment, text) for flow, text in definitions.items()},
        handlers={key: package.handler for key, package in built.items()},
    )
    place = app.environment(environment)
    text = json_bytes(template(parts))
    too_large = tuple(template_problems(app, text))
    if too_large:
        raise CheckFailed(*too_large)
    # An app that neither asks nor is started from outside needs none of the services.
    trees = {key: tree for key, tree in trees.items() if parts.code[key].encode() in text}
    files = {"template.json": text, **_files(definitions, trees)}
    return Compiled(
        bundle=Bundle(TARGET, app.name, environment, files, place.account, place.region),
        explanations=tuple(explanations(workflows)),
        diagnostics=tuple(diagnostic for workflow in workflows for diagnostic in workflow.diagnostics),
    )


def _workflows(
    app: App, compiled: Mapping[str, Program], groups: Iterable[FunctionGroup], config: Config
) -> tuple[Workflow, ...]:
    """The state machines of all flows, each once, and everything that is wrong with any of them at once."""
    tasks, prompts = group_of(groups)
    aliases = {prompt.model for program in compiled.values() for prompt in program.prompts.values()}
    settings = WorkflowSettings(app=app.name, tasks=tasks, prompts=prompts, models=native_models(config, aliases))
    found: dict[str, Workflow] = {}
    problems: dict[Diagnostic, None] = {}
    for program in compiled.values():
        try:
            for workflow in compile_workflows(program, settings):
                found.setdefault(workflow.flow, workflow)
        except CheckFailed as error:
            problems |= dict.fromkeys(error.diagnostics)
    if problems:
        raise CheckFailed(*problems)
    return tuple(found.values())


def _files(definitions: Mapping[str, bytes], trees: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    return {
        **{f"workflows/{flow}.asl.json": text for flow, text in definitions.items()},
        **dict(_below("functions", trees)),
    }


def _below(folder: str, trees: Mapping[str, Mapping[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for key, tree in trees.items():
        for path, data in tree.items():
            yield f"{folder}/{key}/{path}", data
