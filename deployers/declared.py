"""The resources of a template, the same for every cloud: put together, and what is accepted of what scanners find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Json = Any
Declared = dict[str, dict[str, Json]]
"""Resources by what the template knows them by: an address, a logical id, the expression of an id."""


def merged(*parts: Declared) -> Declared:
    """All resources together; no two may be known by the same."""
    result: Declared = {}
    for part in parts:
        twice = result.keys() & part.keys()
        assert not twice, f"two resources are called {', '.join(sorted(twice))}"
        result |= part
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A finding of policy scanners that is accepted.

    Attributes:
        rules: the ids of the scanners' rules.
        type: the type of resources that it is accepted for.
        reason: why, for whoever reviews the template.
        where: which resources of that type, by what the template knows them by and what it says of them.
    """

    rules: tuple[str, ...]
    type: str
    reason: str
    where: Callable[[str, Json], bool] = lambda known_by, made: True


def reasons(accepted: Iterable[Accepted], type_: str, known_by: str, made: Json) -> dict[str, str]:
    """The reasons for what is accepted of a resource, by the scanners' rules."""
    fitting = (one for one in accepted if one.type == type_ and one.where(known_by, made))
    return {rule: one.reason for one in fitting for rule in one.rules}
