"""The code of an app's function apps: the host, the user's modules, a generated `function_app.py`, and requirements.

Azure installs what `requirements.txt` names when the code is published (a remote build): each requirement stands there
with its version and the digest of the one wheel that was chosen, so that nothing else can be installed.
https://learn.microsoft.com/azure/azure-functions/python-build-options#remote-build
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from skyloom.adapters.hosts.azure_workers import MARGIN, ROUTE
from skyloom.deployers.azure.apps import AppPart
from skyloom.deployers.azure.earlier import version_of
from skyloom.deployers.azure.function_app import (
    FILE,
    ActivityPart,
    FunctionAppParts,
    OrchestratorPart,
    main_source,
    worker_source,
)
from skyloom.deployers.azure.host_json import host_json
from skyloom.deployers.azure.naming import FunctionNames
from skyloom.deployers.function_code import Carried, FunctionCode, Host
from skyloom.deployers.fused_module import MODULE
from skyloom.deployers.grouping import pinned
from skyloom.deployers.modules import imports_of
from skyloom.deployers.packaging import Package, running_python, with_bytecode
from skyloom.deployers.wheels import CannotPack, Platform, resolved
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import Environment

TARGET = "azure"
HOST = Host(
    target=TARGET,
    module="skyloom.adapters.hosts.azure_functions",
    entry="function_app",
    spare="function_app",
    workflows="orchestrators",
)
FRAMEWORK = ("azure-functions", "azure-functions-durable")
"""What functions are declared with, and what carries out orchestrators."""
REQUIREMENTS = "requirements.txt"
FLOWS, PROMPTS = "flows", "prompts"
"""The package of the orchestrators' modules, and the module that describes prompts."""

PYTHONS = ("3.11", "3.12", "3.13")
"""The Pythons of the Flex Consumption plan (learn.microsoft.com/azure/azure-functions/flex-consumption-how-to, November
2026), as far as Skyloom runs on them."""
_GLIBC = (2, 31)
"""What the oldest system of these has: Debian 11."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """How functions are built.

    Attributes:
        python: the Python they run on, as "3.13".
        pinned: whether requirements are resolved and pinned, for which pip asks the index; without, what a function
            requires is listed as it stands.
        bytecode: whether the app's own modules come with their bytecode: its files lie on a disk that cannot be
            written to, so that each start would compile them anew. What is required gets its own as it is installed.
    """

    python: str
    pinned: bool = True
    bytecode: bool = True

    @classmethod
    def of(cls, environment: Environment) -> FunctionSettings:
        """The settings of an app's environment. Where it names no Python: the one that runs here, or the newest that
        Azure has, so that what was tested is what is deployed. The processor is not to be chosen: it is x86-64."""
        running = running_python() if running_python() in PYTHONS else PYTHONS[-1]
        return cls(python=environment.python or running)

    @property
    def platform(self) -> Platform:
        """What wheels have to fit."""
        return Platform(python=self.python, machine="x86_64", glibc=_GLIBC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What the main app has besides tasks and prompts.

    Attributes:
        orchestrators: the source of each flow's module, by the name of its function.
        imports: lines for the head of `function_app.py` that its services need.
        services: their source.
        files: what they carry, by path.
        requires: what they require.
        names: the names of their functions.
    """

    orchestrators: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    services: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def main_package(
    app: str,
    parts: tuple[AppPart, ...],
    names: FunctionNames,
    addition: Addition,
    code: FunctionCode,
    settings: FunctionSettings,
    at_once: int | None = None,
) -> Package:
    """The package of the main app.

    Args:
        parts: all function apps, the main one first.
        at_once: how many activities an instance carries out at once; None: the usual number.

    Raises:
        CheckFailed: SKY531, a requirement has no wheel; SKY756, the user has a module `function_app`.
    """
    main, *workers = parts
    carried, prompts = _carried(main, code)
    package = FLOWS if not _has(carried, FLOWS) else f"skyloom_{FLOWS}"
    flows = _flows(package, addition.orchestrators)
    own = {name for path, data in flows.items() if path.endswith(".py") for name in _own_imports(data.decode())}
    version = version_of({**flows, **carried.skyloom(own, TARGET)})
    source = main_source(
        FunctionAppParts(
            app=app,
            flows=tuple(OrchestratorPart(name, _module(name)) for name in sorted(addition.orchestrators)),
            package=package,
            version=version,
            activities=tuple(_activities(parts, names)),
            places=carried.places,
            prompts=prompts,
            fused=_fused(carried),
            elsewhere=_elsewhere(workers, code),
            imports=addition.imports,
            services=addition.services,
        )
    )
    files = {
        **addition.files,
        **carried.files,
        **flows,
        **carried.skyloom({*own, *_own_imports(source)}, TARGET),
        FILE: source.encode(),
        "host.json": host_json(_longest(parts), version=version, activities=at_once),
    }
    return _with_requirements(files, (*main.requires, *addition.requires), FRAMEWORK, settings, "the main function app")


