"""Where a test has made a type narrower: behind `x is None or`, `x` is no None any more.

What is evaluated although the test went the other way would meet values that its types do not tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.flows.expr.nodes import Expr, Field, Item, Literal, Name, walk
from skyloom.flows.expr.types import Type


def narrowed(test: Expr, part: Expr) -> bool:
    """Whether `part` reads something by a narrower type than `test` does."""
    known = dict(_places(test))
    return any(place in known and known[place] != of for place, of in _places(part))


def _places(expr: Expr) -> Iterator[tuple[str, Type]]:
    """What an expression reads: variables, fields and items of them, with their types."""
    for node in walk(expr):
        place = _place(node)
        if place is not None:
            yield place, node.type


def _place(expr: Expr) -> str | None:
    match expr:
        case Name(name=name):
            return name
        case Field(object=of, name=name):
            base = _place(of)
            return None if base is None else f"{base}.{name}"
        case Item(object=of, index=Literal(value=value)):
            base = _place(of)
            return None if base is None else f"{base}[{value!r}]"
        case _:
            return None
