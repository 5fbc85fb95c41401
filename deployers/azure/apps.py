"""Which function apps an app of Skyloom becomes: one that has nearly everything, and others where it must be.

All functions of a function app share its code, its memory and its identity. What may do more than the rest, needs more
memory, or requires what the rest excludes, has a function app of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from skyloom.deployers.functions import AskModel, FunctionGroup, Permission
from skyloom.deployers.naming import digest

MAIN = "main"
"""The key of the function app that has the flows."""
SIZES = (512, 2048, 4096)
"""MiB that an instance may have. https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes"""
USUAL = 2048
"""MiB of an instance where no task says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPart:
    """One function app.

    Attributes:
        key: `main`, or that of its first group; each once.
        groups: what it carries out, by key.
        memory: MiB of its instances, one of `SIZES`.
    """

    key: str
    groups: tuple[FunctionGroup, ...]
    memory: int = USUAL

    @property
    def requires(self) -> tuple[str, ...]:
        """What its groups require, sorted."""
        return tuple(sorted({text for group in self.groups for text in group.requires}))

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What its groups may do, sorted."""
        return tuple(sorted({one for group in self.groups for one in group.permissions}, key=repr))

    @property
    def longest(self) -> float:
        """Seconds that an attempt may take."""
        return max((group.timeout for group in self.groups), default=0.0)


def app_parts(groups: Iterable[FunctionGroup]) -> tuple[AppPart, ...]:
    """The function apps for these groups: the main one first, the others by key.

    Groups that need the same besides the usual share a function app. Of two that exclude each other the later, by key,
    goes elsewhere; those that ask models never do, as the main app is the one that may.
    """
    found: list[_Place] = [_Place(MAIN, ((), USUAL), [])]
    for group in sorted(groups, key=lambda group: (not _asks(group), group.key)):
        wanted = (own_permissions(group), size_for(group))
        place = next((one for one in found if one.wanted == wanted and _agree(one.groups, group)), None)
        if place is None:
            # A task may be called `main` too.
            key = group.key if group.key != MAIN else f"{MAIN}-{digest(repr(wanted))}"
            found.append(place := _Place(key, wanted, []))
        place.groups.append(group)
    parts = [
        AppPart(key=one.key, groups=tuple(sorted(one.groups, key=lambda group: group.key)), memory=one.wanted[1])
        for one in found
    ]
    return (parts[0], *sorted(parts[1:], key=lambda part: part.key))


@dataclass(frozen=True, slots=True)
class _Place:
    key: str
    wanted: tuple[tuple[Permission, ...], int]
    groups: list[FunctionGroup]


def _asks(group: FunctionGroup) -> bool:
    """Whether it asks models and needs nothing of its own for that."""
    return bool(group.permissions) and not own_permissions(group)


def own_permissions(group: FunctionGroup) -> tuple[Permission, ...]:
    """What a group may do that nothing else may. Asking models is not of it: Skyloom's own code does that, in the main
    app, and on Azure it is allowed for a whole account of models."""
    return tuple(one for one in group.permissions if not isinstance(one, AskModel))


def size_for(group: FunctionGroup) -> int:
    """MiB of the instances that a group needs: the usual, or more. One that needs more than there is gets the most."""
    needed = group.memory or USUAL
    return next((size for size in SIZES if size >= max(needed, USUAL)), SIZES[-1])


def _agree(groups: Iterable[FunctionGroup], other: FunctionGroup) -> bool:
    """Whether what a group requires can be installed beside what the others require, as far as their texts tell."""
    return not any(
        mine.name == theirs.name and _exclude(mine.requirement, theirs.requirement)
        for group in groups
        for mine in _named(group)
        for theirs in _named(other)
    )


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    requirement: Requirement


def _named(group: FunctionGroup) -> Iterator[_Named]:
    for text in group.requires:
        requirement = Requirement(text)
        yield _Named(canonicalize_name(requirement.name), requirement)


def _exclude(one: Requirement, other: Requirement) -> bool:
    """Whether no version that either names suits both. Where none is named that would, two function apps are made
    without need, which does no harm."""
    if str(one.specifier) == str(other.specifier) or not one.specifier or not other.specifier:
        return False
    named = {part.version.removesuffix(".*") for part in (*one.specifier, *other.specifier)}
    both = one.specifier & other.specifier
    return not any(both.contains(version, prereleases=True) for version in named)
