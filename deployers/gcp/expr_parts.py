"""Parts of an expression that are assigned first: what no expression can hold, and what makes it too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.deployers.gcp.expr_rebuilding import rebuilt
from skyloom.deployers.gcp.steps import Names
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import (
    Array,
    Comprehension,
    Conditional,
    Entry,
    Expr,
    Function,
    Literal,
    Logic,
    Name,
    Object,
    Spread,
    children,
)

Json = Any

MOST_PARTS = 20
"""Variables that one value needs in front of it."""

SHORT = 24
"""What is shorter is not worth a variable."""


class Parts:
    """Takes expressions apart. `pairs` are the assignments that have to stand in front, each seeing the ones before."""

    def __init__(self, emitter: WorkflowsEmitter, variables: Names) -> None:
        self._variables = variables
        self._assigned: dict[str, str] = {}
        self._emitter = emitter.knowing(self._assigned)
        self.pairs: tuple[tuple[str, Json], ...] = ()

    def template(self, expr: Expr) -> Json:
        """`expr` as a value in a workflow, behind the assignments.

        Raises:
            CannotEmit: Workflows cannot say some part of it exactly.
        """
        match expr:
            case Array(items=items) if not any(isinstance(item, Spread) for item in items):
                return [self.template(item) for item in items]
            case Object(entries=entries) if (keys := constant_keys(entries)) is not None:
                return {key: self.template(entry.value) for key, entry in zip(keys, entries, strict=True)}
            case Literal(value=str() as text) if "${" not in text:
                return text
            case Literal():
                return self._emitter.template(expr)
            case _:
                return self._emitter.template(self._sayable(expr))

    def _sayable(self, expr: Expr) -> Expr:
        """The same value, of parts that were assigned."""
        if self._says(expr):
            return expr
        match expr:
            case Literal(value=str()) | Object():
                return self._assign(expr)
            case Array(items=items) if not any(isinstance(item, Spread) for item in items):
                return self._assign(expr)
        if isinstance(expr, Comprehension | Function | Spread):
            self._emitter.emit(expr)
        if isinstance(expr, Logic | Conditional):
            return self._decided(expr)
        simpler = rebuilt(expr, self._sayable)
        while not self._says(simpler):
            longest = self._longest(simpler)
            if longest is None:
                self._emitter.emit(simpler)
                raise CannotEmit(expr, "this cannot be taken apart")
            simpler = self._without(simpler, longest)
        return simpler

    def _decided(self, expr: Logic | Conditional) -> Expr:
        """A choice whose test is sayable: nothing of what it may leave out is evaluated in front of it."""
        first = expr.test if isinstance(expr, Conditional) else expr.operands[0]
        simpler = rebuilt(expr, lambda child: self._sayable(child) if child is first else child)
        self._emitter.emit(simpler)
        return simpler

    def _without(self, expr: Expr, part: Expr) -> Expr:
        """`expr` with one part assigned."""
        return rebuilt(expr, lambda child: self._assign(child) if child is part else child)

    def _says(self, expr: Expr) -> bool:
        try:
            self._emitter.emit(expr)
        except CannotEmit:
            return False
        return True

    def _longest(self, expr: Expr) -> Expr | None:
        """The part with the longest text, of those that are worth a variable."""
        texts = []
        for child in children(expr):
            try:
                texts.append((len(self._emitter.emit(child)), child))
            except CannotEmit:
                continue
        found = max((pair for pair in texts if pair[0] >= SHORT), key=lambda pair: pair[0], default=None)
        return found[1] if found is not None else None

    # --- assignments ------------------------------------------------------------------------------------------------

    def _assign(self, expr: Expr) -> Name:
        variable = self._variables.fresh("part")
        match expr:
            case Object(entries=entries) if constant_keys(entries) is None:
                self._fill(variable, expr, entries)
            case _:
                self._add(variable, self.template(expr), expr)
        # No variable of Python has such a name.
        name = f"<{variable}>"
        self._assigned[name] = variable
        return Name(span=expr.span, type=expr.type, name=name)

    def _fill(self, variable: str, expr: Object, entries: tuple[Entry, ...]) -> None:
        """A dict, entry by entry: a later one wins."""
        self._add(variable, {}, expr)
        for entry in entries:
            if isinstance(entry.value, Spread):
                more = self._emitter.emit(self._sayable(entry.value.value))
                self._add(variable, f"${{map.merge({variable}, {more})}}", expr)
                continue
            assert entry.key is not None
            value, key = self.template(entry.value), self._emitter.emit(self._sayable(entry.key))
            self._add(f"{variable}[{key}]", value, expr)

    def _add(self, target: str, value: Json, place: Expr) -> None:
        if len(self.pairs) >= MOST_PARTS:
            raise CannotEmit(place, f"more than {MOST_PARTS} parts of one value are left to Python")
        self.pairs = (*self.pairs, (target, value))


def constant_keys(entries: Sequence[Entry]) -> list[str] | None:
    """The keys of a display, where they are different constants that YAML can hold as they are."""
    keys = [str(entry.key.value) for entry in entries if isinstance(entry.key, Literal)]
    return keys if len(set(keys)) == len(entries) and not any("${" in key for key in keys) else None
