"""Pieces of JSONata: text that knows how tightly it binds, literals, calls, blocks."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

# How tightly a construct binds, loosest first: the binding powers of JSONata's grammar.
CHOICE, OR, AND, COMPARISON, SUM, PRODUCT, SIGN, PRIMARY = range(8)


@dataclass(frozen=True, slots=True)
class Code:
    """Text, and how tightly its outermost construct binds.

    Attributes:
        simple: the text may be written twice: a variable, a literal, a path.
        brackets: an array constructor; among the elements of another one it stays one element.
        bindings: what a block binds in front of its `result`, kept apart so that a block around it can take it in.
        alternatives: what `or` joins.
        opposite: a comparison that is true when this one is false.
    """

    text: str
    level: int = PRIMARY
    simple: bool = False
    brackets: bool = False
    bindings: tuple[str, ...] = ()
    result: str = ""
    alternatives: tuple[Code, ...] = ()
    opposite: str = ""

    def at(self, level: int) -> str:
        """The text, in parentheses where it binds more loosely than `level`."""
        return self.text if self.level >= level else f"({self.text})"


GROUP = 16
"""Parts that stand in one chain."""

OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
"""The comparison that is true when another one is false."""

TRUE, FALSE, NULL = Code("true", simple=True), Code("false", simple=True), Code("null", simple=True)


def call(function: str, *arguments: Code | str) -> Code:
    """`$function(arguments)`."""
    texts = (argument if isinstance(argument, str) else argument.text for argument in arguments)
    return Code(f"${function}({', '.join(texts)})")


def function(parameters: Sequence[str], body: Code) -> str:
    """A function of these parameters (`$x`)."""
    return f"function({', '.join(parameters)}) {{ {body.text} }}"


def array(*items: Code | str) -> Code:
    """`[items]`: what is a list among them is taken in, element by element."""
    texts = (item if isinstance(item, str) else item.text for item in items)
    return Code(f"[{', '.join(texts)}]", brackets=True)


def choice(test: Code, body: Code, orelse: Code) -> Code:
    """`test ? body : orelse`."""
    return Code(f"{test.at(OR)} ? {body.at(OR)} : {orelse.text}", CHOICE)


def infix(operator: str, left: Code, right: Code, level: int) -> Code:
    """`left operator right`, for an operator that binds as `level` and goes from left to right."""
    one, other = left.at(level + 1 if level == COMPARISON else level), right.at(level + 1)
    turned = OPPOSITE.get(operator, "")
    if turned and one.startswith("$count(") and other == "0":
        turned = "=" if operator in (">", "!=") else ">" if operator == "=" else turned
    return Code(f"{one} {operator} {other}", level, opposite=f"{one} {turned} {other}" if turned else "")


def chain(operator: str, parts: Sequence[Code], level: int) -> Code:
    """The parts, joined by an operator that does not care how they are grouped. Many go into groups: in a chain every
    operator nests deeper than the one in front."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) > GROUP:
        groups = [chain(operator, parts[start : start + GROUP], level) for start in range(0, len(parts), GROUP)]
        return chain(operator, [Code(f"({group.text})") if group.level == level else group for group in groups], level)
    return Code(f" {operator} ".join(part.at(level) for part in parts), level)


def both(*tests: Code) -> Code:
    """The tests joined by `and`."""
    return chain("and", tests, AND)


def either(*tests: Code) -> Code:
    """The tests joined by `or`."""
    alternatives = tuple(inner for test in tests for inner in (test.alternatives or (test,)))
    return replace(chain("or", alternatives, OR), alternatives=alternatives) if len(alternatives) > 1 else tests[0]


def negation(test: Code) -> Code:
    """That `test` is false."""
    return Code(test.opposite, COMPARISON, opposite=test.text) if test.opposite else call("not", test)


def block(bindings: Sequence[str], result: Code) -> Code:
    """`(bindings; result)`; without bindings the result itself."""
    if not bindings:
        return result
    steps = (*bindings, *result.bindings)
    last = result.result if result.bindings else result.text
    return Code(f"({'; '.join([*steps, last])})", bindings=steps, result=last)


# --- literals -----------------------------------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"and", "or", "in", "true", "false", "null", "function"})


def string(value: str) -> Code:
    """A string, in single quotes where that needs no escape: the text will stand in JSON."""
    quoted = json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f").replace("%}", "%\\u007d")
    quoted = re.sub("[\ud800-\udfff\u2028\u2029\ufeff]", lambda m: f"\\u{ord(m[0]):04x}", quoted)
    if "'" not in value:
        quoted = "'" + quoted[1:-1].replace('\\"', '"') + "'"
    return Code(quoted, simple=True)


def number(value: int | float) -> Code:
    """A number."""
    text = repr(value)
    return Code(text, SIGN if text.startswith("-") else PRIMARY, simple=True)


def member(of: Code, name: str) -> Code:
    """`of.name`: the value at a key that is there."""
    if "`" in name or "%}" in name:
        return call("lookup", of, string(name))
    plain = _NAME.fullmatch(name) and name not in _WORDS
    return Code(f"{of.at(PRIMARY)}.{name if plain else f'`{name}`'}", simple=of.simple)


def element(of: Code, index: str) -> Code:
    """`of[index]`: an element that is there."""
    # A second index at once behind the first would count within the sequence that the first one gives.
    inner = f"({of.text})" if of.text.endswith("]") else of.at(PRIMARY)
    return Code(f"{inner}[{index}]", simple=of.simple and index.lstrip("-").isdecimal())
