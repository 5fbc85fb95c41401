"""Cuts the text of an expression into tokens.

What is allowed: cloud.google.com/workflows/docs/reference/syntax/expressions (supported elements, multi-line
expressions) and .../syntax/datatypes (literals).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engines.gcp.errors import ExpressionRefused, Undocumented

INTEGERS = (-(2**63), 2**63 - 1)
TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<number>[0-9]+(?:\.[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>"(?:[^"\\]|\\.)*")
      | (?P<sign>//|==|!=|<=|>=|[-+*/%()\[\].,<>])""",
    re.VERBOSE | re.DOTALL,
)
LITERALS = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
WORDS = {"and": "and", "AND": "and", "or": "or", "OR": "or", "not": "not", "NOT": "not", "in": "in"}
MIXED = {"and", "or", "not"}
ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}
r"""`\n` is in the page's own example of a multi-line expression; `\"` and `\\` are in Google's samples of JSON texts
and regular expressions. Others are written nowhere."""


@dataclass(frozen=True)
class Token:
    """One token: `kind` is number, text, literal, name, or the sign or word itself."""

    kind: str
    value: object
    place: int


def tokens(text: str) -> list[Token]:
    """The tokens of a text, without the spaces.

    Raises:
        ExpressionRefused: Signs that the language does not have.
        Undocumented: Forms of literals that no page shows.
    """
    found = []
    place = 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise ExpressionRefused(f"unexpected {text[place]!r} at {place} in {text!r}")
        if match.lastgroup != "space":
            found.append(token(str(match.lastgroup), match.group(), place))
        place = match.end()
    touching(text)
    return found


def token(kind: str, text: str, place: int) -> Token:
    """One token of a text."""
    if kind == "number":
        return Token("number", number(text), place)
    if kind == "text":
        return Token("text", unescaped(text[1:-1]), place)
    if kind == "name" and text in WORDS:
        return Token(WORDS[text], text, place)
    if kind == "name" and text in LITERALS:
        return Token("literal", LITERALS[text], place)
    if kind == "name" and text == "null":
        return Token("literal", None, place)
    if kind == "name" and text.lower() in MIXED:
        raise ExpressionRefused(f"{text}: logical operators are lower-case or upper-case, not mixed-case")
    if kind == "name" and text.lower() in ("true", "false", "null", "in"):
        raise Undocumented(f"{text!r} as a word of an expression")
    return Token("name" if kind == "name" else text, text, place)


def number(text: str) -> int | float:
    """The value of a number as it is written."""
    if "." in text:
        return float(text)
    if len(text) > 1 and text.startswith("0"):
        raise Undocumented(f"the number {text}, with a zero in front")
    if int(text) > INTEGERS[1]:
        raise Undocumented(f"the number {text} has more than 64 bits")
    return int(text)


def unescaped(body: str) -> str:
    """The text between quotes."""
    if control := [sign for sign in body if sign < " "]:
        raise Undocumented(f"{control[0]!r} as it is in a text of an expression")

    def one(match: re.Match[str]) -> str:
        if match[1] not in ESCAPES:
            raise Undocumented(f"the escape {match[0]} in a text of an expression")
        return ESCAPES[match[1]]

    return re.sub(r"\\(.)", one, body, flags=re.DOTALL)


def touching(text: str) -> None:
    """Refuses numbers that run into a name or a further dot (`1e5`, `2.`, `1.2.3`)."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text, flags=re.DOTALL)
    if wrong := re.search(r"(?<![A-Za-z0-9_])(?:[0-9]++(?:\.[0-9]++)?+(?:[A-Za-z_][A-Za-z0-9_+-]*|\.)|\.[0-9]+)", bare):
        raise Undocumented(f"the number {wrong[0]!r}")
