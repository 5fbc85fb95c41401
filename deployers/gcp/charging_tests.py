"""What conditions of workflows ask of variables that hold constants: those that the compiler makes, mostly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from skyloom.deployers.charging import Holds
from skyloom.deployers.gcp.steps import Steps, Switch, walk

_CONDITION = re.compile(r'\$\{(\w+) (==|!=) ("[^"\\]*"|null|true|false|-?\d+)\}')


def condition(text: object, scope: str = "") -> Holds | None:
    """What a condition asks, where it compares a variable with a constant. `scope` goes before the variable's name."""
    found = _CONDITION.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else Holds(scope + found[1], found[3], is_equal=found[2] == "==")


def asked_variables(steps: Steps) -> Iterator[str]:
    """The variables that conditions of these steps ask for."""
    for step in walk(steps):
        if isinstance(step, Switch):
            yield from (test.variable for case in step.cases if (test := condition(case.condition)) is not None)


def constant(value: object) -> str | None:
    """A value as conditions write it; None for one that only a run knows, and for lists and objects."""
    if isinstance(value, dict | list) or (isinstance(value, str) and value.startswith("${")):
        return None
    return json.dumps(value, ensure_ascii=False)
