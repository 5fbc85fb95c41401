"""What is known of a flow's variables at one point of it, and how two such points join."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from skyloom.flows.expr.types import ANY, Type, union
from skyloom.flows.frontend.tables import Table

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


@dataclass(frozen=True, slots=True)
class Variable:
    """What is known of one variable.

    Attributes:
        type: of its value; None where no path here has assigned it.
        sure: whether every path has assigned it.
        owner: who else may reach its value.
        facts: types of the variable and its fields that tests on the way here have narrowed.
        poisoned: whether its value has a problem that is reported; nobody complains about it again.
    """

    type: Type | None = None
    sure: bool = False
    owner: Ownership = Ownership.FRESH
    facts: Mapping[Place, Type] | None = None
    poisoned: bool = False


_UNKNOWN = Variable()


@dataclass(frozen=True, slots=True, eq=False)
class Trail:
    """A change of a variable, and those before it."""

    name: str
    before: Trail | None
    depth: int


class Scope:
    """What is known at one point.

    Attributes:
        alive: whether control can come here at all.
        trail: the variables that have changed on the way here, latest first. Scopes that were one once share its end,
            so that joining them looks at nothing else.
    """

    __slots__ = ("_variables", "alive", "trail")

    def __init__(self) -> None:
        self._variables: Table[str, Variable] = Table()
        self.alive = True
        self.trail: Trail | None = None

    def copy(self) -> Scope:
        """A scope of its own with the same knowledge."""
        result = Scope()
        result._variables, result.alive, result.trail = self._variables.copy(), self.alive, self.trail
        return result

    # --- what is known ------------------------------------------------------------------------------------------

    def variable(self, name: str) -> Variable:
        """All that is known of `name`."""
        return self._variables.get(name) or _UNKNOWN

    def __contains__(self, name: str) -> bool:
        """Whether some path here has assigned the variable."""
        return self.variable(name).type is not None

    def names(self) -> list[str]:
        """The variables that some path here has assigned."""
        return [name for name, variable in self._variables.items() if variable.type is not None]

    def declared_type(self, name: str) -> Type:
        """The variable's type, whatever tests have told."""
        of = self.variable(name).type
        assert of is not None, f"nothing assigns {name}"
        return of

    def type_of(self, name: str) -> Type:
        """The variable's type, narrowed by what is known."""
        return self.fact((name,)) or self.declared_type(name)

    def fact(self, place: Place) -> Type | None:
        """What tests have told of the type at `place`."""
        facts = self.variable(place[0]).facts
        return None if facts is None else facts.get(place)

    def owner(self, name: str) -> Ownership:
        """Who else may reach the variable's value."""
        return self.variable(name).owner

    # --- what changes -------------------------------------------------------------------------------------------

    def assign(self, name: str, of: Type, owner: Ownership) -> None:
        """The variable has a new value."""
        self.put(name, Variable(of, True, owner))

    def retype(self, name: str, of: Type) -> None:
        """The variable's value has this type now."""
        self.put(name, replace(self.variable(name), type=of))

    def unassign(self, name: str) -> None:
        """The variable may have lost its value."""
        self.put(name, replace(self.variable(name), sure=False))

    def own(self, name: str, owner: Ownership) -> None:
        """Who else may reach the variable's value now."""
        self.put(name, replace(self.variable(name), owner=owner))

    def share(self, name: str, owner: Ownership) -> None:
        """As `own`, but never less than what is known already."""
        if owner > self.owner(name):
            self.own(name, owner)

    def poison(self, name: str) -> None:
        """The variable would have a value if what assigns it were right."""
        self.put(name, Variable(ANY, True, poisoned=True))

    def learn(self, facts: Mapping[Place, Type]) -> None:
        """A test has told these types."""
        for place, of in facts.items():
            known = self.variable(place[0])
            self.put(place[0], replace(known, facts={**(known.facts or {}), place: of}))

    def narrowed(self, facts: Mapping[Place, Type]) -> Scope:
        """This scope with more facts."""
        inner = self.copy()
        inner.learn(facts)
        return inner

    def forget_at(self, place: Place, *, itself: bool) -> None:
        """What tests have told of what is below `place`, and with `itself` of the place too, holds no longer."""
        known = self.variable(place[0])
        least = len(place) + (not itself)
        kept = {
            fact: of for fact, of in (known.facts or {}).items() if len(fact) < least or fact[: len(place)] != place
        }
        if len(kept) < len(known.facts or {}):
            self.put(place[0], replace(known, facts=kept or None))

    def put(self, name: str, variable: Variable) -> None:
        """This is all that is known of `name` now."""
        self._variables[name] = variable
        self.trail = Trail(name, self.trail, self.trail.depth + 1 if self.trail else 1)

    def cured(self, before: Scope) -> Scope:
        """This scope, at the end of a loop's round that began with `before`, without what problems in it have spoilt:
        the next round must find, and report, them again."""
        result = self.copy()
        for name in changes(before, self):
            if self.variable(name).poisoned and not before.variable(name).poisoned:
                result.put(name, replace(before.variable(name), facts=None))
        return result


