"""Strings that match a regular expression: a word of the prompt that does, or one made from the expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from skyloom.adapters.llm.offline_text import Reading

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_CATEGORIES = {codes.CATEGORY_DIGIT: "0123456789", codes.CATEGORY_WORD: _LETTERS, codes.CATEGORY_SPACE: " "}
_ANYTHING = _LETTERS + "0123456789 .,-_ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#/:"


def matching(reading: Reading, pattern: str, shortest: int, longest: int | None, what: str) -> str:
    """A string of `shortest` to `longest` characters in which `pattern` is found, as well as that can be done."""
    try:
        expression = re.compile(pattern)
        parsed = parser.parse(pattern)
    except (re.error, OverflowError):
        return reading.keywords[0] if reading.keywords else "a"
    fits: Callable[[str], bool] = lambda text: (  # noqa: E731
        shortest <= len(text) <= (len(text) if longest is None else longest) and expression.search(text) is not None
    )
    for word in re.findall(r"\S+", reading.body)[:_WORDS_TRIED]:
        for text in (word, word.strip(".,;:!?()[]{}\"'")):
            if len(text) <= _LONGEST_TRIED and fits(text):
                return text
    texts = [_Maker(reading, f"{what}/{extra}", extra).text(parsed) for extra in (0, shortest, 1, 2, 4, 8)]
    return next((text for text in texts if fits(text)), texts[0])


_WORDS_TRIED = 2_000
_LONGEST_TRIED = 60
"""A pattern may backtrack: it is tried on short words only."""


class _Maker:
    """Makes one string of a parsed expression. `extra` is how often beyond its minimum a part is repeated."""

    def __init__(self, reading: Reading, what: str, extra: int) -> None:
        self._reading = reading
        self._what = what
        self._extra = extra
        self._drawn = 0
        self._groups: dict[int, str] = {}

    def text(self, parsed: Any) -> str:
        return "".join(self._part(code, argument) for code, argument in parsed)

    def _draw(self, choices: str) -> str:
        self._drawn += 1
        return choices[int(self._reading.draw(self._what, self._drawn) * len(choices))]

    def _part(self, code: Any, argument: Any) -> str:
        if code is codes.LITERAL:
            return chr(argument)
        if code is codes.NOT_LITERAL:
            return self._draw(_ANYTHING.replace(chr(argument), ""))
        if code is codes.ANY:
            return self._draw(_LETTERS)
        if code is codes.IN:
            return self._draw(_members(argument))
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            least, most, inner = argument
            return "".join(self.text(inner) for _ in range(min(int(most), int(least) + self._extra)))
        if code is codes.SUBPATTERN:
            self._groups[argument[0]] = self.text(argument[3])
            return self._groups[argument[0]]
        if code is codes.ATOMIC_GROUP:
            return self.text(argument)
        if code is codes.BRANCH:
            return self.text(argument[1][int(self._reading.draw(self._what, "branch") * len(argument[1]))])
        if code is codes.GROUPREF:
            return self._groups.get(argument, "")
        # Anchors and looking around add no characters.
        return ""


def _members(items: list[tuple[Any, Any]]) -> str:
    """The characters of a class such as `[a-z_]`, some of them where they are many."""
    negated = items[0][0] is codes.NEGATE
    found = "".join(_characters(items))
    if negated:
        return "".join(character for character in _ANYTHING if character not in found) or "\u2026"
    return found or "a"


def _characters(items: list[tuple[Any, Any]]) -> Iterator[str]:
    for code, argument in items:
        if code is codes.LITERAL:
            yield chr(argument)
        elif code is codes.RANGE:
            low, high = argument
            yield "".join(map(chr, range(low, min(high, low + 127) + 1)))
        elif code is codes.CATEGORY:
            yield _CATEGORIES.get(argument, _LETTERS)
