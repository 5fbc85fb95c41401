"""Random expressions over the variables of a flow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fuzz.choices import Choices
from fuzz.kinds import literal
from fuzz.templates import BOUND, PLACE, TEMPLATES, often_raises, shows_order, takes_no_calls


@dataclass(frozen=True)
class Features:
    """What a program may contain. Each draws some: a program that has everything has little of each.

    Attributes:
        order: it shows the order of a dict's entries.
        calls: tasks are called inside of expressions.
        side_by_side: maps, branches and races.
        waits: approvals, events, pauses.
        fails: tasks that fail.
        late: nobody answers, and time decides.
        forms: people who approve fill in a form.
        asks: models are asked.
        slow: tasks that time out.
        depth: how deep expressions stand in each other.
    """

    order: bool
    calls: bool
    side_by_side: bool
    waits: bool
    fails: bool
    late: bool
    forms: bool
    asks: bool
    slow: bool
    depth: int


@dataclass(frozen=True)
class Scope:
    """The variables that have a value here: their kinds; and those that may be changed in place."""

    kinds: Mapping[str, str]
    owned: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()
    """Variables that get no other value: counters of loops, names that are known not to be None."""

    def of(self, kind: str) -> list[str]:
        """The variables of a kind."""
        return [name for name, of in self.kinds.items() if of == kind]

    def owned_of(self, *kinds: str) -> list[str]:
        """The variables of these kinds that may be changed."""
        return [name for name in self.owned if self.kinds[name] in kinds]

    def having(self, kinds: Mapping[str, str], *, owned: bool = False) -> Scope:
        """The scope with more variables."""
        names = frozenset(kinds)
        changeable = self.owned | names if owned else self.owned - names
        return replace(self, kinds={**self.kinds, **kinds}, owned=changeable)

    def free(self, *kinds: str) -> list[str]:
        """The variables, of these kinds if any are named, that may get another value."""
        return [name for name, of in self.kinds.items() if name not in self.fixed and (not kinds or of in kinds)]

    def fixing(self, *names: str) -> Scope:
        """The scope where these keep their values."""
        return replace(self, fixed=self.fixed | frozenset(names))

    def keeping(self, *names: str) -> Scope:
        """The scope where these may not be changed."""
        return replace(self, owned=self.owned - frozenset(names))


class Expressions:
    """Draws expressions."""

    def __init__(self, choices: Choices, features: Features) -> None:
        self._choices = choices
        self.features = features
        self.defaults: dict[str, tuple[str, str]] = {}
        """Parameters that the flow gets for what would be a constant: kind and default of each."""

    def of(self, kind: str, scope: Scope, depth: int | None = None, *, calls: bool | None = None) -> str:
        """The source of an expression of the kind."""
        choices, features = self._choices, self.features
        calls = features.calls if calls is None else calls
        depth = choices.between(0, features.depth) if depth is None else depth
        names = scope.of(kind)
        if depth <= 0:
            return self._leaf(kind, scope, names)
        if names and choices.chance(25):
            return self._leaf(kind, scope, names)
        if calls and choices.chance(12):
            return f"same_{kind}({self.of(kind, scope, depth - 1)})"
        template = choices.pick(TEMPLATES[kind])
        if often_raises(template) and choices.chance(75):
            template = choices.pick(TEMPLATES[kind])
        if shows_order(template) and not features.order:
            return self._leaf(kind, scope, names)
        inside = calls and not takes_no_calls(template)
        text = 'f"' in template or "f'" in template

        def fill(place: re.Match[str]) -> str:
            # A call where a comprehension's variable is bound makes it a map of calls; those are drawn on their own.
            bound = {name: BOUND[name] for name in place[2].split(",")} if place[2] else {}
            within = replace(scope, kinds={**scope.kinds, **bound}) if bound else scope
            found = self.of(place[1], within, depth - 1, calls=inside and not bound)
            if text and re.search(r"[\"'\\{}]", found):
                found = self._constant(place[1], named=True)
            return _in_parentheses(found)

        return PLACE.sub(fill, template)

    def _leaf(self, kind: str, scope: Scope, names: list[str]) -> str:
        if not names or self._choices.chance(20):
            return self._constant(kind)
        name = self._choices.pick(names)
        return self._read(name, kind) if name in scope.owned else name

    def _constant(self, kind: str, *, named: bool = False) -> str:
        """A constant. One of which the type says the value would make many a comparison senseless."""
        source = literal(kind, self._choices)
        if kind in _BUILT or (not named and kind in _PLAIN and self._choices.chance(30)):
            return source
        known = [name for name, (of, _) in self.defaults.items() if of == kind]
        if len(known) > 2 or (known and self._choices.chance(50)):
            return self._choices.pick(known)
        name = f"{kind}_{len(known) + 1}"
        self.defaults[name] = (kind, source)
        return name

    def _read(self, name: str, kind: str) -> str:
        """A variable that may be changed: mostly a copy, since what has two names may not be."""
        if self._choices.chance(30):
            return name
        return f"{{**{name}}}" if kind in ("dict", "lists") and self.features.order else _copied(name, kind)


_PLAIN = {"int", "str", "float", "bool"}
_BUILT = {"person", "people", "point", "entry"}


def _copied(name: str, kind: str) -> str:
    match kind:
        case "dict" | "lists":
            return f"dict({name})"
        case "ints" | "strs" | "floats" | "pairs" | "nulls":
            return f"[*{name}]"
        case _:
            return name


def _in_parentheses(source: str) -> str:
    plain = re.fullmatch(r"[\w.]+|\(.*\)|\[[^\[\]]*\]|'[^']*'", source, re.DOTALL)
    return source if plain and source.count("(") <= 1 else f"({source})"
