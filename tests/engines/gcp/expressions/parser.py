"""Reads an expression, with the precedence that Google gives.

https://cloud.google.com/workflows/docs/reference/syntax/datatypes#order-operations: parentheses, `.` and `[]`, `not`,
unary minus, `* / // %`, `+ -`, comparisons and `in`, `and`, `or`. So `not a == b` is `(not a) == b`.
"""

from __future__ import annotations

from functools import lru_cache

from engines.gcp.errors import ExpressionRefused, Undocumented
from engines.gcp.expressions.syntax import Binary, Call, Expression, Index, ListOf, Literal, Member, Name, Unary, dotted
from engines.gcp.expressions.tokens import Token, tokens

LONGEST = 400
"""Characters of an expression (cloud.google.com/workflows/quotas); counted with `${` and `}`, to be safe."""
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
LEVELS: tuple[tuple[str, ...], ...] = (("or",), ("and",), COMPARISONS, ("+", "-"), ("*", "/", "//", "%"))


def is_expression(value: object) -> bool:
    """Whether a value of a workflow is an expression."""
    return isinstance(value, str) and value.startswith("${") and value.endswith("}")


@lru_cache(maxsize=20_000)
def parse(text: str) -> Expression:
    """The expression of a text, with or without `${}` around it.

    Raises:
        ExpressionRefused: It is too long or no expression.
        Undocumented: It has a form that no page shows.
    """
    body = text[2:-1] if is_expression(text) else text
    if len(body) + len("${}") > LONGEST:
        raise ExpressionRefused(f"the expression has {len(body) + 3} characters, {LONGEST} are allowed: {text}")
    reading = Reading(body)
    node = reading.level(0)
    if reading.ahead.kind != "end":
        raise ExpressionRefused(f"unexpected {reading.ahead.value!r} at {reading.ahead.place} in {body!r}")
    return node


class Reading:
    """The tokens of one expression, and how far it is read."""

    def __init__(self, text: str) -> None:
        if "{" in outside_texts(text):
            raise ExpressionRefused(f"maps cannot be written inside of an expression: {text!r}")
        self.text = text
        self.tokens = [*tokens(text), Token("end", "the end", len(text))]
        self.place = 0

    @property
    def ahead(self) -> Token:
        """The next token."""
        return self.tokens[self.place]

    def take(self, kind: str) -> Token:
        """Reads one token of a kind."""
        found = self.ahead
        if found.kind != kind:
            raise ExpressionRefused(f"{kind!r} expected, not {found.value!r}, at {found.place} in {self.text!r}")
        self.place += 1
        return found

    def level(self, depth: int) -> Expression:
        """Operators of one level of precedence, from the left."""
        if depth == len(LEVELS):
            return self.unary()
        node = self.level(depth + 1)
        many = 0
        while self.ahead.kind in LEVELS[depth]:
            operator = self.take(self.ahead.kind).kind
            node = Binary(operator, node, self.level(depth + 1))
            many += 1
        if many > 1 and LEVELS[depth] is COMPARISONS:
            raise Undocumented(f"comparisons in a row: {self.text}")
        return node

    def unary(self) -> Expression:
        """`-` binds weaker than `not`."""
        if self.ahead.kind == "-":
            self.take("-")
            if self.ahead.kind == "-":
                raise Undocumented(f"two signs in a row: {self.text}")
            return Unary("-", self.negation())
        return self.negation()

    def negation(self) -> Expression:
        """`not`, which binds stronger than every other operator."""
        if self.ahead.kind == "not":
            self.take("not")
            return Unary("not", self.negation())
        return self.postfix()

    def postfix(self) -> Expression:
        """A value with what is read from it."""
        node = self.primary()
        while self.ahead.kind in (".", "[", "("):
            match self.ahead.kind:
                case ".":
                    self.take(".")
                    node = Member(node, str(self.take("name").value))
                case "[":
                    self.take("[")
                    node = Index(node, self.level(0))
                    self.take("]")
                case _:
                    node = self.call(node)
        return node

    def call(self, callee: Expression) -> Expression:
        """The arguments of a call; they go by position."""
        name = dotted(callee)
        if name is None:
            raise ExpressionRefused(f"only functions can be called: {self.text!r}")
        return Call(name, self.listed("(", ")"))

    def listed(self, opening: str, closing: str) -> tuple[Expression, ...]:
        """Values with commas between."""
        self.take(opening)
        items: list[Expression] = []
        while self.ahead.kind != closing:
            if items:
                self.take(",")
            items.append(self.level(0))
        self.take(closing)
        return tuple(items)

    def primary(self) -> Expression:
        """A literal, a name, a list or something in parentheses."""
        match self.ahead.kind:
            case "number" | "text" | "literal":
                return Literal(self.take(self.ahead.kind).value)
            case "name":
                return Name(str(self.take("name").value))
            case "[":
                return ListOf(self.listed("[", "]"))
            case "(":
                self.take("(")
                node = self.level(0)
                self.take(")")
                return node
            case "in":
                raise Undocumented(f"`in` as a function: {self.text}")
            case _:
                raise ExpressionRefused(f"unexpected {self.ahead.value!r} at {self.ahead.place} in {self.text!r}")


def outside_texts(text: str) -> str:
    """An expression without what stands in quotes."""
    kept, inside, escaped = [], False, False
    for sign in text:
        if escaped:
            escaped = False
        elif inside and sign == "\\":
            escaped = True
        elif sign == '"':
            inside = not inside
        elif not inside:
            kept.append(sign)
    return "".join(kept)
