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
from collections.abc import Iterator
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


_CALLS = {
    "call_activity": "activityTrigger",
    "call_activity_with_retry": "activityTrigger",
    "call_sub_orchestrator": "orchestrationTrigger",
    "call_sub_orchestrator_with_retry": "orchestrationTrigger",
    "start_new": "orchestrationTrigger",
}


def called_names(folder: Path) -> Iterator[tuple[str, str, str]]:
    """What the app's own code calls by name: the kind of trigger, the name, and the place."""
    for path in sorted(folder.rglob("*.py")):
        if "skyloom" in path.relative_to(folder).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield _CALLS[node.func.attr], first.value, f"{path.name}:{node.lineno}"
