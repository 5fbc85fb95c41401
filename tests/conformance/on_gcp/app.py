"""Deploys the flows of a file of cases: functions in processes, and a workflow for each flow that a case starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conformance.on_gcp.surroundings import MODELS_VARIABLE
from conformance.suite import BUCKETS
from servers.cloud_run_service import Service

from skyloom.adapters.hosts.claims import BUCKET_VARIABLE
from skyloom.deployers.function_code import Built
from skyloom.deployers.fused import all_fused
from skyloom.deployers.gcp.functions import FunctionSettings, helper_package, native_models, packages, packages_of_file
from skyloom.deployers.gcp.workflow import HELPER, Workflow, WorkflowSettings, compile_workflow
from skyloom.deployers.hoisted import merged
from skyloom.deployers.packaging import Package, running_python
from skyloom.flows.invoke import TRACE_VARIABLE
from skyloom.flows.ir.program import Program

APP = "conformance"
SETTINGS = FunctionSettings(python=running_python(), pinned=False)


@dataclass
class Deployed:
    """The app of a file.

    Attributes:
        models: the address of models, for workflows.
        trace: where the host writes down the attempts of tasks.
        workflows: by name of the flow that a case starts.
        refusals: why a flow could not be compiled.
        services: the functions, by key.
    """

    models: str
    trace: Path
    workflows: dict[str, Workflow] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)

    def close(self) -> None:
        """Ends the functions."""
        for service in self.services.values():
            service.close()


def deploy(file: Path, programs: Mapping[str, Program], folder: Path, variables: Mapping[str, str]) -> Deployed:
    """Compiles and deploys these flows of a file. A flow that cannot be does not hinder the others.

    Args:
        variables: what every function gets besides its own: where it finds Google (`surroundings.google`).
    """
    deployed = Deployed(variables[MODELS_VARIABLE], folder / f"{file.stem}.jsonl")
    built = packages_of_file(file, settings=SETTINGS)
    for name, program in programs.items():
        try:
            deployed.workflows[name] = compile_workflow(program, settings_of(built))
        except Exception as problem:
            deployed.refusals[name] = problem
    own = {
        **variables,
        TRACE_VARIABLE: str(deployed.trace),
        "SKYLOOM_APP": built.app.name,
        "SKYLOOM_ENV": "test",
        BUCKET_VARIABLE: f"gs://{APP}",
        **dict.fromkeys(BUCKETS, APP),
    }
    try:
        for key, package in _packages(built, deployed.workflows.values()).items():
            deployed.services[key] = Service(package, folder / file.stem / key, folder / "libraries", own)
    except Exception:
        deployed.close()
        raise
    return deployed


def settings_of(built: Built) -> WorkflowSettings:
    """What the workflow compiler has to know: as in a deployment, it asks for plain text by itself."""
    aliases = {prompt.model for program in built.programs.values() for prompt in program.prompts.values()}
    return WorkflowSettings(
        app=APP,
        tasks={task: group.key for group in built.groups for task in group.tasks},
        prompts={prompt: group.key for group in built.groups for prompt in group.prompts},
        models=native_models(built.config, aliases),
    )


def _packages(built: Built, workflows: Iterable[Workflow]) -> dict[str, Package]:
    known = list(workflows)
    hoisted, fused = merged(known), all_fused(known)
    functions = built.packages
    if fused:
        functions = packages(built.programs, built.groups, built.config, SETTINGS, fused)
    return {**functions, **({HELPER: helper_package(hoisted, SETTINGS)} if hoisted else {})}
