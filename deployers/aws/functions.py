"""The code of an app's Lambda functions: the host, the user's modules, what they require, and a generated handler."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from skyloom.deployers.aws.expressions_module import CONFORM, expressions_module
from skyloom.deployers.aws.machine.output import ConverseModel, HoistedExpression
from skyloom.deployers.aws.prompt_module import prompt_module
from skyloom.deployers.functions import FunctionGroup, function_groups, load_app, programs
from skyloom.deployers.grouping import file_of, needs_of_definition
from skyloom.deployers.modules import Needs
from skyloom.deployers.own import own_files
from skyloom.deployers.packaging import Package, running_python, with_bytecode
from skyloom.deployers.wheels import CannotPack, Platform, Unpacked, unpacked
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import App, Environment
from skyloom.flows.config import Config, load_config
from skyloom.flows.definitions import Definition
from skyloom.flows.frontend.load import location
from skyloom.flows.ir.program import Program, PromptDefinition, TaskDefinition
from skyloom.flows.runner.locate import locate

HOST = "skyloom.adapters.hosts.aws_lambda"
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
        return cls(python=environment.python or running, architecture=environment.architecture)

    @property
    def platform(self) -> Platform:
        """What wheels have to fit."""
        machine = _MACHINES[self.architecture]
        return Platform(python=self.python, machine=machine, glibc=_GLIBC.get(self.python, (2, 34)))

    @property
    def runtime(self) -> str:
        """The runtime's name at Lambda."""
        return f"python{self.python}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """All functions of a file's app, but the helper, which is known when the workflows are."""

    app: App
    programs: Mapping[str, Program]
    groups: tuple[FunctionGroup, ...]
    packages: Mapping[str, Package]
    config: Config


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
) -> dict[str, Package]:
    """The package of each group, by its key.

    Raises:
        CheckFailed: SKY531, a requirement has no wheel for the platform, or the whole is too large.
    """
    return {group.key: _Builder(programs, config, settings).package(group) for group in groups}


def helper_package(hoisted: Iterable[HoistedExpression], settings: FunctionSettings) -> Package:
    """The package of the app's helper function: a Python function for each hoisted expression."""
    expressions = tuple(hoisted)
    module = expressions_module(expressions)
    handler = _handler_source('expressions="expressions"', "Evaluates what the state machines of the app cannot.")
    own = {f"{HOST}.function", *(CONFORM if any(expression.types for expression in expressions) else ())}
    files = {**own_files(own), "expressions.py": module.encode(), "handler.py": handler.encode()}
    return Package(files=_finished(files, settings), handler="handler.handler")


def native_models(config: Config, aliases: Iterable[str]) -> dict[str, ConverseModel]:
    """The models that state machines may ask by themselves: those of Bedrock in the app's own account and region."""
    from skyloom.flows.config import resolve_model

    found: dict[str, ConverseModel] = {}
    for alias in sorted(set(aliases)):
        resolved = resolve_model(config, alias, "aws")
        if resolved.kind == "bedrock" and not resolved.options:
            found[alias] = ConverseModel(model=resolved.model, provider=resolved.provider)
    return found


class _Builder:
    """Builds the packages of one app."""

    def __init__(self, programs: Mapping[str, Program], config: Config, settings: FunctionSettings) -> None:
        self._tasks = {name: task for program in programs.values() for name, task in program.tasks.items()}
        self._prompts = {name: prompt for program in programs.values() for name, prompt in program.prompts.items()}
        self._config = config
        self._settings = settings

    def package(self, group: FunctionGroup) -> Package:
        definitions: list[TaskDefinition | PromptDefinition] = [self._tasks[name] for name in group.tasks]
        needs, places = Needs(), {}
        for definition in definitions:
            located = locate(definition)
            needs |= _renamed(needs_of_definition(located), located)
            places[definition.name] = f"{module_name(located)}:{definition.qualname}"
        own = {f"{HOST}.function", *needs.own}
        files: dict[str, bytes] = {}
        if group.prompts:
            prompts = [self._prompts[name] for name in group.prompts]
            module = prompt_module(prompts, self._config, module_name)
            files["prompts.py"] = module.source.encode()
            own |= module.own
            for located in module.located:
                needs |= _renamed(needs_of_definition(located), located)
            own |= needs.own
            handler = _handler_source('prompts="prompts"', f"Asks models: {', '.join(group.prompts)}.")
        else:
            table = "".join(f'        "{name}": "{place}",\n' for name, place in sorted(places.items()))
            handler = _handler_source(f"\n    tasks={{\n{table}    }}\n", f"Runs tasks: {', '.join(group.tasks)}.")
        required = self._required(group)
        files |= {path: file.read_bytes() for path, file in needs.files.items()}
        files |= own_files(own)
        name = "skyloom_handler" if "handler.py" in files else "handler"
        files[f"{name}.py"] = handler.encode()
        package = Package(
            files=_finished({**required.files, **files}, self._settings),
            handler=f"{name}.handler",
            requires=required.versions,
        )
        self._check_size(group, package)
        return package

    def _required(self, group: FunctionGroup) -> Unpacked:
        try:
            return unpacked(group.requires, self._settings.platform)
        except CannotPack as problem:
            platform = f"Python {self._settings.python} on {self._settings.architecture}"
            message = f"{', '.join(group.requires)}: no wheels for {platform}: {problem}"
            raise CheckFailed(self._diagnostic(group, message, "name versions that have wheels")) from problem

    def _check_size(self, group: FunctionGroup, package: Package) -> None:
        if package.size > MOST_BYTES:
            message = f"the function has {package.size:,} bytes, and Lambda takes {MOST_BYTES:,}"
            raise CheckFailed(self._diagnostic(group, message, "require less, or split the work among modules"))

    def _diagnostic(self, group: FunctionGroup, message: str, hint: str) -> Diagnostic:
        definitions: list[Any] = [self._tasks[name] for name in group.tasks]
        definitions += [self._prompts[name] for name in group.prompts]
        first = definitions[0]
        return Diagnostic("SKY531", f"function `{group.key}`: {message}", first.file, first.span, hint)


def module_name(definition: Definition[..., Any]) -> str:
    """The name of a definition's module in a package: its own, unless Python or the package has one of that name."""
    path = file_of(definition)
    _, name = location(path)
    top, _, rest = name.partition(".")
    if rest or path.stem == "__init__":
        return name
    clean = "".join(c if c.isalnum() or c == "_" else "_" for c in top)
    clean = clean if clean[:1].isalpha() or clean[:1] == "_" else f"_{clean}"
    taken = clean in sys.stdlib_module_names or clean in ("prompts", "skyloom", "awslambdaric")
    return f"{clean}_" if taken else clean


def _renamed(needs: Needs, definition: Definition[..., Any]) -> Needs:
    """The needs of a definition's module with the module under its name in the package."""
    path = file_of(definition)
    name = f"{module_name(definition).replace('.', '/')}.py"
    if path.stem == "__init__" or name in needs.files:
        return needs
    files = {(name if file == path else inside): file for inside, file in needs.files.items()}
    return Needs(files, needs.distributions, needs.own)


def _handler_source(arguments: str, sentence: str) -> str:
    return f'"""{sentence}"""\n\nfrom {HOST} import function\n\nhandler = function({arguments})\n'


def _finished(files: Mapping[str, bytes], settings: FunctionSettings) -> dict[str, bytes]:
    return with_bytecode(files, settings.python) if settings.bytecode else dict(sorted(files.items()))
