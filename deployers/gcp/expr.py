"""Expressions of Workflows: the same value as in Python, or none at all.

The language: cloud.google.com/workflows/docs/reference/syntax/{expressions,datatypes} and .../reference/stdlib. What
makes it different from Python, and where it is dealt with:

- 64-bit integers, doubles, and JSON that may turn `2.0` into an integer: `expr_numbers`.
- No negative index, no parts of lists, lists and dicts are written outside of expressions: `expr_containers`.
- Only numbers have an order, lists and dicts no equality: `expr_comparing`.
- Characters are counted, and letters changed, in ways of its own: `expr_strings`.
- Everything in an expression is evaluated: `expr_failing` says when that goes wrong.
- 400 characters, no loops, no names inside of an expression: `unfolding` says the rest with steps.

What Google does not document is not used; decision 0023 lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from skyloom.deployers.gcp.expr_calls import EMITTED, UNSUPPORTED
from skyloom.deployers.gcp.expr_code import Code, either, unless
from skyloom.deployers.gcp.expr_facts import facts
from skyloom.deployers.gcp.expr_failing import Guard, failing
from skyloom.deployers.gcp.expr_nodes import node
from skyloom.deployers.gcp.expr_truth import test
from skyloom.deployers.gcp.expr_writer import Writer
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Array, Expr, Literal, Object, Spread

__all__ = ["WorkflowsEmitter"]

Json = Any

LONGEST = 400 - len("${}")
"""Characters of an expression (cloud.google.com/workflows/quotas)."""

_TOO_LONG = "this is longer than the 400 characters that Workflows allows for an expression"


class WorkflowsEmitter:
    """Writes expressions of Workflows, without the `${}` around them.

    Args:
        variable: the text of a variable: `ticket`, `answer.body`. It must always have a value.
    """

    def __init__(self, variable: Callable[[str], str] = lambda name: name) -> None:
        self._writer = Writer(node, variable)

    def knowing(self, more: Mapping[str, str]) -> WorkflowsEmitter:
        """An emitter that knows further variables, by the names that stand in expressions."""
        variable = self._writer.variable
        return WorkflowsEmitter(lambda name: more[name] if name in more else variable(name))

    @property
    def emitted(self) -> AbstractSet[str]:
        """The builtins that can be said, at least with some arguments."""
        return EMITTED.keys()

    @property
    def unsupported(self) -> Mapping[str, str]:
        """The others, each with its reason."""
        return UNSUPPORTED

    def emit(self, expr: Expr) -> str:
        """The text of `expr`. It may be evaluated only where all `guards` are false.

        Raises:
            CannotEmit: one expression cannot say it exactly.
        """
        return _bounded(expr, self._writer.code(expr))

    def emit_test(self, expr: Expr) -> str:
        """The text of the truth of `expr`: a boolean, as a condition needs it.

        Raises:
            CannotEmit: one expression cannot say it exactly.
        """
        return _bounded(expr, test(self._writer, expr))

    def guards(self, expr: Expr, known: Iterable[tuple[Expr, bool]] = ()) -> tuple[str, ...]:
        """Texts of booleans, to be asked in order: where one is true, Python may raise while it evaluates `expr`, or
        what Workflows does is another thing or not documented. No guard fails where those before it are false.

        Args:
            known: tests that led here, and how they went: behind `if xs:`, `xs[0]` does not fail. Nothing that they
                look at has changed since.

        Raises:
            CannotEmit: Workflows cannot say it.
        """
        return tuple(_bounded(expr, code) for code in _in_order(failing(self._writer, expr, self._facts(known))))

    def fails(self, expr: Expr, known: Iterable[tuple[Expr, bool]] = ()) -> str | None:
        """The guards in one text, which never fails; None where there are none.

        Raises:
            CannotEmit: Workflows cannot say it in one expression.
        """
        found = self.guards(expr, known)
        if len(found) > 1:
            raise CannotEmit(expr, "what can go wrong here is asked in several expressions")
        return found[0] if found else None

    def template(self, expr: Expr) -> Json:
        """`expr` as a value in a workflow: displays stay maps and lists, what has to be computed becomes `${text}`.

        Raises:
            CannotEmit: Workflows cannot say some part of it exactly.
        """
        match expr:
            case Literal(value=str() as text) if "${" in text:
                return self._computed(expr)
            case Literal(value=value) if not isinstance(value, float | int) or isinstance(value, bool):
                return value
            case Literal(value=value):
                self.emit(expr)
                return value
            case Array(items=items) if not any(isinstance(item, Spread) for item in items):
                return [self.template(item) for item in items]
            case Object(entries=entries):
                keys = [entry.key.value for entry in entries if isinstance(entry.key, Literal)]
                if len(set(keys)) != len(entries) or any("${" in str(key) for key in keys):
                    raise CannotEmit(expr, "only keys that are different constants are written in a workflow")
                return {str(key): self.template(entry.value) for key, entry in zip(keys, entries, strict=True)}
            case _:
                return self._computed(expr)

    def _computed(self, expr: Expr) -> str:
        return f"${{{self.emit(expr)}}}"

    def _facts(self, known: Iterable[tuple[Expr, bool]]) -> tuple[Code, ...]:
        return tuple(fact for test_, holds in known for fact in facts(self._writer, test_, holds=holds))


def _in_order(guards: Sequence[Guard]) -> Iterator[Code]:
    """The guards, as few texts as possible: those that never fail come first."""
    group: list[Guard] = []
    for guard in sorted(guards, key=lambda guard: not guard.alone):
        if group and len(_together([*group, guard]).text) > LONGEST:
            yield _together(group)
            group = []
        group.append(guard)
    if group:
        yield _together(group)


def _together(guards: Sequence[Guard]) -> Code:
    join = either if all(guard.alone for guard in guards) else unless
    return join(*(guard.code for guard in guards))


def _bounded(expr: Expr, code: Code) -> str:
    if len(code.text) > LONGEST:
        raise CannotEmit(expr, _TOO_LONG, "assign its parts to variables")
    return code.text