def _flows(package: str, orchestrators: Mapping[str, str]) -> dict[str, bytes]:
    """The package of the flows."""
    modules = {f"{package}/{_module(name)}.py": text.encode() for name, text in orchestrators.items()}
    return {f"{package}/__init__.py": b'"""The flows of the app."""\n', **modules} if modules else {}


def worker_package(
    app: str, part: AppPart, names: FunctionNames, code: FunctionCode, settings: FunctionSettings
) -> Package:
    """The package of an app that the main one calls. Raises CheckFailed, as `main_package`."""
    carried, prompts = _carried(part, code)
    activities = tuple(_activities((part,), names))
    described = FunctionAppParts(
        app=app, activities=activities, places=carried.places, prompts=prompts, fused=_fused(carried)
    )
    source = worker_source(described, ROUTE)
    files = {
        **carried.files,
        **carried.skyloom(set(_own_imports(source)), TARGET),
        FILE: source.encode(),
        "host.json": host_json(part.longest),
    }
    return _with_requirements(files, part.requires, FRAMEWORK[:1], settings, f"the function app `{part.key}`")


def function_names(part: AppPart, parts: tuple[AppPart, ...], names: FunctionNames, addition: Addition) -> list[str]:
    """The names of all functions of an app, sorted."""
    if part is not parts[0]:
        return [ROUTE]
    own = [activity.name for activity in _activities(parts, names)]
    return sorted([*addition.orchestrators, *own, *addition.names])


def _carried(part: AppPart, code: FunctionCode) -> tuple[Carried, str | None]:
    """The users' code, and the name of the module that describes prompts, where there are any."""
    spare = f"skyloom_{PROMPTS}"
    carried = code.carried(part.groups, prompts=spare)
    if FILE in carried.files:
        message = f"a module is called `{HOST.entry}`, which a function app has of its own"
        problem = code.problem(part.groups[0], message, "rename the module")
        raise CheckFailed(replace(problem, code="SKY756"))
    if f"{spare}.py" not in carried.files:
        return carried, None
    if _has(carried, PROMPTS):
        return carried, spare
    files = {(f"{PROMPTS}.py" if path == f"{spare}.py" else path): data for path, data in carried.files.items()}
    return replace(carried, files=files), PROMPTS


def _has(carried: Carried, module: str) -> bool:
    return any(path.partition("/")[0].removesuffix(".py") == module for path in carried.files)


def _activities(parts: Iterable[AppPart], names: FunctionNames) -> Iterable[ActivityPart]:
    """The tasks and prompts of all apps, as functions of the main one, sorted."""
    found = []
    for n, part in enumerate(parts):
        worker = None if n == 0 else part.key
        for group in part.groups:
            found += [ActivityPart(names.activity_name(task), worker) for task in group.tasks]
            found += [ActivityPart(names.prompt_name(prompt), worker) for prompt in group.prompts]
    return sorted(found, key=lambda activity: activity.name)


def _fused(carried: Carried) -> str | None:
    """The module that makes several calls of tasks in one invocation, where there is one."""
    return MODULE if f"{MODULE}.py" in carried.files else None


def _elsewhere(workers: Iterable[AppPart], code: FunctionCode) -> dict[str, float]:
    """Seconds that each task and prompt may take that another app carries out; the longer where both have one name."""
    found: dict[str, float] = {}
    for part in workers:
        for group in part.groups:
            for name in (*group.tasks, *group.prompts):
                found[name] = max(group.timeout, found.get(name, 0.0))
        found |= {fused.name: fused.definition.timeout for fused in code.together(part.groups)}
    return found


def _longest(parts: Iterable[AppPart]) -> float:
    """Seconds that an activity of the main app may take: it waits for those that other apps carry out."""
    main, *workers = parts
    return max([main.longest, *(part.longest + MARGIN for part in workers)])


def _module(name: str) -> str:
    """The module of an orchestrator."""
    return name.replace("-", "_")


def _own_imports(source: str) -> Iterable[str]:
    """The names of Skyloom that a generated module imports."""
    tree = ast.parse(source)
    return (one.name for one in imports_of(tree, "generated", is_package=False) if one.name.startswith("skyloom."))


def _with_requirements(
    files: Mapping[str, bytes],
    requires: Iterable[str],
    framework: Iterable[str],
    settings: FunctionSettings,
    what: str,
) -> Package:
    wanted = sorted({*requires, *pinned(framework)})
    lines, versions = wanted, tuple(wanted)
    if settings.pinned:
        try:
            wheels = resolved(wanted, settings.platform)
        except CannotPack as problem:
            message = f"{what}: no wheels for Python {settings.python} on x86-64: {problem}"
            hint = "name versions that have wheels"
            raise CheckFailed(Diagnostic("SKY531", message, REQUIREMENTS, hint=hint)) from problem
        lines = [f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.digest}" for wheel in wheels]
        versions = tuple(f"{wheel.name}=={wheel.version}" for wheel in wheels)
    text = "".join(f"{line}\n" for line in lines)
    complete = dict(sorted({**files, REQUIREMENTS: text.encode()}.items()))
    return Package(
        files=with_bytecode(complete, settings.python) if settings.bytecode else complete,
        handler=f"{HOST.entry}.app",
        requires=versions,
    )
