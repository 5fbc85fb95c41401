"""Terraform's expressions: from text such as `${google_x.y.id}` to nodes. What is not read here is refused by name.

https://developer.hashicorp.com/terraform/language/expressions
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


class Malformed(Exception):
    """The text is no expression, or one that the tests' Terraform does not know."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Template:
    """Text with expressions in it."""

    parts: tuple[str | Node, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """The first name of a traversal: `var`, `google_pubsub_topic`, `path`."""

    name: str


@dataclass(frozen=True, slots=True)
class Item:
    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Not:
    of: Node


@dataclass(frozen=True, slots=True)
class Choice:
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    items: tuple[tuple[Node, Node], ...]


Node = Literal | Template | Name | Item | Call | Binary | Not | Choice | ListOf | MapOf

_TOKEN = re.compile(
    r'\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)|(?P<quote>")|(?P<sign>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}=]))'
)
_PRECEDENCE = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6}


def template(text: str) -> Node:
    """The node of a string of a configuration: a literal, one expression, or text with expressions."""
    node, end = _Parser(text).template(0, closing=False)
    if end != len(text):
        raise Malformed(text)
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    # --- templates ---

    def template(self, start: int, *, closing: bool) -> tuple[Node, int]:
        """The template from `start`: to the end of the text, or to the closing quote."""
        text, at = self._text, start
        parts: list[str | Node] = []
        plain: list[str] = []
        while at < len(text) and not (closing and text[at] == '"'):
            if text.startswith(("$${", "%%{"), at):
                plain.append(text[at + 1 : at + 3])
                at += 3
            elif text.startswith("%{", at):
                raise Malformed(f"directives are not known here: {text}")
            elif text.startswith("${", at):
                parts += ["".join(plain)] if plain else []
                plain = []
                self._at = at + 2
                parts.append(self._expression(0))
                self._expect("}")
                at = self._at
            elif closing and text[at] == "\\":
                plain.append({"n": "\n", "t": "\t"}.get(text[at + 1], text[at + 1]))
                at += 2
            else:
                plain.append(text[at])
                at += 1
        parts += ["".join(plain)] if plain else []
        match parts:
            case []:
                return Literal(""), at
            case [str() as only]:
                return Literal(only), at
            case [only] if not isinstance(only, str):
                return only, at
            case _:
                return Template(tuple(parts)), at

    # --- expressions ---

    def _peek(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        return "" if found is None else found.group().strip()

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise Malformed(f"{self._text!r} at {self._at}")
        self._at = found.end()
        return found

    def _take(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._next()
        return True

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise Malformed(f"{self._text!r} at {self._at}: {sign} expected")

    def _expression(self, least: int) -> Node:
        left = self._unary()
        while (sign := self._peek()) in _PRECEDENCE and _PRECEDENCE[sign] > least:
            self._next()
            left = Binary(sign, left, self._expression(_PRECEDENCE[sign]))
        if least == 0 and self._take("?"):
            then = self._expression(0)
            self._expect(":")
            left = Choice(left, then, self._expression(0))
        return left

    def _unary(self) -> Node:
        if self._take("!"):
            return Not(self._unary())
        if self._take("-"):
            return Binary("-", Literal(0), self._unary())
        node = self._primary()
        while True:
            if self._take("."):
                key = self._next()
                node = Item(node, Literal(int(key["number"]) if key["number"] else key["name"]))
            elif self._take("["):
                node = Item(node, self._expression(0))
                self._expect("]")
            else:
                return node

    def _primary(self) -> Node:
        token = self._next()
        if token["number"]:
            return Literal(float(token["number"]) if "." in token["number"] else int(token["number"]))
        if token["quote"]:
            inner, end = self.template(self._at, closing=True)
            self._at = end + 1
            return inner
        if token["name"]:
            return self._named(token["name"])
        match token["sign"]:
            case "(":
                node = self._expression(0)
                self._expect(")")
                return node
            case "[":
                return ListOf(tuple(self._items("]")))
            case "{":
                return self._map()
            case sign:
                raise Malformed(f"{self._text!r}: {sign}")

    def _named(self, name: str) -> Node:
        words = {"true": Literal(True), "false": Literal(False), "null": Literal(None)}
        if name in words:
            return words[name]
        if name == "for":
            raise Malformed(f"for expressions are not known here: {self._text}")
        if self._take("("):
            return Call(name, tuple(self._items(")")))
        return Name(name)

    def _items(self, end: str) -> list[Node]:
        found: list[Node] = []
        while not self._take(end):
            found.append(self._expression(0))
            if not self._take(","):
                self._expect(end)
                break
        return found

    def _map(self) -> MapOf:
        found: list[tuple[Node, Node]] = []
        while not self._take("}"):
            key = self._expression(0)
            if not self._take("="):
                self._expect(":")
            found.append((Literal(key.name) if isinstance(key, Name) else key, self._expression(0)))
            self._take(",")
        return MapOf(tuple(found))
