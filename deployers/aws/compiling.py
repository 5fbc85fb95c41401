"""From an app to a bundle for AWS: programs, functions, state machines, template.

app -> programs -> groups -> workflows -> packages -> template -> bundle
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from pathlib import Path

from skyloom.deployers.aws.artifacts import definition_key, function_key
from skyloom.deployers.aws.charging import charges
from skyloom.deployers.aws.explaining import explanations
from skyloom.deployers.aws.functions import FunctionSettings, helper_package, native_models, packages
from skyloom.deployers.aws.limits import API, template_problems
from skyloom.deployers.aws.listing import listings
from skyloom.deployers.aws.measuring import measures
from skyloom.deployers.aws.saving import savings_of
from skyloom.deployers.aws.services_package import service_files
from skyloom.deployers.aws.sizing import sizes_of, values_too_large
from skyloom.deployers.aws.template import Parts, template
from skyloom.deployers.aws.workflow import (
    HELPER,
    Invoke,
    StartExecution,
    Workflow,
    WorkflowSettings,
    as_compiled,
    compile_workflows,
)
from skyloom.deployers.base import Compiled
from skyloom.deployers.bundle import Bundle, json_bytes
from skyloom.deployers.functions import FunctionGroup, function_groups, group_of, programs
from skyloom.deployers.fused import all_fused, stretched
from skyloom.deployers.hoisted import merged
from skyloom.deployers.telling import told
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import App, Http
from skyloom.flows.config import Config, load_config
from skyloom.flows.ir.program import FlowDefinition, Program

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
    compiling = _settings(app, compiled, groups, config)
    workflows = _workflows(app, compiled, compiling)
    used = {need.function for workflow in workflows for need in workflow.uses if isinstance(need, Invoke)}
    fused = all_fused(workflows)
    # A prompt that the state machines ask the model for by themselves needs no function.
    groups = stretched((group for group in groups if group.key in used), fused)
    chosen = settings or FunctionSettings.of(app.environment(environment))
    built = packages(app, compiled, groups, config, chosen, fused)
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
    after = {one.flow: as_compiled(compiled[one.flow], compiling, one) for one in workflows if one.flow in compiled}
    if refused := tuple(values_too_large(after, compiling)):
        raise CheckFailed(*refused)
    return Compiled(
        bundle=Bundle(TARGET, app.name, environment, files, place.account, place.region),
        explanations=tuple(explanations(workflows, after.values())),
        listings=tuple(listings(workflows)),
        charges=charges(workflows, {group.key: group.memory for group in groups}, chosen.architecture),
        measures=tuple(measures(compiled, after, workflows, text, len(json.loads(text)["Resources"]))),
        diagnostics=told(workflows),
        sizes=lambda runs: sizes_of(after, compiling, runs),
        savings=lambda: savings_of(compiled, compiling, (flow.name for flow in app.short)),
    )


def _settings(
    app: App, compiled: Mapping[str, Program], groups: Iterable[FunctionGroup], config: Config
) -> WorkflowSettings:
    tasks, prompts = group_of(groups)
    aliases = {prompt.model for program in compiled.values() for prompt in program.prompts.values()}
    return WorkflowSettings(app=app.name, tasks=tasks, prompts=prompts, models=native_models(config, aliases))


def _workflows(app: App, compiled: Mapping[str, Program], settings: WorkflowSettings) -> tuple[Workflow, ...]:
    """The state machines of all flows, each once, and everything that is wrong with any of them at once."""
    short = {flow.name for flow in app.short}
    found: dict[str, Workflow] = {}
    problems: dict[Diagnostic, None] = {}
    for name, program in compiled.items():
        try:
            chosen = replace(settings, kind="EXPRESS") if name in short else settings
            main, *parts = compile_workflows(program, chosen)
            # One that others start can also be started by itself.
            found = {**found, name: found.get(name, main), **{part.flow: part for part in parts}}
            for workflow in (main, *parts):
                problems |= dict.fromkeys(_short_problems(app, program, workflow, short))
        except CheckFailed as error:
            problems |= dict.fromkeys(error.diagnostics)
    if problems:
        raise CheckFailed(*problems)
    return tuple(found.values())


_AROUND = 5
"""Seconds of a request that are not the flow's own: checking the input, starting, answering."""


def _short_problems(app: App, program: Program, workflow: Workflow, short: Set[str]) -> Iterator[Diagnostic]:
    """What cannot be with Express workflows, seen from outside of them."""
    hint = "leave {} out of the app's `short` flows"
    for need in workflow.uses:
        if isinstance(need, StartExecution) and need.flow in short:
            flow = program.flows[need.flow]
            message = f"{workflow.flow} runs {flow.name} as an execution of its own, which no Express workflow can be"
            yield Diagnostic("SKY707", message, flow.file, flow.span, hint=hint.format(flow.name))
    if workflow.kind == "EXPRESS":
        yield from _http_problems(app, program.flows[workflow.flow], hint)


def _http_problems(app: App, flow: FlowDefinition, hint: str) -> Iterator[Diagnostic]:
    longest = API.value - _AROUND
    by_http = any(isinstance(trigger, Http) and trigger.flow.name == flow.name for trigger in app.triggers)
    if by_http and flow.timeout is not None and flow.timeout > longest:
        message = f"{flow.name} may take {flow.timeout:g} s, and who starts it by HTTP is answered within {API}"
        way = f"`@flow(timeout={longest})`, or {hint.format(flow.name)}"
        yield Diagnostic("SKY707", message, flow.file, flow.span, hint=way)


def _files(definitions: Mapping[str, bytes], trees: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    return {
        **{f"workflows/{flow}.asl.json": text for flow, text in definitions.items()},
        **dict(_below("functions", trees)),
    }


def _below(folder: str, trees: Mapping[str, Mapping[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for key, tree in trees.items():
        for path, data in tree.items():
            yield f"{folder}/{key}/{path}", data
