"""Controls that are taken away, to see that a gate misses each: of one resource only one at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TypeVar

from gates.scanners import Finding

T = TypeVar("T")
Controls = Mapping[str, tuple[Callable[[T], None], set[Finding]]]
"""Each control by name: how it is taken away, and the findings of which there has to be one."""


def apart(controls: Controls[T]) -> list[list[str]]:
    """All controls, so that no two of a list are missed at the same resource."""
    lists: list[list[str]] = []
    places: list[set[str]] = []
    for control, (_, missed) in controls.items():
        at = {finding.resource for finding in missed}
        free = next((number for number, taken in enumerate(places) if not taken & at), None)
        if free is None:
            lists.append([control])
            places.append(at)
        else:
            lists[free].append(control)
            places[free] |= at
    return lists


def broken(whole: T, controls: Controls[T]) -> dict[str, T]:
    """Copies without controls, by name: as few as show which control is missed, for scanners start slowly."""
    copies: dict[str, T] = {}
    for number, names in enumerate(apart(controls)):
        copies[f"broken-{number}"] = without_them = copy.deepcopy(whole)
        for name in names:
            controls[name][0](without_them)
    return copies


def by_control(said: Mapping[str, set[Finding]], controls: Controls[T]) -> dict[str, set[Finding]]:
    """What gates say of the copy that a control was taken from, by control."""
    return {name: said[f"broken-{number}"] for number, names in enumerate(apart(controls)) for name in names}
