"""What things are called: the functions of an app, and in Azure.

All functions of a function app have their names in common, whatever triggers them, and their case does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from skyloom.deployers.naming import digest, fitting
from skyloom.flows.ir.program import Program

SERVICE = "skyloom_"
"""How the names of the app's own functions begin."""
LONGEST = 64
"""Characters of a function's name. The host takes 128; shorter ones are read more easily in logs."""

_VALID = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
"""What the host takes, `host` apart (`FunctionNameValidationRegex` in Azure/azure-functions-host, ScriptHost.cs)."""


@dataclass(frozen=True, slots=True)
class FunctionNames:
    """The names of an app's functions: those of the source, as far as they are free and the host takes them.

    Attributes:
        orchestrators: by flow.
        tasks: by task.
        prompts: by prompt.
    """

    orchestrators: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, programs: Iterable[Program]) -> FunctionNames:
        """The names for all flows, tasks and prompts of an app's programs. A name depends on the names around it, and
        not on their order: flows come first, then tasks, then prompts."""
        known = list(programs)
        wanted = {
            "flow": sorted({name for program in known for name in program.flows}),
            "task": sorted({name for program in known for name in program.tasks}),
            "prompt": sorted({name for program in known for name in program.prompts}),
        }
        taken: set[str] = set()
        found = {kind: {name: _free(name, kind, taken) for name in names} for kind, names in wanted.items()}
        return cls(found["flow"], found["task"], found["prompt"])

    def orchestrator_name(self, flow: str) -> str:
        """The function that carries out a flow."""
        return self.orchestrators[flow]

    def activity_name(self, task: str) -> str:
        """The function of a task."""
        return self.tasks[task]

    def prompt_name(self, prompt: str) -> str:
        """The function of a prompt."""
        return self.prompts[prompt]


def _free(name: str, kind: str, taken: set[str]) -> str:
    """The name, or one like it that is free, which `taken` then holds."""
    plain = fitting(name, LONGEST)
    if not _VALID.fullmatch(plain) or plain.lower() == "host" or plain.lower().startswith(SERVICE):
        plain = f"{kind}-{plain.lstrip('_-')}"
    if plain.lower() in taken:
        plain = f"{plain[: LONGEST - 7]}-{digest(kind, name)}"
    taken.add(plain.lower())
    return plain
