"""Has the helper function evaluate in one call what neighbouring statements would ask of it one by one.

    shown = [...]                       both = [(shown, [f"{x}" for x in shown]) for shown in [[...]]][0]
    texts = [f"{x}" for x in shown]     shown = both[0]
                                        texts = both[1]

Expressions are evaluated in the order of the statements, so the first error is the same one. What nobody reads behind
the statements is no part of the answer. What goes to the helper at once is never more than what one of the statements
would send by itself, small values apart: nothing becomes too large by it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr.nodes import Expr, free_names
from skyloom.flows.expr.rules import may_raise
from skyloom.flows.expr.types import INT, ListType, TupleType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Program
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.liveness import Live, expressions, liveness, writes
from skyloom.flows.passes.measure import is_bounded, makes_numbers
from skyloom.flows.passes.nested import with_blocks
from skyloom.flows.passes.roots import FreshNames, is_leaf, roots, with_roots

Names = frozenset[str]

LONGEST_NAME = 40
"""Characters of the name for what several expressions give."""


def merge_evaluations(program: Program, engine: Engine) -> Program:
    """The program with one expression for several that the helper function would evaluate one after the other."""
    flows = {name: _Merging(flow, engine).flow() for name, flow in program.flows.items()}
    return dataclasses.replace(program, flows=flows)


@dataclass(frozen=True, slots=True)
class _Part:
    """An expression that is evaluated with others, and what its value is called. `root`: where it stands in the last
    statement; None: it is an assignment of its own."""

    name: str
    value: Expr
    statement: ir.Statement
    root: Expr | None = None


class _Merging:
    def __init__(self, flow: FlowDefinition, engine: Engine) -> None:
        self._flow = flow
        self._engine = engine
        self._live: Mapping[int, Live] = liveness(flow.body)
        self._names = FreshNames(flow)

    def flow(self) -> FlowDefinition:
        return dataclasses.replace(self._flow, body=self._block(self._flow.body))

    def _block(self, block: ir.Block) -> ir.Block:
        result: list[ir.Statement] = []
        at = 0
        while at < len(block):
            parts = self._together(block[at:])
            if parts:
                last = parts[-1].statement
                count = next(n for n, one in enumerate(block[at:], 1) if one is last)
                result += self._one(parts, last)
                at += count
            else:
                result.append(with_blocks(block[at], self._block))
                at += 1
        return block if len(result) == len(block) and all(map(_same, result, block)) else tuple(result)

    # --- what goes together -------------------------------------------------------------------------------------

    def _together(self, block: ir.Block) -> list[_Part]:
        """The expressions at the head of the block that the helper evaluates at once; none, or two and more."""
        parts = self._candidates(block)
        while parts and (self._asked(parts) < 2 or not self._fits(parts)):
            del parts[-1]
        while parts and parts[-1].root is None and self._engine.evaluates(parts[-1].value):
            del parts[-1]
        return parts if self._asked(parts) > 1 and self._fits(parts) else []

    def _asked(self, parts: Sequence[_Part]) -> int:
        return sum(not self._engine.evaluates(part.value) for part in parts)

    def _candidates(self, block: ir.Block) -> list[_Part]:
        parts: list[_Part] = []
        for statement in block:
            if isinstance(statement, ir.Assign):
                one = _Part(statement.variable, statement.value, statement)
                asked = bool(parts) or not self._engine.evaluates(one.value)
                if asked and self._joins(parts, one):
                    parts.append(one)
                    continue
            if parts and is_leaf(statement):
                parts += self._of_last(statement)
            break
        return parts

    def _of_last(self, statement: ir.Statement) -> Iterator[_Part]:
        """What the statement behind the assignments asks of the helper."""
        for label, root in roots(statement):
            if not self._engine.evaluates(root) and not may_raise(root):
                yield _Part(self._names.fresh(label), root, statement, root)

    def _joins(self, parts: Sequence[_Part], one: _Part) -> bool:
        """Whether an expression may be evaluated with those before it: nobody sees what they have assigned when it
        raises, and its names mean the same."""
        assigned = {part.name for part in parts if part.root is None}
        if parts and may_raise(one.value) and not assigned.isdisjoint(self._live[id(one.statement)].raises):
            return False
        read = frozenset[str]().union(*(free_names(part.value) for part in (*parts, one)[1:]))
        return one.name not in assigned and one.name not in read

    def _fits(self, parts: Sequence[_Part]) -> bool:
        """Whether the helper can be sent, and can answer, all of it."""
        given = [frozenset(self._large(part.value)) for part in parts]
        own = frozenset(part.name for part in parts if part.root is None)
        if not any(frozenset().union(*given) - own <= one for one in given):
            return False
        answers = self._answers(parts)
        large = [part for part in answers if not is_bounded(part.value.type)]
        if len(answers) > 1 and any(makes_numbers(part.value) for part in answers):
            # What is said of a number that nothing can carry names its variable.
            return False
        return bool(answers) and (len(large) < 2 or self._engine.shares_memory)

    def _large(self, expr: Expr) -> Iterator[str]:
        free = free_names(expr)
        for node in x.walk(expr):
            if isinstance(node, x.Name) and node.name in free and not is_bounded(node.type):
                yield node.name

    def _answers(self, parts: Sequence[_Part]) -> list[_Part]:
        """Those whose values are read behind the evaluation."""
        last = parts[-1].statement
        live = self._live[id(last)]
        read = live.after
        if parts[-1].root is not None:
            name = writes(last)
            changes = isinstance(last, ir.SetItem | ir.Append | ir.Extend)
            behind = live.after if changes or name is None else live.after - {name}
            moved = {id(part.root) for part in parts}
            kept = (free_names(expr) for expr in expressions(last) if id(expr) not in moved)
            read = behind.union(live.raises, {name} if changes and name is not None else (), *kept)
        return [part for part in parts if part.root is not None or part.name in read]

    # --- what becomes of it -------------------------------------------------------------------------------------

    def _one(self, parts: Sequence[_Part], last: ir.Statement) -> Iterator[ir.Statement]:
        """The statements in the place of those that the parts come from."""
        answers = self._answers(parts)
        span = parts[0].statement.span
        value = _evaluated(parts, answers)
        places: dict[str, Expr] = {}
        if len(answers) == 1:
            places[answers[0].name] = value
        else:
            wish = "_and_".join(part.name for part in answers)
            together = self._names.fresh(wish if len(wish) <= LONGEST_NAME else f"{answers[0].name}_and_more")
            yield ir.Assign(span=span, variable=together, value=value)
            for at, part in enumerate(answers):
                name = x.Name(span=span, type=value.type, name=together)
                places[part.name] = x.Item(
                    span=part.value.span, type=part.value.type, object=name, index=_index(at, span)
                )
        for part in answers:
            if part.root is None:
                yield ir.Assign(span=part.statement.span, variable=part.name, value=places[part.name])
        moved = {id(part.root): places[part.name] for part in answers if part.root is not None}
        if moved:
            yield with_roots(last, moved)


def _evaluated(parts: Sequence[_Part], answers: Sequence[_Part]) -> Expr:
    """One expression for all parts: its value is the answer, or the answers as a tuple."""
    *before, last = parts
    span = parts[0].value.span
    given = [
        part.value if part is last else x.Name(span=span, type=part.value.type, name=part.name) for part in answers
    ]
    generators = [
        x.Generator(target=x.Bind(name=part.name), items=_listed(part.value))
        for part in (before if answers[-1] is last else parts)
    ]
    of: Type = TupleType(tuple(one.type for one in given)) if len(given) > 1 else given[0].type
    element = x.Array(span=span, type=of, items=tuple(given)) if len(given) > 1 else given[0]
    every = x.Comprehension(span=span, type=ListType(of), element=element, generators=tuple(generators))
    return x.Item(span=span, type=of, object=every, index=_index(0, span))


def _listed(value: Expr) -> Expr:
    return x.Array(span=value.span, type=ListType(value.type), items=(value,))


def _index(at: int, span: Span) -> Expr:
    return x.Literal(span=span, type=INT, value=at)


def _same(one: ir.Statement, other: ir.Statement) -> bool:
    return one is other
