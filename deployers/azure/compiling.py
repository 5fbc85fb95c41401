"""From an app to a bundle for Azure: programs, functions, orchestrators, the template.

app -> programs -> groups -> function apps -> orchestrators -> packages -> template -> bundle
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from skyloom.deployers.azure.app_limits import advice, refusals, too_large
from skyloom.deployers.azure.apps import MAIN, SIZES, AppPart, app_parts
from skyloom.deployers.azure.charging import charges
from skyloom.deployers.azure.functions import (
    HOST,
    PYTHONS,
    TARGET,
    Addition,
    FunctionSettings,
    function_names,
    main_package,
    worker_package,
)
from skyloom.deployers.azure.listing import listings
from skyloom.deployers.azure.measuring import measures
from skyloom.deployers.azure.naming import FunctionNames
from skyloom.deployers.azure.resources.layout import Layout, Parts, Worker, at_once
from skyloom.deployers.azure.saving import savings_of
from skyloom.deployers.azure.services_package import services
from skyloom.deployers.azure.sizing import sizes_of, values_too_large
from skyloom.deployers.azure.template import MAIN as TEMPLATE
from skyloom.deployers.azure.template import template
from skyloom.deployers.azure.workflow import Workflow, WorkflowSettings, as_compiled, compile_workflow
from skyloom.deployers.base import Compiled, Explanation
from skyloom.deployers.bundle import Bundle, json_bytes
from skyloom.deployers.charging import Charges
from skyloom.deployers.function_code import FunctionCode
from skyloom.deployers.functions import FunctionGroup, function_groups, programs
from skyloom.deployers.fused import all_fused, stretched
from skyloom.deployers.packaging import Package
from skyloom.deployers.telling import told
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import App
from skyloom.flows.config import Config, load_config
from skyloom.flows.ir.program import Program

FOLDERS = {MAIN: "app"}
"""The folder of a bundle that the main app lies in; the others lie below `apps`."""


def compile_app(app: App, environment: str, settings: FunctionSettings | None = None) -> Compiled:
    """Everything that a deploy of the app needs. Same app, same bytes.

    Args:
        settings: how functions are built; by default as the environment says.

    Raises:
        CheckFailed: the app does not compile, or Azure cannot carry something of it; with every diagnostic.
        ConfigError: skyloom.toml is wrong, or names no model for Azure.
    """
    file = None if app.written is None else Path(app.written.file)
    config = load_config(file, environment, known=app.environments)
    compiled = programs(app)
    groups = function_groups(app, compiled, config, TARGET)
    chosen = settings or FunctionSettings.of(app.environment(environment))
    names = FunctionNames.of(compiled.values())
    problems = [*_too_large(groups, compiled), *_no_such_python(app, chosen)]
    compiling = _settings(names, app_parts(groups))
    workflows = _workflows(compiled, compiling, problems)
    fused = all_fused(workflows)
    groups = stretched(groups, fused)
    parts = app_parts(groups)
    addition = _addition(app, compiled, names, workflows)
    layout = Layout(
        Parts(
            app=app,
            environment=environment,
            programs=compiled,
            groups=groups,
            workers={part.key: Worker(tuple(group.key for group in part.groups), part.memory) for part in parts[1:]},
            functions={part.key: function_names(part, parts, names, addition) for part in parts},
            flows={flow: names.orchestrator_name(flow) for flow in compiled},
            models=_models(config),
            elsewhere=_elsewhere(config),
            python=chosen.python,
            memory=parts[0].memory,
        )
    )
    refused = tuple(refusals(layout))
    if refused:
        raise CheckFailed(*refused)
    code = FunctionCode(compiled, config, HOST, fused)
    activities = at_once(layout.settings.concurrency).activities
    built = {MAIN: main_package(app.name, parts, names, addition, code, chosen, activities)}
    built |= {part.key: worker_package(app.name, part, names, code, chosen) for part in parts[1:]}
    after = {one.flow: as_compiled(compiled[one.flow], compiling, one) for one in workflows}
    if refused := tuple(values_too_large(after)):
        raise CheckFailed(*refused)
    charged = charges(compiled, parts, {one.flow: one.fused for one in workflows})
    return replace(
        _bundled(layout, built, workflows, charged, after),
        sizes=lambda runs: sizes_of(after, runs),
        savings=lambda: savings_of(compiled, compiling),
    )


def _bundled(
    layout: Layout,
    built: Mapping[str, Package],
    workflows: Iterable[Workflow],
    charged: Charges,
    after: Mapping[str, Program],
) -> Compiled:
    made = template(layout)
    files = {TEMPLATE: json_bytes(made), **dict(_below(built))}
    refused = tuple(too_large(layout, made, len(files[TEMPLATE])))
    if refused:
        raise CheckFailed(*refused)
    place = layout.settings
    known = tuple(workflows)
    return Compiled(
        bundle=Bundle(TARGET, layout.app.name, layout.parts.environment, files, place.account, place.region),
        diagnostics=(*told(known), *advice(layout)),
        explanations=tuple(_explanations(known)),
        listings=tuple(listings(known, layout.parts.flows)),
        charges=charged,
        measures=tuple(measures(layout.parts.programs, after, len(made["resources"]), len(files[TEMPLATE]))),
        flows=len(known),
        functions=sum(len(names) for names in layout.parts.functions.values()) - len(known),
    )


def _below(built: Mapping[str, Package]) -> Iterator[tuple[str, bytes]]:
    for key, package in built.items():
        folder = FOLDERS.get(key, f"apps/{key}")
        for path, data in package.files.items():
            yield f"{folder}/{path}", data


def _addition(
    app: App, compiled: Mapping[str, Program], names: FunctionNames, workflows: Iterable[Workflow]
) -> Addition:
    made = services(app, compiled, names)
    return Addition(
        orchestrators={names.orchestrator_name(workflow.flow): workflow.source for workflow in workflows},
        imports=made.imports,
        services=made.source,
        files=made.files,
        requires=made.requires,
        names=made.names,
    )


def _settings(names: FunctionNames, parts: Iterable[AppPart]) -> WorkflowSettings:
    apps = {task: part.key for part in parts for group in part.groups for task in group.tasks}
    return WorkflowSettings(tasks=names.tasks, prompts=names.prompts, apps=apps)


def _workflows(
    compiled: Mapping[str, Program], settings: WorkflowSettings, problems: Iterable[Diagnostic]
) -> tuple[Workflow, ...]:
    """The orchestrators of all flows, and everything that is wrong with any of them, and before, at once."""
    found: list[Workflow] = []
    said: dict[Diagnostic, None] = dict.fromkeys(problems)
    for program in compiled.values():
        try:
            found.append(compile_workflow(program, settings))
        except CheckFailed as error:
            said |= dict.fromkeys(error.diagnostics)
    if said:
        raise CheckFailed(*said)
    return tuple(found)


def _models(config: Config) -> dict[str, str]:
    """The resources that answer, by provider, where skyloom.toml names them."""
    known = config.settings.providers.items()
    return {name: str(provider.options["resource"]) for name, provider in known if "resource" in provider.options}


def _elsewhere(config: Config) -> frozenset[str]:
    """The providers that answer at an address which skyloom.toml names."""
    return frozenset(name for name, provider in config.settings.providers.items() if "endpoint" in provider.options)


def _too_large(groups: Iterable[FunctionGroup], compiled: Mapping[str, Program]) -> Iterator[Diagnostic]:
    tasks = {name: task for program in compiled.values() for name, task in program.tasks.items()}
    for group in groups:
        if group.memory is not None and group.memory > SIZES[-1]:
            for name in group.tasks:
                task = tasks[name]
                message = f"task `{name}` asks for {group.memory} MiB; an instance of a function app has {SIZES[-1]}"
                hint = "let the task work on less at a time, or deploy the app to another target"
                yield Diagnostic("SKY755", message, task.file, task.span, hint)


def _no_such_python(app: App, settings: FunctionSettings) -> Iterator[Diagnostic]:
    if settings.python not in PYTHONS:
        file = "app" if app.written is None else app.written.file
        message = f"function apps have no Python {settings.python}"
        yield Diagnostic("SKY757", message, file, hint=f"they have {', '.join(PYTHONS)}")


def _explanations(workflows: Iterable[Workflow]) -> Iterator[Explanation]:
    for workflow in workflows:
        for one in workflow.explained:
            yield Explanation(flow=workflow.flow, place=one.place, what=one.what, name=one.name, cost=one.cost)
