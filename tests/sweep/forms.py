"""What is swept: one expression of source with the types of its variables, and how its values are combined."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from sweep.edges import edges, worst

Json = Any

MOST_OF_TWO, MOST_OF_MORE = 180, 45
"""Combinations of the values of two variables, and of more."""

BOUNDED = {
    "range": (0, 60),
    "round": (1, 400),
    "repetition": (0, 60),
    "power": (0, 12),
    "str.center": (1, 200),
    "str.ljust": (1, 200),
    "str.rjust": (1, 200),
    "str.zfill": (1, 200),
}
"""Groups in which a large integer asks for more memory or time than there is: from which variable on, and the bound."""


@dataclass(frozen=True, slots=True)
class Form:
    """An expression.

    Attributes:
        group: what is swept by it: a builtin's name, `operators`, `slices`.
        source: Python.
        types: the annotations of its variables, in order; the first gets every edge value, the others the worst.
    """

    group: str
    source: str
    types: tuple[tuple[str, str], ...]

    def rows(self) -> list[dict[str, Json]]:
        """The combinations of edge values: all, up to `MOST_OF_TWO`; of more, as many, spread evenly."""
        names = [name for name, _ in self.types]
        sets = [edges(of) if index == 0 else worst(of) for index, (_, of) in enumerate(self.types)]
        if len(sets) > 2:  # Of three and more fewer again.
            sets = [worst(self.types[0][1]), sets[1][:5], *(found[:3] for found in sets[2:])]
        found = [
            dict(zip(names, values, strict=True))
            for values in itertools.product(*sets)
            if self.group not in BOUNDED or not _beyond(values, *BOUNDED[self.group])
        ]
        most = MOST_OF_TWO if len(sets) < 3 else MOST_OF_MORE
        return [found[number * len(found) // most] for number in range(most)] if len(found) > most else found


def _beyond(values: tuple[Json, ...], first: int, bound: int) -> bool:
    return any(isinstance(value, int) and abs(value) > bound for value in values[first:])


def form(group: str, source: str, **types: str) -> Form:
    """A form: `form("operators", "a + b", a="int", b="float")`."""
    return Form(group, source, tuple(types.items()))
