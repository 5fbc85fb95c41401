"""From an app to a bundle for Google Cloud: programs, functions, workflows, configuration.

app -> programs -> groups -> workflows -> packages -> configuration -> bundle
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from skyloom.deployers.base import Compiled
from skyloom.deployers.bundle import Bundle, json_bytes
from skyloom.deployers.functions import FunctionGroup, function_groups, group_of, programs
from skyloom.deployers.fused import all_fused, stretched
from skyloom.deployers.gcp.app_limits import advice, refusals
from skyloom.deployers.gcp.artifacts import function_object
from skyloom.deployers.gcp.charging import charges
from skyloom.deployers.gcp.explaining import explanations
from skyloom.deployers.gcp.functions import (
    HOST,
    TARGET,
    FunctionSettings,
    helper_package,
    native_models,
    packages,
    service_package,
)
from skyloom.deployers.gcp.listing import listings
from skyloom.deployers.gcp.measuring import measures
from skyloom.deployers.gcp.resources.code import zip_file
from skyloom.deployers.gcp.resources.gateway import DOCUMENT, document
from skyloom.deployers.gcp.resources.layout import SERVICES, Layout, Parts
from skyloom.deployers.gcp.resources.sources import own_sources
from skyloom.deployers.gcp.resources.workflows import source_file
from skyloom.deployers.gcp.saving import savings_of
from skyloom.deployers.gcp.services_package import service_files
from skyloom.deployers.gcp.sizing import sizes_of, values_too_large
from skyloom.deployers.gcp.template import MAIN, template
from skyloom.deployers.gcp.workflow import HELPER, Invoke, Workflow, WorkflowSettings, as_compiled, compile_workflow
from skyloom.deployers.hoisted import merged
from skyloom.deployers.packaging import Package, zipped
from skyloom.deployers.telling import told
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import App
from skyloom.flows.config import Config, load_config
from skyloom.flows.ir.program import Program


def compile_app(app: App, environment: str, settings: FunctionSettings | None = None) -> Compiled:
    """Everything that a deploy of the app needs. Same app, same bytes.

    Args:
        settings: how functions are built; by default as the environment says.

    Raises:
        CheckFailed: the app does not compile, or Google Cloud cannot carry something of it; with every diagnostic.
        ConfigError: skyloom.toml is wrong, or names no model for Google Cloud.
    """
    file = None if app.written is None else Path(app.written.file)
    config = load_config(file, environment, known=app.environments)
    compiled = programs(app)
    groups = function_groups(app, compiled, config, TARGET)
    compiling = _settings(app, compiled, groups, config)
    workflows = _workflows(compiled, compiling)
    used = {need.function for workflow in workflows for need in workflow.uses if isinstance(need, Invoke)}
    fused = all_fused(workflows)
    # A prompt that the workflows ask the model for by themselves needs no function.
    groups = stretched((group for group in groups if group.key in used), fused)
    chosen = settings or FunctionSettings.of(app.environment(environment))
    parts = Parts(
        app=app,
        environment=environment,
        programs=compiled,
        workflows=workflows,
        groups=groups,
        code={},
        runtime=chosen.runtime,
    )
    refused = tuple(refusals(Layout(parts)))
    if refused:
        raise CheckFailed(*refused)
    built = packages(compiled, groups, config, chosen, fused)
    if HELPER in used:
        built[HELPER] = helper_package(merged(workflows), chosen)
    if _has_services(Layout(parts)):
        built[SERVICES] = service_package(service_files(app, compiled), chosen)
    after = {one.flow: as_compiled(compiled[one.flow], compiling, one) for one in workflows}
    if refused := tuple(values_too_large(after, compiling)):
        raise CheckFailed(*refused)
    return replace(
        _bundled(_placed(parts, built), built),
        explanations=tuple(explanations(workflows, after.values())),
        measures=tuple(measures(compiled, after, workflows)),
        sizes=lambda runs: sizes_of(after, compiling, runs),
        savings=lambda: savings_of(compiled, compiling),
    )


def _has_services(layout: Layout) -> bool:
    """Whether the app asks, or is started from outside, or tells: else it needs none of the services."""
    return bool(layout.waits or layout.https or layout.started or layout.webhooks)


def _placed(parts: Parts, built: Mapping[str, Package]) -> Parts:
    """The parts, with where the code lies and begins."""
    code = {key: function_object(parts.app.name, parts.environment, package.files) for key, package in built.items()}
    entries = {key: package.handler.partition(".")[0] for key, package in built.items()}
    return replace(parts, code=code, entries={key: name for key, name in entries.items() if name != HOST.entry})


def _bundled(parts: Parts, built: Mapping[str, Package]) -> Compiled:
    layout = Layout(parts)
    files = {
        MAIN: json_bytes(template(layout)),
        **{name: json_bytes(written) for name, written in own_sources(layout).items()},
        **({DOCUMENT: json_bytes(document(layout))} if layout.has_gateway else {}),
        **{source_file(workflow.flow): workflow.definition.encode() for workflow in parts.workflows},
        **dict(_below("functions", built)),
        **{zip_file(key): zipped(package.files, compressed=False) for key, package in built.items()},
    }
    place = layout.settings
    return Compiled(
        bundle=Bundle(TARGET, parts.app.name, parts.environment, files, place.account, place.region),
        diagnostics=(*told(parts.workflows), *advice(layout)),
        listings=tuple(listings(parts.workflows)),
        charges=charges(parts.workflows, {group.key: group.memory for group in parts.groups}),
    )


def _settings(
    app: App, compiled: Mapping[str, Program], groups: Iterable[FunctionGroup], config: Config
) -> WorkflowSettings:
    tasks, prompts = group_of(groups)
    aliases = {prompt.model for program in compiled.values() for prompt in program.prompts.values()}
    return WorkflowSettings(app=app.name, tasks=tasks, prompts=prompts, models=native_models(config, aliases))


def _workflows(compiled: Mapping[str, Program], settings: WorkflowSettings) -> tuple[Workflow, ...]:
    """The workflows of all flows, and everything that is wrong with any of them at once."""
    found: list[Workflow] = []
    problems: dict[Diagnostic, None] = {}
    for program in compiled.values():
        try:
            found.append(compile_workflow(program, settings))
        except CheckFailed as error:
            problems |= dict.fromkeys(error.diagnostics)
    if problems:
        raise CheckFailed(*problems)
    return tuple(found)


def _below(folder: str, built: Mapping[str, Package]) -> Iterator[tuple[str, bytes]]:
    for key, package in built.items():
        for path, data in package.files.items():
            yield f"{folder}/{key}/{path}", data
