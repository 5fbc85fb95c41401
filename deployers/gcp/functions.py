"""The code of an app's Cloud Run functions: the host, the user's modules, a generated entry, and requirements, pinned.

Google builds a function from its source: requirements go there as a list, each with its version and the digest of the
one wheel that was chosen, so that nothing else can be installed.
https://cloud.google.com/run/docs/runtimes/python-dependencies
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from skyloom.deployers.function_code import Built, FunctionCode, Host, Sources, helper_sources
from skyloom.deployers.functions import FunctionGroup, function_groups, load_app, programs
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.gcp.flow.output import EVERYWHERE, VertexModel
from skyloom.deployers.grouping import pinned
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.packaging import Package, running_python
from skyloom.deployers.wheels import CannotPack, Platform, resolved
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import Environment
from skyloom.flows.config import Config, load_config, resolve_model
from skyloom.flows.ir.program import Program

TARGET = "gcp"
HOST = Host(
    target=TARGET, module="skyloom.adapters.hosts.cloud_run", entry="main", spare="skyloom_main", workflows="workflows"
)
FRAMEWORK = "functions-framework"
"""What answers HTTP in a function, and hands the requests to its handler."""
REQUIREMENTS = "requirements.txt"

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The Pythons of Cloud Run functions (cloud.google.com/run/docs/runtimes/python, November 2026)."""
_GLIBC = (2, 35)
"""What the runtimes' oldest system has: Ubuntu 22.04, the base image google-22."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """How functions are built.

    Attributes:
        python: the Python they run on, as "3.13".
        pinned: whether requirements are resolved and pinned, for which pip asks the index; without, what a function
            requires is listed as it stands.
    """

    python: str
    pinned: bool = True

    @classmethod
    def of(cls, environment: Environment) -> FunctionSettings:
        """The settings of an app's environment. Where it names no Python: the one that runs here, or the nearest that
        Google has, so that what was tested is what is deployed. The processor is not to be chosen: it is x86-64."""
        running = running_python() if running_python() in PYTHONS else PYTHONS[-1]
        return cls(python=environment.python or running)

    @property
    def platform(self) -> Platform:
        """What wheels have to fit."""
        return Platform(python=self.python, machine="x86_64", glibc=_GLIBC)

    @property
    def runtime(self) -> str:
        """The runtime's name at Google."""
        return f"python{self.python.replace('.', '')}"


def packages_of_file(
    path: Path, name: str | None = None, *, environment: str | None = None, settings: FunctionSettings | None = None
) -> Built:
    """Everything about the functions of one file's app.

    Raises:
        CheckFailed: the file, its app or its functions are wrong.
        ConfigError: skyloom.toml is.
    """
    app = load_app(path, name)
    config = load_config(path, environment)
    compiled = programs(app)
    groups = function_groups(app, compiled, config, TARGET)
    chosen = settings or FunctionSettings.of(app.environment(config.environment))
    built = packages(compiled, groups, config, chosen)
    return Built(app=app, programs=compiled, groups=groups, packages=built, config=config)


def packages(
    programs: Mapping[str, Program],
    groups: Iterable[FunctionGroup],
    config: Config,
    settings: FunctionSettings,
    fused: Iterable[FusedTask] = (),
) -> dict[str, Package]:
    """The package of each group, by its key. `fused`: the calls that share invocations.

    Raises:
        CheckFailed: SKY531, a requirement has no wheel for the platform.
    """
    code = FunctionCode(programs, config, HOST, fused)
    return {group.key: _package(group, code, settings) for group in groups}


def helper_package(hoisted: Iterable[HoistedExpression], settings: FunctionSettings) -> Package:
    """The package of the app's helper function: a Python function for each hoisted expression.

    Raises:
        CheckFailed: SKY531, there is no framework for the platform.
    """
    return _framework_only("helper", helper_sources(hoisted, HOST), settings)


def service_package(files: Mapping[str, bytes], settings: FunctionSettings) -> Package:
    """The package of the app's service functions, whose entry is `main.py`.

    Raises:
        CheckFailed: as `helper_package`.
    """
    return _framework_only("services", Sources(files, HOST.entry), settings)


def native_models(config: Config, aliases: Iterable[str]) -> dict[str, VertexModel]:
    """The models that workflows may ask by themselves: those of Vertex AI in the app's own project."""
    found: dict[str, VertexModel] = {}
    for alias in sorted(set(aliases)):
        known = resolve_model(config, alias, TARGET)
        location = known.options.get("location") or EVERYWHERE
        if known.kind == "vertex" and known.options.keys() <= {"location"} and _is_location(location):
            found[alias] = VertexModel(model=known.model, provider=known.provider, location=str(location))
    return found


def _is_location(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"global|us|eu|[a-z]+(-[a-z]+)+[0-9]+", name) is not None


def _framework_only(key: str, sources: Sources, settings: FunctionSettings) -> Package:
    try:
        return _with_requirements(sources, (), settings)
    except CannotPack as problem:
        message = f"function `{key}`: no {FRAMEWORK} for Python {settings.python} on x86-64: {problem}"
        raise CheckFailed(Diagnostic("SKY531", message, REQUIREMENTS)) from problem


def _package(group: FunctionGroup, code: FunctionCode, settings: FunctionSettings) -> Package:
    try:
        return _with_requirements(code.sources(group), group.requires, settings)
    except CannotPack as problem:
        message = f"{', '.join(group.requires)}: no wheels for Python {settings.python} on x86-64: {problem}"
        raise CheckFailed(code.problem(group, message, "name versions that have wheels")) from problem


def _with_requirements(sources: Sources, requires: tuple[str, ...], settings: FunctionSettings) -> Package:
    lines, versions = _requirements((*requires, *pinned([FRAMEWORK])), settings)
    files = {**sources.files, REQUIREMENTS: "".join(f"{line}\n" for line in lines).encode()}
    return Package(files=dict(sorted(files.items())), handler=f"{sources.entry}.handler", requires=versions)


def _requirements(requires: Iterable[str], settings: FunctionSettings) -> tuple[list[str], tuple[str, ...]]:
    """The lines of requirements.txt, and the versions in them."""
    if not settings.pinned:
        return sorted(set(requires)), ()
    wheels = resolved(requires, settings.platform)
    versions = tuple(f"{wheel.name}=={wheel.version}" for wheel in wheels)
    return [f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.digest}" for wheel in wheels], versions
