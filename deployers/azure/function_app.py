"""Writes `function_app.py`: the functions of a function app, as the Python worker finds them.

https://learn.microsoft.com/azure/azure-functions/functions-reference-python
https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-overview
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from skyloom.flows.expr.fstrings import quoted

FILE = "function_app.py"
"""The file in which the worker looks for functions."""
_OWN = frozenset(
    {"Any", "Activities", "Answering", "Workers", "app", "df", "func", "jobs", "versions", "workers", "Versions"}
)
"""Names that the file has besides those of functions."""


@dataclass(frozen=True, slots=True)
class OrchestratorPart:
    """A flow: the name of its function, and its module in the package of flows."""

    name: str
    module: str


@dataclass(frozen=True, slots=True)
class ActivityPart:
    """A task or prompt: the name of its function, and the key of the app that carries it out where that is another."""

    name: str
    worker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionAppParts:
    """What the file says.

    Attributes:
        app: the app's name.
        flows: its orchestrators.
        package: the package of their modules.
        version: their version.
        activities: its tasks and prompts.
        places: where tasks are defined that this app carries out: `module:qualname`, by task.
        prompts: the module that describes the prompts that this app asks.
        fused: the module that makes several calls of tasks in one invocation.
        elsewhere: seconds that tasks and prompts may take that other apps carry out.
        imports: lines that the source of the services needs.
        services: their source.
    """

    app: str
    flows: tuple[OrchestratorPart, ...] = ()
    package: str = "flows"
    version: str = ""
    activities: tuple[ActivityPart, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    prompts: str | None = None
    fused: str | None = None
    elsewhere: Mapping[str, float] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    services: str = ""


def main_source(parts: FunctionAppParts) -> str:
    """The file of the main app."""
    jobs = bool(parts.places or parts.prompts)
    taken = set(_OWN) | {parts.package, "skyloom", *_imported(parts.imports)}
    blocks = [
        f'"""The function app of {parts.app}: its flows, what they call, and what comes from outside."""',
        "\n".join(_imports(parts, jobs)),
        "app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)",
    ]
    tables = [f"versions = Versions({quoted(parts.version)})"] if parts.flows else []
    tables += [*(_jobs(parts) if jobs else ()), *(_workers(parts.elsewhere) if parts.elsewhere else ())]
    blocks += ["\n".join(tables)] if tables else []
    functions = [_orchestrator(flow, parts.package, taken) for flow in parts.flows]
    functions += [_activity(activity, taken) for activity in parts.activities]
    functions += [parts.services.strip("\n")] if parts.services.strip() else []
    return "\n\n".join(blocks) + "".join(f"\n\n\n{function}" for function in functions) + "\n"


def worker_source(parts: FunctionAppParts, route: str) -> str:
    """The file of an app that carries out what the main one asks for. `route` is where, and the function's name."""
    names = ", ".join(activity.name for activity in parts.activities)
    lines = [
        f'"""A function app of {parts.app} that carries out what the main one asks for: {names}."""',
        "",
        "import azure.functions as func",
        "",
        "from skyloom.adapters.hosts.azure_functions import Activities",
        "from skyloom.adapters.hosts.azure_workers import Answering",
        "",
        "app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)",
        "",
        "",
        "def respond(text: str, status: int) -> func.HttpResponse:",
        '    return func.HttpResponse(text, status_code=status, mimetype="application/json")',
        "",
        "",
        *_jobs(parts),
        "answering = Answering(jobs, respond)",
        "",
        "",
        f'@app.function_name("{route}")',
        f'@app.route(route="{route}", methods=["POST"], trigger_arg_name="request")',
        f"def {route}(request: func.HttpRequest, context: func.Context) -> func.HttpResponse:",
        "    return answering.run(request, context)",
        "",
    ]
    return "\n".join(lines)


def _imports(parts: FunctionAppParts, jobs: bool) -> Iterable[str]:
    """The imports, in groups as ruff sorts them: libraries, then what the app carries."""
    yield "import azure.durable_functions as df"
    yield "import azure.functions as func"
    yield ""
    yield from (f"import {parts.package}.{module}" for module in sorted({flow.module for flow in parts.flows}))
    own = ["from skyloom.adapters.hosts.azure_functions import Activities"] if jobs else []
    own += ["from skyloom.adapters.hosts.azure_versions import Versions"] if parts.flows else []
    own += ["from skyloom.adapters.hosts.azure_workers import Workers"] if parts.elsewhere else []
    yield from _together((*own, *parts.imports))


def _together(lines: Iterable[str]) -> Iterable[str]:
    """Lines `from a import b`, one for each module, sorted."""
    names: dict[str, set[str]] = {}
    for line in lines:
        module, _, listed = line.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).update(name.strip() for name in listed.split(","))
    yield from (f"from {module} import {', '.join(sorted(names[module]))}" for module in sorted(names))


def _jobs(parts: FunctionAppParts) -> Iterable[str]:
    """The table of what this app carries out."""
    yield "jobs = Activities("
    if parts.places:
        yield "    tasks={"
        yield from (f"        {quoted(task)}: {quoted(place)}," for task, place in sorted(parts.places.items()))
        yield "    },"
    if parts.prompts:
        yield f"    prompts={quoted(parts.prompts)},"
    if parts.fused:
        yield f"    fused={quoted(parts.fused)},"
    yield ")"


def _workers(elsewhere: Mapping[str, float]) -> Iterable[str]:
    yield "workers = Workers("
    yield "    seconds={"
    yield from (f"        {quoted(name)}: {seconds!r}," for name, seconds in sorted(elsewhere.items()))
    yield "    },"
    yield ")"


def _imported(lines: Iterable[str]) -> Iterable[str]:
    return (name.strip() for line in lines for name in line.partition(" import ")[2].split(","))


def _orchestrator(flow: OrchestratorPart, package: str, taken: set[str]) -> str:
    return "\n".join(
        [
            f"@app.function_name({quoted(flow.name)})",
            '@app.orchestration_trigger(context_name="context")',
            f"def {_identifier(flow.name, taken)}(context: df.DurableOrchestrationContext):",
            f"    return (yield from versions.of(context, {package}.{flow.module}).orchestrator(context))",
        ]
    )


def _activity(activity: ActivityPart, taken: set[str]) -> str:
    run = "jobs.run(call, context)"
    if activity.worker is not None:
        run = f"workers.run({quoted(activity.worker)}, call, context)"
    return "\n".join(
        [
            f"@app.function_name({quoted(activity.name)})",
            '@app.activity_trigger(input_name="call")',
            f"def {_identifier(activity.name, taken)}(call: str, context: func.Context) -> str:",
            f"    return {run}",
        ]
    )


def _identifier(name: str, taken: set[str]) -> str:
    """The function's name in the file, which `taken` then holds."""
    plain = name.replace("-", "_")
    while plain in taken or keyword.iskeyword(plain):
        plain += "_"
    taken.add(plain)
    return plain
