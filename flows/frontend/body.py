"""What the compilers of statements, expressions and calls share while they work on one flow's body."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr.types import Type
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.narrowing import Models
from skyloom.flows.frontend.scope import Meeting, Scope, changes
from skyloom.flows.frontend.source import SourceFile
from skyloom.flows.frontend.tables import Table
from skyloom.flows.ir import nodes as ir

if TYPE_CHECKING:
    from skyloom.flows.frontend.definitions import ProgramBuilder


class Stop(Exception):
    """The expression or statement at hand has a problem, which is reported; nothing more can be said about it."""


@dataclass(slots=True)
class Loop:
    """A loop that is being compiled: what is known where its body leaves early."""

    breaks: list[Scope] = field(default_factory=list)
    continues: list[Scope] = field(default_factory=list)


class Body:
    """One flow's body at work: where statements go, what is known here, and which names are taken.

    Attributes:
        scope: what is known of the variables at the point that is being compiled.
        block: where compiled statements go.
        locals: the names that the function assigns anywhere, as Python decides it.
        temporaries: variables made by the compiler; each is read once.
        loops: the loops around, innermost last.
        iterating: what `for` loops around go through: the variable with the keys, and the source.
        declared: the types of variables that are annotated.
        guarded: what may be known when an error leaves the `try` bodies around, innermost last.
        finals: those of them that a `return` leaves through `finally`.
    """

    def __init__(
        self,
        source: SourceFile,
        names: Mapping[str, Any],
        builder: ProgramBuilder,
        local_names: frozenset[str],
        returns: Type,
    ) -> None:
        self.source = source
        self.names = names
        self.builder = builder
        self.locals = local_names
        self.returns = returns
        self.scope = Scope()
        self.block: list[ir.Statement] = []
        self.temporaries: Table[str, bool] = Table()
        self.loops: list[Loop] = []
        self.iterating: list[tuple[tuple[str | int | None, ...], str]] = []
        self.handled: list[str | None] = []
        """The variables of the errors whose handlers stand around; None for a `finally`."""
        self.declared: dict[str, Type] = {}
        self.guarded: list[Meeting] = []
        self.finals: list[Meeting] = []
        self._constants: dict[int, ir.Assign] = {}
        self._reserved: set[str] = set(local_names)
        self._taken: Table[str, int] = Table()
        self._ids: Table[str, int] = Table()

    @property
    def models(self) -> Models:
        """The models by name."""
        return self.builder.types.models

    # --- problems -----------------------------------------------------------------------------------------------

    def report(self, code: str, message: str, where: ast.AST | Span, hint: str | None = None) -> None:
        """Notes a problem and goes on."""
        self.builder.report.add(code, message, self.source, where, hint)

    def problem(self, code: str, message: str, where: ast.AST | Span, hint: str | None = None) -> Stop:
        """Notes a problem. Raise what this gives, to give up the expression or statement at hand."""
        self.report(code, message, where, hint)
        return Stop()

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands."""
        return self.source.span(node)

    def leave(self) -> None:
        """Control does not come behind this point."""
        self.scope = self.scope.copy()
        self.scope.alive = False

    # --- names --------------------------------------------------------------------------------------------------

    def step_id(self, wish: str) -> str:
        """An id for a step: `wish`, or `wish_2`, `wish_3`, ..."""
        return self._free(wish, self._ids, ())

    def temporary(self, wish: str) -> str:
        """A name for a variable of the compiler's own."""
        name = self._free(f"_{wish}", self._taken, self._reserved)
        self.temporaries[name] = True
        return name

    @staticmethod
    def _free(wish: str, taken: Table[str, int], reserved: Container[str]) -> str:
        while True:
            count = taken[wish] = (taken.get(wish) or 0) + 1
            name = wish if count == 1 else f"{wish}_{count}"
            if name not in reserved and (count == 1 or name not in taken):
                if count > 1:
                    taken[name] = 1
                return name

    # --- statements ---------------------------------------------------------------------------------------------

    def emit(self, statement: ir.Statement) -> None:
        """Adds a statement."""
        self.block.append(statement)

    def hold(self, value: x.Expr, wish: str = "value", at: int | None = None) -> x.Name:
        """Evaluates `value` into a temporary, here or before the statement at position `at` of the block."""
        name = self.temporary(wish)
        statement = ir.Assign(span=value.span, variable=name, value=value)
        self.block.insert(len(self.block) if at is None else at, statement)
        self.scope.assign(name, value.type, ownership.store(value, self.scope, self.temporaries))
        return x.Name(span=value.span, type=value.type, name=name)

    def constant(self, found: object, wish: str, value: x.Expr) -> x.Name:
        """A list, dict or the like of the module, in a variable that the flow has from its start: however often it is
        named, it is one value, which the flow shares with its module.

        Args:
            found: the Python object.
            value: the same as an expression.
        """
        known = self._constants.get(id(found))
        if known is None:
            name = self._free(f"_module_{wish}", self._taken, self._reserved)
            self._reserved.add(name)
            known = self._constants[id(found)] = ir.Assign(span=value.span, variable=name, value=value)
        return x.Name(span=value.span, type=value.type, name=known.variable)

    @property
    def constants(self) -> tuple[ir.Statement, ...]:
        """What assigns the variables that `constant` has made."""
        return tuple(self._constants.values())

    @contextmanager
    def inner_block(self) -> Iterator[list[ir.Statement]]:
        """Collects the statements that are added within the block."""
        outer, self.block = self.block, []
        try:
            yield self.block
        finally:
            self.block = outer

    @contextmanager
    def in_scope(self, scope: Scope) -> Iterator[None]:
        """Compiles with what `scope` knows; afterwards everything is as before, but for who owns what."""
        outer, self.scope = self.scope, scope
        try:
            yield
        finally:
            inner, self.scope = self.scope, outer
            for name in changes(outer, inner):
                if name in outer:
                    outer.share(name, inner.owner(name))

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Compiles without effect on the report, the block and the names, only on the scope: to learn types. Ends early
        at a problem, which is reported when the same is compiled for good."""
        taken, ids, temporaries = self._taken.copy(), self._ids.copy(), self.temporaries.copy()
        with self.builder.report.muted(), self.inner_block():
            try:
                with suppress(Stop):
                    yield
            finally:
                self._taken, self._ids, self.temporaries = taken, ids, temporaries

    def checkpoint(self) -> None:
        """Notes that an error may leave from here, for the handlers around."""
        for guard in self.guarded:
            guard.add(self.scope)

    def returning(self, value: x.Expr) -> None:
        """Notes that the flow ends here with the value, for the `finally` blocks that still run: Python would show
        what they change in it."""
        if self.finals:
            known = self.scope.copy()
            ownership.store(value, known, self.temporaries)
            for final in self.finals:
                final.add(known)

    def retarget(self, value: x.Expr, target: str | None) -> bool:
        """Sends the result of the step that has just been added, and that `value` is, to `target` instead of a
        temporary. False where `value` is something else."""
        if not isinstance(value, x.Name) or not self.block:
            return False
        last = self.block[-1]
        if not isinstance(last, ir.Step) or last.target != value.name or value.name not in self.temporaries:
            return False
        if isinstance(last, ir.Sample):
            if target is None:
                return False
            self.block[-1] = replace(last, target=target)
            return True
        self.block[-1] = replace(last, target=target)
        return True


def retyped(value: x.Expr, of: Type) -> x.Expr:
    """The same expression, known by another type."""
    return replace(value, type=of)


def with_article(shown: str) -> str:
    """A type as it is shown, in backquotes behind its article."""
    return f"{'an' if shown[0] in 'aeioAEIO' else 'a'} `{shown}`"


def did_you_mean(name: str, known: Any) -> str | None:
    """A hint that names the closest of `known`."""
    close = get_close_matches(name, sorted(map(str, known)), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else None
