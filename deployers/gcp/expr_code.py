"""Pieces of Workflows expressions: text that knows how tightly it binds, literals, calls, tests.

How tightly operators bind: cloud.google.com/workflows/docs/reference/syntax/datatypes. `not` binds tighter than
everything but an index: its operand always stands in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

# How tightly a construct binds, loosest first.
OR, AND, COMPARISON, SUM, PRODUCT, SIGN, PRIMARY = range(7)

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
"""The comparison that is true when another one is false."""


@dataclass(frozen=True, slots=True)
class Code:
    """Text, and how tightly its outermost construct binds.

    Attributes:
        compared: of a comparison, its left side, operator and right side.
        opposite: of a negation, the text of what it denies.
    """

    text: str
    level: int = PRIMARY
    compared: tuple[str, str, str] | None = None
    opposite: str = ""

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds more loosely than `level`."""
        return self.text if self.level >= level else f"({self.text})"


TRUE, FALSE, NULL, EMPTY = Code("true"), Code("false"), Code("null"), Code('""')


def call(function: str, *arguments: Code | str) -> Code:
    """`function(arguments)`."""
    texts = (argument if isinstance(argument, str) else argument.text for argument in arguments)
    return Code(f"{function}({', '.join(texts)})")


def choice(test: Code, body: Code, orelse: Code) -> Code:
    """`if(test, body, orelse)`: all three are evaluated, always."""
    return body if body.text == orelse.text else call("if", test, body, orelse)


def infix(operator: str, left: Code, right: Code, level: int) -> Code:
    """`left operator right`, from left to right. Comparisons are never chained."""
    one = left.at(level + 1 if level == COMPARISON else level)
    other = right.at(level + 1)
    if other.startswith("-"):
        other = f"({other})"
    compared = (one, operator, other) if operator in OPPOSITE else None
    return Code(f"{one} {operator} {other}", level, compared=compared)


def both(*tests: Code) -> Code:
    """The tests joined by `and`."""
    return _chain("and", tests, AND)


def either(*tests: Code) -> Code:
    """The tests joined by `or`."""
    return _chain("or", tests, OR)


def unless(*tests: Code) -> Code:
    """The tests joined by `or`, none asked behind one that is true: Google shows that `and` leaves out its right side
    (workflows-samples, src/bigquery_pagetoken), of `or` it shows nothing."""
    return negation(both(*map(negation, tests))) if len(tests) > 1 else tests[0]


def _chain(operator: str, tests: Sequence[Code], level: int) -> Code:
    if len(tests) == 1:
        return tests[0]
    # In parentheses: readers do not have to know which of `and`, `or` and comparisons binds tighter.
    return Code(f" {operator} ".join(test.at(PRIMARY) for test in tests), level)


def negation(test: Code) -> Code:
    """That `test` is false."""
    if test.compared is not None:
        one, operator, other = test.compared
        turned = "==" if operator == ">" and other == "0" and one.startswith("len(") else OPPOSITE[operator]
        return Code(f"{one} {turned} {other}", COMPARISON, compared=(one, turned, other))
    if test.opposite:
        return Code(test.opposite, COMPARISON)
    return Code(f"not ({test.text})", SIGN, opposite=test.text)


# --- literals -----------------------------------------------------------------------------------------------------

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset(["and", "or", "not", "in", "true", "false", "null", "if", "default"])


def is_sayable(text: str) -> bool:
    """Whether the text can stand between quotation marks: only the escapes of a line's end, a quotation mark and a
    backslash are shown anywhere (.../syntax/expressions, and Google's samples of regular expressions)."""
    return text.replace("\n", "").isprintable()


def string(text: str) -> Code:
    """A text that `is_sayable`."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    # What looks like an expression inside an expression is taken apart.
    parts = quoted.replace("${", "$\0{").split("\0")
    return Code(" + ".join(f'"{part}"' for part in parts), SUM if len(parts) > 1 else PRIMARY)


def number(value: int | float) -> Code:
    """A number, in digits: Workflows has no exponents."""
    text = format(Decimal(repr(value)), "f")
    if isinstance(value, float) and "." not in text:
        text += ".0"
    return Code(text, SIGN if text.startswith("-") else PRIMARY)


def member(of: Code, name: str) -> Code:
    """`of.name`: the value at a key that is there, a plain text."""
    if _IDENTIFIER.fullmatch(name) and name.lower() not in _WORDS:
        return Code(f"{of.at(PRIMARY)}.{name}")
    return element(of, string(name))


def element(of: Code, index: Code) -> Code:
    """`of[index]`: an element that is there."""
    return Code(f"{of.at(PRIMARY)}[{index.text}]")
