"""Expressions in JSONata, as Step Functions evaluates it: the same value as in Python, or none at all.

JSONata 2.0.6, without `$eval`, with `$hash`, `$parse`, `$partition`, `$random`, `$range` and `$uuid`
(docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html). What makes it different from Python, and where it
is dealt with:

- Sequences of one element become the element, of none become nothing, and lists in brackets are taken apart:
  `as_list` in `expr_loops`, and every display in `expr_containers`.
- Only the type tells what `+`, truth, `in` and an index mean: `expr_kinds`.
- `true = 1` is false, texts are ordered by UTF-16 units: `expr_comparing`.
- A hundred evaluations inside each other are too many: `expr_depth`.
- Errors of Python are not errors there, or others: `expr_failing` says when Python raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from skyloom.deployers.aws.expr_calls import EMITTED, UNSUPPORTED
from skyloom.deployers.aws.expr_code import Code
from skyloom.deployers.aws.expr_depth import DEEPEST, depth
from skyloom.deployers.aws.expr_facts import NOTHING, facts
from skyloom.deployers.aws.expr_failing import failing
from skyloom.deployers.aws.expr_nodes import node
from skyloom.deployers.aws.expr_truth import test
from skyloom.deployers.aws.expr_writer import writer_for
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Array, Expr, Literal, Object, Spread

__all__ = ["JsonataEmitter"]

Json = Any


class JsonataEmitter:
    """Writes expressions in JSONata.

    Args:
        variable: the text of a variable: `$ticket`, `$states.input.items`. It must always have a value.
    """

    def __init__(self, variable: Callable[[str], str] = lambda name: f"${name}") -> None:
        self._variable = variable

    @property
    def emitted(self) -> AbstractSet[str]:
        """The builtins that can be said, at least with some arguments."""
        return EMITTED.keys()

    @property
    def unsupported(self) -> Mapping[str, str]:
        """The others, each with its reason."""
        return UNSUPPORTED

    def emit(self, expr: Expr) -> str:
        """The text of `expr`, without `{% %}`. Where Python raises, its value means nothing: ask `fails` first.

        Raises:
            CannotEmit: JSONata cannot say it exactly.
        """
        return _bounded(expr, writer_for(expr, self._variable, node).code(expr))

    def emit_test(self, expr: Expr) -> str:
        """The text of the truth of `expr`: a boolean, as a rule of a Choice needs it.

        Raises:
            CannotEmit: JSONata cannot say it exactly.
        """
        return _bounded(expr, test(writer_for(expr, self._variable, node), expr))

    def fails(self, expr: Expr, known: Iterable[tuple[Expr, bool]] = ()) -> str | None:
        """The text of a boolean: whether Python may raise while it evaluates `expr`, or JSONata's value be another.
        None where neither can be. Evaluating the text never fails itself.

        Args:
            known: tests that led here, and how they went: behind `if xs:`, `xs[0]` does not fail. Nothing that they
                look at has changed since.

        Raises:
            CannotEmit: JSONata cannot say it.
        """
        writer = writer_for(expr, self._variable, node)
        code = failing(writer, expr, NOTHING.union(*(facts(writer, test_, holds=holds) for test_, holds in known)))
        return None if code is None else _bounded(expr, code)

    def template(self, expr: Expr) -> Json:
        """`expr` as a value for a field of a state: displays stay JSON, what has to be computed becomes `{% text %}`.

        Raises:
            CannotEmit: JSONata cannot say some part of it exactly.
        """
        match expr:
            case Literal(value=str() as text) if "{%" in text or "%}" in text:
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
                if len(set(keys)) == len(entries):
                    return {str(key): self.template(entry.value) for key, entry in zip(keys, entries, strict=True)}
                return self._computed(expr)
            case _:
                return self._computed(expr)

    def _computed(self, expr: Expr) -> str:
        return f"{{% {self.emit(expr)} %}}"


def _bounded(expr: Expr, code: Code) -> str:
    if depth(code.text) > DEEPEST:
        raise CannotEmit(expr, "this nests deeper than Step Functions evaluates", "assign its parts to variables")
    return code.text
