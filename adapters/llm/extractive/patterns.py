"""Text that fits a regular expression: best effort, by walking the parsed expression."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from skyloom.adapters.llm.extractive.seed import Seed

# The standard library's own parser of regular expressions. It is not documented, so everything that depends on it
# stands in this file and falls back to "no text found".
_parser: Any = import_module("re._parser")
_UNBOUNDED = int(_parser.MAXREPEAT)

_TRIES = 12
_PRINTABLE = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -_.,:/@#"
_CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyz0123456789_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "abcdefghijklmnopqrstuvwxyz",
    "CATEGORY_NOT_WORD": " -.,:/@#",
    "CATEGORY_NOT_SPACE": "abcdefghijklmnopqrstuvwxyz0123456789",
}


def text_for_pattern(pattern: str, words: list[str], fits: Callable[[str], bool], seed: Seed, place: str) -> str | None:
    """A text in which `pattern` (a JSON Schema `pattern`, searched for) is found and that `fits` accepts.

    A word of `words` is taken where one will do, else a text is made up. None when neither succeeds.
    """
    try:
        tree = _parser.parse(pattern)
        # Nested repetitions can take Python's matcher exponential time; what is made up for them is not searched.
        if _nests(tree, inside=False):
            made = _Maker(seed, f"{place}:0").text(tree)
            return made if fits(made) else None
        found = re.compile(pattern)
        for word in words:
            if found.search(word) and fits(word):
                return word
        for attempt in range(_TRIES):
            made = _Maker(seed, f"{place}:{attempt}").text(tree)
            if found.search(made) and fits(made):
                return made
    except (re.error, RecursionError, OverflowError, ValueError):
        return None
    return None


def _nests(tree: Any, inside: bool) -> bool:
    for op, argument in tree:
        repeats = str(op) in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] == _UNBOUNDED
        if repeats and inside:
            return True
        if any(_nests(part, inside or repeats) for part in _parts(op, argument)):
            return True
    return False


def _parts(op: Any, argument: Any) -> list[Any]:
    """The sub-expressions of a node."""
    match str(op):
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [argument[2]]
        case "SUBPATTERN":
            return [argument[3]]
        case "BRANCH":
            return list(argument[1])
        case "ATOMIC_GROUP":
            return [argument]
        case _:
            return []


class _Maker:
    """Makes up one text. Each choice has a place of its own, so that another `place` gives another text."""

    def __init__(self, seed: Seed, place: str) -> None:
        self._seed = seed
        self._place = place
        self._choices = 0
        self._groups: dict[int, str] = {}

    def text(self, tree: Any) -> str:
        return "".join(self._node(str(op), argument) for op, argument in tree)

    def _choose(self, count: int) -> int:
        self._choices += 1
        return self._seed.number(f"{self._place}/{self._choices}", count)

    def _node(self, op: str, argument: Any) -> str:
        match op:
            case "LITERAL":
                return chr(argument)
            case "NOT_LITERAL":
                return self._one_of([c for c in _PRINTABLE if c != chr(argument)])
            case "ANY":
                return self._one_of(_PRINTABLE[:26])
            case "IN":
                return self._one_of(_members(argument))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, part = argument
                times = least + self._choose(min(int(most) - least, 2 if least else 6) + 1)
                return "".join(self.text(part) for _ in range(min(times, 10_000)))
            case "BRANCH":
                return self.text(argument[1][self._choose(len(argument[1]))])
            case "SUBPATTERN":
                made = self.text(argument[3])
                if argument[0] is not None:
                    self._groups[argument[0]] = made
                return made
            case "ATOMIC_GROUP":
                return self.text(argument)
            case "GROUPREF":
                return self._groups.get(argument, "")
            case _:
                # Anchors and look-arounds add nothing; whether they hold is tested on the whole text.
                return ""

    def _one_of(self, characters: str | list[str]) -> str:
        if not characters:
            raise ValueError("the class holds no character that can be made up")
        return characters[self._choose(len(characters))]


def _members(items: Any) -> list[str]:
    """Printable characters of a class such as `[a-z_]`; all of a small class, the first of a large one."""
    negated = str(items[0][0]) == "NEGATE"
    found: list[str] = []
    for op, argument in items:
        match str(op):
            case "LITERAL":
                found.append(chr(argument))
            case "RANGE":
                found += [chr(code) for code in range(argument[0], min(argument[1], argument[0] + 100) + 1)]
            case "CATEGORY":
                found += _CATEGORIES.get(str(argument), "")
            case _:
                continue
    return [c for c in _PRINTABLE if c not in found] if negated else list(dict.fromkeys(found))
