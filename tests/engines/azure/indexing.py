"""Whether an app can be loaded: by Azure's own worker library, and by what it does not look at.

The worker does not notice calls of functions that do not exist; what an orchestrator's code calls by name does
(`called_names`), since names stand there as literals or in the module's constants.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEXER = Path(__file__).with_name("indexer.py")
NAME = r"[A-Za-z][A-Za-z0-9_-]{0,127}"
"""What the host takes as the name of a function (FunctionNameValidationRegex in
https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Host/ScriptHost.cs); `host` is taken."""


class AppRefused(Exception):
    """The app is not loaded: the reason, in the worker's words or ours."""


@dataclass(frozen=True)
class Indexed:
    """A function as the worker tells it to the host."""

    name: str
    bindings: tuple[dict[str, Any], ...]

    @property
    def trigger(self) -> str:
        """The type of what starts it."""
        return next(str(one["type"]) for one in self.bindings if str(one["type"]).endswith("Trigger"))


def index(folder: Path) -> list[Indexed]:
    """Loads an app's folder in a process of its own, with its own modules before all others.

    Raises:
        AppRefused: the worker does not load it.
    """
    command = [sys.executable, "-P", str(INDEXER), str(folder)]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=kept)
    if done.returncode:
        raise AppRefused(done.stderr[-4000:])
    return [Indexed(one["name"], tuple(one["bindings"])) for one in json.loads(done.stdout.splitlines()[-1])]


def check(folder: Path) -> list[Indexed]:
    """Indexes an app and compares with what its own code calls.

    Raises:
        AppRefused: it cannot be loaded, or calls an activity or orchestrator that it has not.
    """
    functions = index(folder)
    for one in functions:
        if not re.fullmatch(NAME, one.name) or one.name.lower() == "host":
            raise AppRefused(f"{one.name!r} is no name of a function")
    if len({one.name.lower() for one in functions}) < len(functions):
        raise AppRefused("names of functions differ by more than their case")
    have = {one.name.lower(): one.trigger for one in functions}
    for kind, name, place in called_names(folder):
        if have.get(name.lower()) != kind:
            raise AppRefused(f"{place}: {name} is called, and the app has no {kind} of this name")
    return functions


_ACTIVITY, _ORCHESTRATOR = "activityTrigger", "orchestrationTrigger"
_METHODS = {
    "call_activity": _ACTIVITY,
    "call_activity_with_retry": _ACTIVITY,
    "call_sub_orchestrator": _ORCHESTRATOR,
    "call_sub_orchestrator_with_retry": _ORCHESTRATOR,
    "start_new": _ORCHESTRATOR,
}
"""Methods of the SDK whose first argument is the name of a function."""
_SERVICES = {"approval": "skyloom_waits", "wait_for": "skyloom_waits", "emit": "skyloom_emit"}
"""Methods of generated flows' runs that call an activity of the app's own."""


def called_names(folder: Path) -> Iterator[tuple[str, str, str]]:
    """What the app's own code calls by name: the kind of trigger, the name, and the place."""
    for path in sorted(folder.rglob("*.py")):
        if "skyloom" in path.relative_to(folder).parts:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        generated = any(
            isinstance(node, ast.ImportFrom) and node.module == "skyloom.adapters.hosts.durable" for node in tree.body
        )
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for kind, name in _called(node, generated):
                    yield kind, name, f"{path.name}:{node.lineno}"


def _called(node: ast.Call, generated: bool) -> Iterator[tuple[str, str]]:
    """What a call calls by name. Generated flows describe tasks and prompts in constants of their modules."""
    match node.func:
        case ast.Attribute(attr=method) if method in _METHODS:
            yield from ((_METHODS[method], name) for name in _texts(node.args[:1]))
        case ast.Attribute(value=ast.Name(id="run"), attr=method) if generated and method in _SERVICES:
            yield _ACTIVITY, _SERVICES[method]
        case ast.Name(id="task" | "prompt") if generated:
            own = [keyword.value for keyword in node.keywords if keyword.arg == "function"]
            yield from ((_ACTIVITY, name) for name in _texts(own or node.args[:1]))


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    return (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
