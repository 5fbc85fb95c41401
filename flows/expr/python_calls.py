"""The half of the Python emitter that writes calls of builtins, and what is iterated over."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from skyloom.flows.expr.builtins import BUILTINS, accepts
from skyloom.flows.expr.nodes import Call, Comprehension, Expr, Target, Unpack
from skyloom.flows.expr.python_names import (
    CONDITIONAL,
    FUNCTIONS,
    LAMBDA,
    METHODS,
    PRIMARY,
    TEMPLATES,
    Source,
    enclosed,
)
from skyloom.flows.expr.types import ErrorType, TupleType, Type, members

_PAIRS = frozenset({"zip", "enumerate", "dict.items"})
_USES_UP = frozenset({"all", "any", "dict", "len", "str.join", "sum"})
"""Builtins that look at the elements of their argument and keep none of them: tuples do there."""


class CallWriter(ABC):
    """Writes calls. How every other expression is written, a subclass says."""

    @abstractmethod
    def _source(self, expr: Expr) -> Source:
        """The source of any expression."""

    @abstractmethod
    def _clauses(self, expr: Comprehension) -> str:
        """A comprehension without its brackets."""

    @abstractmethod
    def _truth(self, operand: Expr) -> Source:
        """The truth of a value, as a boolean."""

    @abstractmethod
    def _choice(self, test: Source, body: Source, orelse: Source) -> Source:
        """`body if test else orelse`."""

    @property
    def emitted(self) -> AbstractSet[str]:
        """Every builtin: this is the reference."""
        return FUNCTIONS.keys() | METHODS.keys() | TEMPLATES.keys() | self._exceptions.keys()

    @property
    def unsupported(self) -> Mapping[str, str]:
        """None."""
        return {}

    def emit(self, expr: Expr) -> str:
        """The source of `expr`, without parentheses around it."""
        return self._source(expr)[0]

    def _at(self, expr: Expr, level: int) -> str:
        """The source of `expr` for a place that needs it to bind at least as tightly as `level`."""
        return enclosed(self._source(expr), level)

    # --- iteration ----------------------------------------------------------------------------------------------

    def _items(self, expr: Expr, target: Target | None = None, *, tuples: bool = False) -> Source:
        """`expr` where Python iterates over it. Its elements may be tuples where `target` takes them apart at once, or
        with `tuples`; elsewhere they are lists."""
        apart = tuples or isinstance(target, Unpack)
        match expr:
            case Comprehension(lazy=True):
                return f"({self._clauses(expr)})", PRIMARY
            case Call(function="dict.keys", arguments=(entries,)):
                return self._source(entries)
            case Call(function="range" | "dict.values"):
                return self._plain_call(expr)
            case Call(function="reversed", arguments=(inner,)):
                source = self.emit(inner) if _is_pairs(inner) and not apart else self._items(inner, target)[0]
                return f"reversed({source})", PRIMARY
            case Call(function="zip" | "enumerate" | "dict.items"):
                pairs = self._pairs(expr, target)
                return (pairs if apart else f"map(list, {pairs})"), PRIMARY
            case _:
                return self._source(expr)

    def _pairs(self, expr: Call, target: Target | None) -> str:
        """A call that iterates over tuples, whose parts `target` may take apart further."""
        if expr.function == "dict.items":
            return self._plain_call(expr)[0]
        inner = target.targets if isinstance(target, Unpack) else ()
        if expr.function == "enumerate":
            inner = inner[1:]
        sources = [
            self._items(argument, inner[position] if position < len(inner) else None)[0]
            if self._iterates(expr, position)
            else self._at(argument, CONDITIONAL)
            for position, argument in enumerate(expr.arguments)
        ]
        return f"{expr.function}({', '.join([*sources, *self._keywords(expr)])})"

    # --- builtins -----------------------------------------------------------------------------------------------

    def _call(self, expr: Call) -> Source:
        name = expr.function
        if name in self._exceptions:
            return self._exceptions[name](self, expr)
        if BUILTINS[name].gives != "value":
            return f"list({self._items(expr)[0]})", PRIMARY
        return self._plain_call(expr)

    def _plain_call(self, expr: Call) -> Source:
        """A call by the tables."""
        name, arguments = expr.function, expr.arguments
        if name in TEMPLATES:
            template = TEMPLATES[name]
            return template.text.format(*(self._at(a, template.arguments) for a in arguments)), template.level
        if name in METHODS:
            rest = ", ".join(self._arguments(expr, start=1))
            return f"{self._at(arguments[0], PRIMARY)}.{METHODS[name]}({rest})", PRIMARY
        return f"{FUNCTIONS[name]}({', '.join(self._arguments(expr))})", PRIMARY

    def _arguments(self, expr: Call, start: int = 0) -> Iterator[str]:
        """The arguments from `start` on, named ones last; what the builtin iterates over stays a view, an iterator or a
        generator."""
        alone = len(expr.arguments) + len(expr.keywords) == start + 1
        for position, argument in enumerate(expr.arguments[start:], start):
            if not self._iterates(expr, position):
                yield self._at(argument, CONDITIONAL)
            elif alone and isinstance(argument, Comprehension) and argument.lazy:
                yield self._clauses(argument)
            else:
                yield self._items(argument, tuples=expr.function in _USES_UP)[0]
        yield from self._keywords(expr)

    def _iterates(self, expr: Call, position: int) -> bool:
        argument = expr.arguments[position]
        if expr.function in ("min", "max") and len(expr.arguments) > 1:
            return False
        if isinstance(argument, Comprehension) and argument.lazy:
            return accepts(expr.function, position, "iterator")
        return (
            isinstance(argument, Call)
            and BUILTINS[argument.function].gives != "value"
            and accepts(expr.function, position, BUILTINS[argument.function].gives)
        )

    def _keywords(self, expr: Call) -> Iterator[str]:
        for keyword in expr.keywords:
            yield f"{keyword.name}={self._at(keyword.value, LAMBDA)}"

    def _bool(self, expr: Call) -> Source:
        return self._truth(expr.arguments[0]) if expr.arguments else ("False", PRIMARY)

    def _str(self, expr: Call) -> Source:
        if not expr.arguments:
            return '""', PRIMARY
        (value,) = expr.arguments
        if not has_error(value.type):
            return f"str({self.emit(value)})", PRIMARY
        message, text = (f'{self._at(value, PRIMARY)}["message"]', PRIMARY), (f"str({self.emit(value)})", PRIMARY)
        if all(isinstance(member, ErrorType) for member in members(value.type)):
            return message
        return self._choice((f"isinstance({self.emit(value)}, dict)", PRIMARY), message, text)

    def _empty_or_call(self, expr: Call) -> Source:
        """`list()`, `dict()`: a display where they are empty."""
        if expr.arguments:
            return self._plain_call(expr)
        return ("{}" if expr.function == "dict" else "[]"), PRIMARY

    def _tuple(self, expr: Call) -> Source:
        return self._source(expr.arguments[0]) if expr.arguments else ("[]", PRIMARY)

    def _affix(self, expr: Call) -> Source:
        """`startswith`, `endswith`: Python takes alternatives as a tuple only."""
        text, affix, *bounds = expr.arguments
        kinds = {isinstance(member, TupleType) for member in members(affix.type)}
        if kinds == {False}:
            return self._plain_call(expr)
        source = self.emit(affix)
        wanted = f"tuple({source})"
        if kinds != {True}:
            wanted += f" if isinstance({source}, list) else {self._at(affix, CONDITIONAL)}"
        rest = ", ".join([wanted, *(self._at(bound, CONDITIONAL) for bound in bounds)])
        return f"{self._at(text, PRIMARY)}.{METHODS[expr.function]}({rest})", PRIMARY

    _exceptions: Mapping[str, Callable[[CallWriter, Call], Source]] = {
        "bool": _bool,
        "dict": _empty_or_call,
        "list": _empty_or_call,
        "str": _str,
        "str.endswith": _affix,
        "str.startswith": _affix,
        "tuple": _tuple,
    }


def _is_pairs(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function in _PAIRS


def has_error(of: Type) -> bool:
    """Whether a caught error may be among the values of the type."""
    return any(isinstance(member, ErrorType) for member in members(of))