# --- several scopes ---------------------------------------------------------------------------------------------------


def join(*scopes: Scope) -> Scope:
    """What is known where the paths meet; paths that are not alive do not count."""
    first, *others = [scope for scope in scopes if scope.alive] or scopes[:1]
    meeting = Meeting(first)
    for other in others:
        meeting.add(other)
    return meeting.known


class Meeting:
    """What is known where paths meet, found path by path. Of each only that is looked at in which it differs from the
    one before."""

    def __init__(self, first: Scope) -> None:
        self._joined = first.copy()
        self._last = self._past = first.trail
        self._names: set[str] = set()

    def add(self, scope: Scope) -> None:
        """One more path; it does not count where it is not alive."""
        if not scope.alive:
            return
        names, past = _changes(self._last, scope.trail)
        for name in names:
            self._joined.put(name, _joined((name,), [self._joined.variable(name), scope.variable(name)]))
        self._names |= names
        self._last = scope.trail
        self._past = min(self._past, past, key=lambda trail: trail.depth if trail else 0)

    @property
    def known(self) -> Scope:
        """What is known on all paths so far."""
        result = self._joined.copy()
        result.trail = self._past
        for name in sorted(self._names):
            result.put(name, result.variable(name))
        return result


def _joined(place: Place, ways: list[Variable]) -> Variable:
    types = [way.type for way in ways if way.type is not None]
    of = None if not types else types[0] if all(one is types[0] for one in types) else union(*types)
    return Variable(
        type=of,
        sure=all(way.sure for way in ways),
        owner=max(way.owner for way in ways),
        facts=_common_facts(place, ways, of),
        poisoned=any(way.poisoned for way in ways),
    )


def _common_facts(whole: Place, ways: list[Variable], joined: Type | None) -> dict[Place, Type] | None:
    """What tests have told on every path, as far as it says more than the types do."""
    facts: dict[Place, Type] = {}
    for place in dict.fromkeys(place for way in ways for place in way.facts or ()):
        known = [(way.facts or {}).get(place) or (way.type if place == whole else None) for way in ways]
        told = [of for of in known if of is not None]
        if len(told) == len(ways):
            of = union(*told)
            if place != whole or of != joined:
                facts[place] = of
    return facts or None


def _changes(one: Trail | None, other: Trail | None) -> tuple[set[str], Trail | None]:
    """The variables that have changed since the two trails were one, and the trail up to there."""
    names: set[str] = set()
    while one is not other:
        if one is not None and (other is None or one.depth >= other.depth):
            names.add(one.name)
            one = one.before
        elif other is not None:
            names.add(other.name)
            other = other.before
    return names, one


def changes(one: Scope, other: Scope) -> set[str]:
    """The variables that one of the two has changed since they were one."""
    return _changes(one.trail, other.trail)[0]


def agree(one: Scope, other: Scope) -> bool:
    """Whether the two know the same."""
    return one.alive == other.alive and all(one.variable(name) == other.variable(name) for name in changes(one, other))
