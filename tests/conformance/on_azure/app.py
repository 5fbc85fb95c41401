"""Compiles the flows of a file of cases to one function app, and writes its folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from conformance.case import Case

from skyloom.conformance.case import programs_of
from skyloom.deployers.azure.apps import app_parts
from skyloom.deployers.azure.functions import HOST, TARGET, Addition, FunctionSettings, main_package
from skyloom.deployers.azure.naming import FunctionNames
from skyloom.deployers.azure.orchestrator.output import WorkflowSettings
from skyloom.deployers.azure.workflow import Workflow, compile_workflow
from skyloom.deployers.function_code import FunctionCode
from skyloom.deployers.functions import function_groups, load_app, programs
from skyloom.deployers.fused import all_fused
from skyloom.deployers.packaging import running_python
from skyloom.flows.config import load_config

SETTINGS = FunctionSettings(python=running_python(), pinned=False)


@dataclass(frozen=True)
class Built:
    """The app of a file.

    Attributes:
        folder: its code, as it would be published.
        names: the orchestrators of flows.
        refusals: why a flow could not be compiled.
    """

    folder: Path
    names: FunctionNames
    refusals: dict[str, Exception] = field(default_factory=dict)


def build(file: Path, cases: Iterable[Case], folder: Path) -> Built:
    """Compiles all flows of these cases. A flow that cannot be compiled does not hinder the others."""
    app = load_app(file, None)
    config = load_config(file, None)
    compiled = programs(app)
    own = programs_of(cases)
    names = FunctionNames.of([*compiled.values(), *own.values()])
    parts = app_parts(function_groups(app, compiled, config, TARGET))
    assert len(parts) == 1, "the cases need nothing that would be in another app"
    apps = dict.fromkeys(names.tasks, parts[0].key)
    settings = WorkflowSettings(tasks=names.tasks, prompts=names.prompts, apps=apps)
    built, workflows = Built(folder, names), dict[str, Workflow]()
    for flow, program in own.items():
        try:
            workflows[flow] = compile_workflow(program, settings)
        except Exception as problem:
            built.refusals[flow] = problem
    sources = {names.orchestrator_name(flow): workflow.source for flow, workflow in workflows.items()}
    addition = Addition(orchestrators=sources)
    code = FunctionCode(compiled, config, HOST, all_fused(workflows.values()))
    package = main_package(app.name, parts, names, addition, code, SETTINGS)
    for path, content in package.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return built
