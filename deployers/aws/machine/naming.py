"""Names of variables and of states: readable, legal, unique where Step Functions wants it.

Variables of an inner scope (an item of a map, a branch) may not be called as any that a scope around it assigns. State
names are unique in the whole machine.
"""

from __future__ import annotations

import re
import unicodedata

from skyloom.deployers.aws.expr_writer import BUILTIN_FUNCTIONS
from skyloom.deployers.aws.limits import STATE_NAME, VARIABLE_NAME


class Scope:
    """The variables of one scope of a machine."""

    def __init__(self, around: Scope | None = None) -> None:
        self._around = around
        self._definite: set[str] = set() if around is None else around._definite
        self._own: set[str] = set()
        self._below: set[str] = set()

    def variable(self, wanted: str) -> str:
        """A new variable, called `wanted` if that is legal and free."""
        base = _legal(wanted)
        number = 1
        name = base
        while not self._is_free(name):
            number += 1
            suffix = f"_{number}"
            name = base[: VARIABLE_NAME.value - len(suffix)] + suffix
        self._own.add(name)
        scope = self._around
        while scope is not None:
            scope._below.add(name)
            scope = scope._around
        return name

    def flow_variable(self, wanted: str) -> str:
        """A new variable for one of a flow. Where it is read it has a value: the front end sees to that."""
        name = self.variable(wanted)
        self._definite.add(name)
        return name

    @property
    def definite(self) -> frozenset[str]:
        """The variables of flows, in this scope and all others of the machine."""
        return frozenset(self._definite)

    def _is_free(self, name: str) -> bool:
        if name in self._own or name in self._below or name in BUILTIN_FUNCTIONS:
            return False
        scope = self._around
        while scope is not None:
            if name in scope._own:
                return False
            scope = scope._around
        return True


class StateNames:
    """The names of the states of one machine."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def name(self, wanted: str) -> str:
        """A new name: `wanted` on one line, shortened where it is too long, with a number where it is taken."""
        base = " ".join(wanted.split()).replace("${", "$ {") or "state"
        base = "".join(c for c in base if not unicodedata.category(c).startswith("C"))
        name = _cut(base, STATE_NAME.value)
        while name in self._taken:
            self._taken[base] = self._taken.get(base, 1) + 1
            suffix = f" ({self._taken[base]})"
            name = _cut(base, STATE_NAME.value - len(suffix)) + suffix
        self._taken.setdefault(name, 1)
        return name


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _legal(wanted: str) -> str:
    """`wanted` as an identifier that starts with a letter: the front end's temporaries start with `_`."""
    name = re.sub(r"\W", "_", unicodedata.normalize("NFC", wanted)).lstrip("_0123456789")
    name = name[: VARIABLE_NAME.value] or "value"
    # A variable of that name would hide the function.
    return f"{name}_" if name in BUILTIN_FUNCTIONS else name
