"""What is known of a flow's variables at one point of it, and how two such points join."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from skyloom.flows.expr.types import ANY, Type, union

Place = tuple[str, ...]
"""A variable, or a field of one: `("ticket",)`, `("ticket", "customer", "name")`."""


class Ownership(IntEnum):
    """Who else may reach a variable's value. A join takes the larger."""

    FRESH = 0
    """Nobody, all the way down."""
    SHALLOW = 1
    """The list, dict or model is nobody else's; what is inside it may be."""
    SHARED = 2
    """The value itself may be reachable another way."""


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """A change of a variable, and those before it."""

    name: str
    before: Trail | None
    depth: int


@dataclass(slots=True, eq=False)
class Scope:
    """What is known at one point.

    Attributes:
        types: of every variable that some path here has assigned.
        sure: the variables that every path has assigned.
        facts: types of variables and fields that tests on the way here have narrowed.
        owners: who else may reach a variable's value.
        alive: whether control can come here at all.
        poisoned: the variables whose value has a problem that is reported; nobody complains about them again.
        trail: the variables that have changed on the way here, latest first. Scopes that were one once share its end,
            so that joining them looks at nothing else.
    """

    types: dict[str, Type] = field(default_factory=dict)
    sure: frozenset[str] = frozenset()
    facts: dict[Place, Type] = field(default_factory=dict)
    owners: dict[str, Ownership] = field(default_factory=dict)
    alive: bool = True
    poisoned: frozenset[str] = frozenset()
    trail: Trail | None = None

    def copy(self) -> Scope:
        """A scope of its own with the same knowledge."""
        types, facts, owners = dict(self.types), dict(self.facts), dict(self.owners)
        return Scope(types, self.sure, facts, owners, self.alive, self.poisoned, self.trail)

    def type_of(self, name: str) -> Type:
        """The variable's type, narrowed by what is known."""
        return self.facts.get((name,), self.types[name])

    def assign(self, name: str, of: Type, owner: Ownership) -> None:
        """The variable has a new value."""
        self.forget(name)
        self.retype(name, of)
        self.own(name, owner)
        if name not in self.sure:
            self.sure |= {name}
        if name in self.poisoned:
            self.poisoned -= {name}

    def retype(self, name: str, of: Type) -> None:
        """The variable's value has this type now."""
        self.types[name] = of
        self._step(name)

    def own(self, name: str, owner: Ownership) -> None:
        """Who else may reach the variable's value now."""
        self.owners[name] = owner
        self._step(name)

    def share(self, name: str, owner: Ownership) -> None:
        """As `own`, but never less than what is known already."""
        if owner > self.owners.get(name, Ownership.FRESH):
            self.own(name, owner)

    def _step(self, name: str) -> None:
        self.trail = Trail(name, self.trail, self.trail.depth + 1 if self.trail else 1)

    def poison(self, name: str) -> None:
        """The variable would have a value if what assigns it were right."""
        self.assign(name, ANY, Ownership.FRESH)
        self.poisoned |= {name}

    def cured(self, before: Scope) -> Scope:
        """This scope, at the end of a loop's round that began with `before`, without what problems in it have spoilt:
        the next round must find, and report, them again."""
        result = self.copy()
        for name in self.poisoned - before.poisoned:
            if name in before.types:
                result.assign(name, before.types[name], before.owners.get(name, Ownership.FRESH))
            else:
                del result.types[name]
                result._step(name)
                result.poisoned -= {name}
            if name not in before.sure:
                result.sure -= {name}
        return result

    def forget(self, name: str) -> None:
        """What tests have told of the variable and its fields holds no longer."""
        if self.facts:
            self.facts = {place: of for place, of in self.facts.items() if place[0] != name}

    def forget_at(self, place: Place, *, itself: bool) -> None:
        """What tests have told of what is below `place`, and with `itself` of the place too, holds no longer."""
        least = len(place) + (not itself)
        if self.facts:
            self.facts = {
                known: of for known, of in self.facts.items() if len(known) < least or known[: len(place)] != place
            }

    def narrowed(self, facts: dict[Place, Type]) -> Scope:
        """This scope with more facts; not alive when a fact says that there is no value."""
        inner = self.copy()
        for place, of in facts.items():
            inner.facts[place] = of
        return inner


def join(*scopes: Scope) -> Scope:
    """What is known where the paths meet; paths that are not alive do not count."""
    living = [scope for scope in scopes if scope.alive]
    if not living:
        dead = scopes[0].copy()
        dead.alive = False
        return dead
    if len(living) == 1:
        return living[0].copy()
    names, past = _changes(living)
    result = living[0].copy()
    result.trail = past
    for other in living[1:]:
        result.sure &= other.sure
        result.poisoned |= other.poisoned
    for name in sorted(names):
        known = [scope.types[name] for scope in living if name in scope.types]
        if known:
            result.retype(name, known[0] if all(of is known[0] for of in known) else union(*known))
            result.own(name, max(scope.owners.get(name, Ownership.FRESH) for scope in living))
    result.facts = _common_facts(living, result)
    return result


def _changes(scopes: list[Scope]) -> tuple[set[str], Trail | None]:
    """The variables that some scope has changed since all of them were one, and the trail up to there."""
    names: set[str] = set()
    past = scopes[0].trail
    for scope in scopes[1:]:
        other = scope.trail
        while past is not other:
            if past is not None and (other is None or past.depth >= other.depth):
                names.add(past.name)
                past = past.before
            elif other is not None:
                names.add(other.name)
                other = other.before
    return names, past


def _common_facts(scopes: list[Scope], joined: Scope) -> dict[Place, Type]:
    """What tests have told on every path, as far as it says more than the types do."""
    facts: dict[Place, Type] = {}
    for place in dict.fromkeys(place for scope in scopes for place in scope.facts):
        known = [scope.facts.get(place) or (scope.types.get(place[0]) if len(place) == 1 else None) for scope in scopes]
        told = [of for of in known if of is not None]
        if len(told) == len(scopes):
            of = union(*told)
            if len(place) > 1 or of != joined.types[place[0]]:
                facts[place] = of
    return facts


def changes(*scopes: Scope) -> set[str]:
    """The variables that some of the scopes has changed since all of them were one."""
    return _changes(list(scopes))[0]


def agree(one: Scope, other: Scope) -> bool:
    """Whether the two know the same."""
    names = changes(one, other)
    return (
        (one.alive, one.facts, one.sure, one.poisoned) == (other.alive, other.facts, other.sure, other.poisoned)
        and all(one.types.get(name) == other.types.get(name) for name in names)
        and all(one.owners.get(name) == other.owners.get(name) for name in names)
    )
