"""What the code of functions has in common on every cloud: a host, the user's modules, and a generated entry."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.expressions_module import CONFORM, expressions_module
from skyloom.deployers.functions import FunctionGroup
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.fused_module import MODULE, fused_module, own_names
from skyloom.deployers.grouping import file_of, needs_of_definition
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.modules import Needs
from skyloom.deployers.own import own_files
from skyloom.deployers.packaging import Package
from skyloom.deployers.prompt_module import prompt_module
from skyloom.errors import Diagnostic
from skyloom.flows.app import App
from skyloom.flows.config import Config
from skyloom.flows.definitions import Definition
from skyloom.flows.frontend.load import location
from skyloom.flows.ir.program import Program
from skyloom.flows.runner.locate import locate

_TAKEN = frozenset({"awslambdaric", "azure", "function_app", "functions_framework", "prompts", "skyloom", MODULE})
"""Modules that packages have, besides the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a cloud has its functions run in.

    Attributes:
        target: the cloud's name.
        module: Skyloom's module that answers the runtime; it has a `function`.
        entry: the module of a package in which the runtime begins, and where the user has one of that name,
        spare: the one that takes its place.
        workflows: what people call that which starts the functions.
    """

    target: str
    module: str
    entry: str
    spare: str
    workflows: str

    def source(self, arguments: str, sentence: str) -> bytes:
        """The entry's source: `handler` answers."""
        text = f'"""{sentence}"""\n\nfrom {self.module} import function\n\nhandler = function({arguments})\n'
        return text.encode()


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a function but what it requires, by path, and the name of the module in which the runtime begins."""

    files: Mapping[str, bytes]
    entry: str


@dataclass(frozen=True, slots=True)
class Carried:
    """The users' code of a package.

    Attributes:
        files: by path; the module that describes prompts among them.
        own: names of Skyloom that they import.
        places: where each task is defined: `module:qualname`.
        models: whether there may be pydantic models.
    """

    files: Mapping[str, bytes]
    own: frozenset[str]
    places: Mapping[str, str]
    models: bool

    def skyloom(self, names: Iterable[str], target: str) -> dict[str, bytes]:
        """The files of Skyloom that all this and `names` need."""
        return own_files({*self.own, *names}, models=self.models, target=target)


def helper_sources(hoisted: Iterable[HoistedExpression], host: Host) -> Sources:
    """The sources of the app's helper function: a Python function for each hoisted expression."""
    expressions = tuple(hoisted)
    module = expressions_module(expressions, host.workflows)
    entry = host.source('expressions="expressions"', f"Evaluates what the {host.workflows} of the app cannot.")
    own = {f"{host.module}.function", *(CONFORM if any(expression.types for expression in expressions) else ())}
    files = {
        **own_files(own, models=False, target=host.target),
        "expressions.py": module.encode(),
        f"{host.entry}.py": entry,
    }
    return Sources(files, host.entry)


class FunctionCode:
    """Makes the sources of one app's functions."""

    def __init__(
        self, programs: Mapping[str, Program], config: Config, host: Host, fused: Iterable[FusedTask] = ()
    ) -> None:
        self._tasks = {name: task for program in programs.values() for name, task in program.tasks.items()}
        self._prompts = {name: prompt for program in programs.values() for name, prompt in program.prompts.items()}
        self._config = config
        self._host = host
        self._fused = tuple(fused)

    def sources(self, group: FunctionGroup) -> Sources:
        """The sources of a group's function."""
        carried = self.carried([group])
        files = {**carried.files, **carried.skyloom({f"{self._host.module}.function"}, self._host.target)}
        entry = self._host.spare if f"{self._host.entry}.py" in files else self._host.entry
        return Sources({**files, f"{entry}.py": self._entry(group, carried)}, entry)

    def carried(self, groups: Iterable[FunctionGroup], prompts: str = "prompts") -> Carried:
        """What a package carries that has the tasks and prompts of these groups, these in the module `prompts`."""
        known = list(groups)
        needs, places = self._working(sorted(name for group in known for name in group.tasks))
        files: dict[str, bytes] = {}
        own: frozenset[str] = frozenset()
        asked = sorted(name for group in known for name in group.prompts)
        if asked:
            module = prompt_module(
                [self._prompts[name] for name in asked], self._config, module_name, self._host.target
            )
            for located in module.located:
                needs |= _renamed(needs_of_definition(located), located)
            files, own = {f"{prompts}.py": module.source.encode()}, module.own
        files |= {path: file.read_bytes() for path, file in needs.files.items()}
        together = self.together(known)
        if together:
            files[f"{MODULE}.py"] = fused_module(together).encode()
        return Carried(files, own | needs.own | own_names(together), places, any(group.requires for group in known))

    def together(self, groups: Iterable[FunctionGroup]) -> list[FusedTask]:
        """The calls that these groups make in one invocation."""
        tasks = {name for group in groups for name in group.tasks}
        return [one for one in self._fused if one.calls.like in tasks]

    def problem(self, group: FunctionGroup, message: str, hint: str) -> Diagnostic:
        """SKY531: the function cannot be built."""
        definitions: list[Any] = [self._tasks[name] for name in group.tasks]
        definitions += [self._prompts[name] for name in group.prompts]
        first = definitions[0]
        return Diagnostic("SKY531", f"function `{group.key}`: {message}", first.file, first.span, hint)

    def _working(self, tasks: Iterable[str]) -> tuple[Needs, dict[str, str]]:
        needs, places = Needs(), {}
        for name in tasks:
            located = locate(self._tasks[name])
            needs |= _renamed(needs_of_definition(located), located)
            places[name] = f"{module_name(located)}:{self._tasks[name].qualname}"
        return needs, places

    def _entry(self, group: FunctionGroup, carried: Carried) -> bytes:
        if group.prompts:
            return self._host.source('prompts="prompts"', f"Asks models: {', '.join(group.prompts)}.")
        table = "".join(f'        "{name}": "{place}",\n' for name, place in carried.places.items())
        fused = f'    fused="{MODULE}",\n' if self.together([group]) else ""
        tasks = f"\n    tasks={{\n{table}    }},\n{fused}" if fused else f"\n    tasks={{\n{table}    }}\n"
        return self._host.source(tasks, f"Runs tasks: {', '.join(group.tasks)}.")


def module_name(definition: Definition[..., Any]) -> str:
    """The name of a definition's module in a package: its own, unless Python or the package has one of that name."""
    path = file_of(definition)
    _, name = location(path)
    top, _, rest = name.partition(".")
    if rest or path.stem == "__init__":
        return name
    clean = "".join(c if c.isalnum() or c == "_" else "_" for c in top)
    clean = clean if clean[:1].isalpha() or clean[:1] == "_" else f"_{clean}"
    taken = clean in sys.stdlib_module_names or clean in _TAKEN
    return f"{clean}_" if taken else clean


def _renamed(needs: Needs, definition: Definition[..., Any]) -> Needs:
    """The needs of a definition's module with the module under its name in the package."""
    path = file_of(definition)
    name = f"{module_name(definition).replace('.', '/')}.py"
    if path.stem == "__init__" or name in needs.files:
        return needs
    files = {(name if file == path else inside): file for inside, file in needs.files.items()}
    return Needs(files, needs.distributions, needs.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """All functions of a file's app, but the helper, which is known when the workflows are."""

    app: App
    programs: Mapping[str, Program]
    groups: tuple[FunctionGroup, ...]
    packages: Mapping[str, Package]
    config: Config
