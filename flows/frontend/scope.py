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


@dataclass(slots=True)
class Scope:
    """What is known at one point.

    Attributes:
        types: of every variable that some path here has assigned.
        sure: the variables that every path has assigned.
        facts: types of variables and fields that tests on the way here have narrowed.
        owners: who else may reach a variable's value.
        alive: whether control can come here at all.
        poisoned: the variables whose value has a problem that is reported; nobody complains about them again.
    """

    types: dict[str, Type] = field(default_factory=dict)
    sure: frozenset[str] = frozenset()
    facts: dict[Place, Type] = field(default_factory=dict)
    owners: dict[str, Ownership] = field(default_factory=dict)
    alive: bool = True
    poisoned: frozenset[str] = frozenset()

    def copy(self) -> Scope:
        """A scope of its own with the same knowledge."""
        return Scope(dict(self.types), self.sure, dict(self.facts), dict(self.owners), self.alive, self.poisoned)

    def type_of(self, name: str) -> Type:
        """The variable's type, narrowed by what is known."""
        return self.facts.get((name,), self.types[name])

    def assign(self, name: str, of: Type, owner: Ownership) -> None:
        """The variable has a new value."""
        self.forget(name)
        self.types[name] = of
        self.sure |= {name}
        self.owners[name] = owner
        if name in self.poisoned:
            self.poisoned -= {name}

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
                result.poisoned -= {name}
            if name not in before.sure:
                result.sure -= {name}
        return result

    def forget(self, name: str) -> None:
        """What tests have told of the variable and its fields holds no longer."""
        self.facts = {place: of for place, of in self.facts.items() if place[0] != name}

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
    result = living[0].copy()
    for other in living[1:]:
        result.sure &= other.sure
        result.poisoned |= other.poisoned
        for place in list(result.facts):
            name = place[0]
            theirs = other.facts.get(place) or (other.types.get(name) if len(place) == 1 else None)
            if theirs is None or name not in other.types:
                del result.facts[place]
            else:
                result.facts[place] = union(result.facts[place], theirs)
        for place, of in other.facts.items():
            if len(place) == 1 and place not in result.facts and place[0] in result.types:
                result.facts[place] = union(of, result.types[place[0]])
        for name, of in other.types.items():
            result.types[name] = union(result.types[name], of) if name in result.types else of
            mine = result.owners.get(name, Ownership.FRESH)
            result.owners[name] = max(mine, other.owners.get(name, Ownership.FRESH))
    return result
