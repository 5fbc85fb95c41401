"""The edge values of every type, by its annotation: what engines get wrong, in full or only the worst."""

from __future__ import annotations

import ast
import functools
import itertools
from typing import Any

Json = Any

TEXTS = (
    "",
    "a",
    "ab",
    "b",
    "Ab cD",
    " a\t",
    "a,b,,a",
    "aaa",
    "12",
    "-3.5",
    "1e3",
    "true",
    "[1]",
    '{"a": null}',
    "it's",
    'a"b',
    "\\",
    "$a",
    "${a}",
    "{% a %}",
    "a\nb\r\n",
    "\u2028x\x85",
    "straße",
    "İı",
    "e\u0301",
    "é",
    "👩‍👩‍👧",
    "a𝒳b",
    "𝒳𝒳",
    "\ue000\uffff",
    "\x00",
    "ab" * 150,
)
INTEGERS = (0, 1, -1, 2, 3, -3, 7, 10**6, 2**31, -(2**31), 10**15, 2**52 + 1, 2**53 - 1, 2**53, -(2**53))
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, -1.5, 2.5, 2.675, 0.1, 1e-7, 5e-324, 1e15, 2.0**53, 1e16, 1e300, -1e300)
KEYS = ("a", "", "a.b", "a b", "it's", 'a"b', "$", "a`b", "constructor", "é", "𝒳")
MOMENTS = ("2024-02-29T23:00:00.000000Z", "2024-02-29T23:00:00.000001Z", "1969-12-31T23:59:59.500000Z")

SCALARS: dict[str, tuple[Json, ...]] = {
    "str": TEXTS,
    "int": INTEGERS,
    "float": FLOATS,
    "bool": (True, False),
    "None": (None,),
    "datetime": MOMENTS,
    "date": ("2024-02-29", "1999-12-31"),
    "Any": (None, 0, 1, True, False, 1.5, "", "a", [], [None], [[]], {}, {"a": None}, {"b": [1]}),
    "Level": ("", "high"),
    "Exception": tuple({"type": "Boom", "bases": ["Exception"], "message": text} for text in TEXTS[:12]),
}
WORST: dict[str, tuple[Json, ...]] = {
    "str": ("", "a", "b", ",", "$a", "𝒳", "\n", "e\u0301", "aa"),
    "int": (0, 1, -1, 3, -2, 100, 2**53),
    "float": (0.0, 1.0, -1.5, 2.675, 1e300, 5e-324),
    "Any": (None, 1, "a", [], {"a": None}),
}


@functools.cache
def edges(annotation: str) -> tuple[Json, ...]:
    """Every edge value of the annotated type, as JSON carries it."""
    return _edges(ast.parse(annotation, mode="eval").body, SCALARS)


@functools.cache
def worst(annotation: str) -> tuple[Json, ...]:
    """Fewer of them, for arguments behind the first."""
    found = _edges(ast.parse(annotation, mode="eval").body, SCALARS | WORST)
    return (*found[:5], found[-1]) if "[" in annotation else found[:9]


def _edges(node: ast.expr, scalars: dict[str, tuple[Json, ...]]) -> tuple[Json, ...]:
    match node:
        case ast.Constant(value=None):
            return (None,)
        case ast.Name(id=name):
            return scalars[name]
        case ast.BinOp(left=left, right=right):
            return tuple(_distinct((*_edges(left, scalars), *_edges(right, scalars))))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=elts)):
            return tuple(ast.literal_eval(elt) for elt in elts)
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return _lists(_edges(inner, SCALARS | WORST))
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[_, inner])):
            return _dicts(_edges(inner, SCALARS | WORST))
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=elts)):
            return _tuples([_edges(elt, SCALARS | WORST) for elt in elts])
        case ast.Subscript(value=ast.Name(id="tuple"), slice=inner):
            return _tuples([_edges(inner, SCALARS | WORST)])
        case _:
            raise ValueError(ast.unparse(node))


def _lists(items: tuple[Json, ...]) -> tuple[Json, ...]:
    """None, every one alone, neighbours both ways, twice the same, all of them."""
    pairs = [[one, other] for one, other in itertools.pairwise(items[:6])]
    alone = [[item] for item in items[:10]]
    return ([], *alone, *pairs, *(pair[::-1] for pair in pairs[::2]), [items[0]] * 2, [*items[:9]])


def _dicts(items: tuple[Json, ...]) -> tuple[Json, ...]:
    """None, every value alone, every key alone, all keys."""
    alone = [{"a": item} for item in items[:9]]
    keyed = [{key: items[index % len(items)]} for index, key in enumerate(KEYS)]
    return ({}, *alone, *keyed, {key: items[-1 - index % len(items)] for index, key in enumerate(KEYS)})


def _tuples(parts: list[tuple[Json, ...]]) -> tuple[Json, ...]:
    """Every value at every place, beside the first values of the others."""
    found = [[part[0] for part in parts]]
    for place, part in enumerate(parts):
        found += [[*(p[1 % len(p)] for p in parts[:place]), v, *(p[-1] for p in parts[place + 1 :])] for v in part]
    return tuple(found)


def _distinct(values: tuple[Json, ...]) -> list[Json]:
    seen: dict[str, Json] = {}
    for value in values:
        seen.setdefault(repr(value), value)
    return list(seen.values())
