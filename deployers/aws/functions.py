"""The code of an app's Lambda functions: the host, the user's modules, what they require, and a generated handler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from skyloom.deployers.aws.machine.output import ConverseModel
from skyloom.deployers.function_code import Built, FunctionCode, Host, helper_sources
from skyloom.deployers.functions import FunctionGroup, function_groups, load_app, programs
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.packaging import Package, running_python, with_bytecode
from skyloom.deployers.wheels import CannotPack, Platform, unpacked
from skyloom.errors import CheckFailed
from skyloom.flows.app import App, Environment
from skyloom.flows.config import Config, load_config
from skyloom.flows.ir.program import Program

HOST = Host(
    target="aws",
    module="skyloom.adapters.hosts.aws_lambda",
    entry="handler",
    spare="skyloom_handler",
    workflows="state machines",
)
MOST_BYTES = 262_144_000
"""Unzipped, of one function with its layers: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html."""

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The Pythons that Lambda runs (docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, November 2026)."""
_GLIBC = {"3.11": (2, 26)}
"""What the runtime's system has: Amazon Linux 2 for Python 3.11, and for later ones Amazon Linux 2023."""
_MACHINES: dict[str, str] = {"arm64": "aarch64", "x86_64": "x86_64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """How functions are built.

    Attributes:
        python: the Python they run on, as "3.13".
        architecture: the processor.
        bytecode: whether modules come with their bytecode; only where this Python can write it.
    """

    python: str
    architecture: Literal["arm64", "x86_64"] = "arm64"
    bytecode: bool = True

    @classmethod
    def of(cls, environment: Environment) -> FunctionSettings:
        """The settings of an app's environment. Where it names no Python: the one that runs here, or the nearest that
        Lambda has, so that what was tested is what is deployed."""
        running = running_python() if running_python() in PYTHONS else PYTHONS[-1]
        return cls(python=environment.python or running, architecture=environment.architecture or "arm64")

    @property
    def platform(self) -> Platform:
        """What wheels have to fit."""
        machine = _MACHINES[self.architecture]
        return Platform(python=self.python, machine=machine, glibc=_GLIBC.get(self.python, (2, 34)))

    @property
    def runtime(self) -> str:
        """The runtime's name at Lambda."""
        return f"python{self.python}"


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
    groups = function_groups(app, compiled, config)
    chosen = settings or FunctionSettings.of(app.environment(config.environment))
    built = packages(app, compiled, groups, config, chosen)
    return Built(app=app, programs=compiled, groups=groups, packages=built, config=config)


def packages(
    app: App,
    programs: Mapping[str, Program],
    groups: Iterable[FunctionGroup],
    config: Config,
    settings: FunctionSettings,
    fused: Iterable[FusedTask] = (),
) -> dict[str, Package]:
    """The package of each group, by its key. `fused`: the calls that share invocations.

    Raises:
        CheckFailed: SKY531, a requirement has no wheel for the platform, or the whole is too large.
    """
    code = FunctionCode(programs, config, HOST, fused)
    return {group.key: _package(group, code, settings) for group in groups}


def helper_package(hoisted: Iterable[HoistedExpression], settings: FunctionSettings) -> Package:
    """The package of the app's helper function: a Python function for each hoisted expression."""
    sources = helper_sources(hoisted, HOST)
    return Package(files=_finished(sources.files, settings), handler=f"{sources.entry}.handler")


def native_models(config: Config, aliases: Iterable[str]) -> dict[str, ConverseModel]:
    """The models that state machines may ask by themselves: those of Bedrock in the app's own account and region."""
    from skyloom.flows.config import resolve_model

    found: dict[str, ConverseModel] = {}
    for alias in sorted(set(aliases)):
        resolved = resolve_model(config, alias, "aws")
        if resolved.kind == "bedrock" and not resolved.options:
            found[alias] = ConverseModel(model=resolved.model, provider=resolved.provider)
    return found


def _package(group: FunctionGroup, code: FunctionCode, settings: FunctionSettings) -> Package:
    sources = code.sources(group)
    try:
        required = unpacked(group.requires, settings.platform)
    except CannotPack as problem:
        platform = f"Python {settings.python} on {settings.architecture}"
        message = f"{', '.join(group.requires)}: no wheels for {platform}: {problem}"
        raise CheckFailed(code.problem(group, message, "name versions that have wheels")) from problem
    package = Package(
        files=_finished({**required.files, **sources.files}, settings),
        handler=f"{sources.entry}.handler",
        requires=required.versions,
    )
    if package.size > MOST_BYTES:
        message = f"the function has {package.size:,} bytes, and Lambda takes {MOST_BYTES:,}"
        raise CheckFailed(code.problem(group, message, "require less, or split the work among modules"))
    return package


def _finished(files: Mapping[str, bytes], settings: FunctionSettings) -> dict[str, bytes]:
    return with_bytecode(files, settings.python) if settings.bytecode else dict(sorted(files.items()))
