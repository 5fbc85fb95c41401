"""How large the integer variables of a flow can become: counters stay far below 2^53, where sums of inputs may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from skyloom.deployers.expressions.kinds import is_int
from skyloom.deployers.expressions.ranges import INTEGERS, MOST_ELEMENTS, NUMBERS, Range, reach
from skyloom.errors import Span
from skyloom.flows.expr.nodes import Binary, Bind, Call, Compare, Expr, Literal, Name, Target, Unpack, bound_names
from skyloom.flows.expr.types import BOOL, INT
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition

_PASSES = 3
"""Each makes the ranges narrower, and all that they give are true."""
_MOST_ROUNDS = 1_000_000
"""No assignment runs as often in one execution: a Standard one of AWS has 25,000 events, an Express one five minutes,
one of Google Cloud 100,000 steps."""
_NOWHERE = Span(0, 0, 0, 0)

Ranges = Mapping[str, Range]


@dataclass(slots=True)
class _Assigned:
    """What is assigned to one variable: values, ranges, and what is added to itself."""

    values: list[Expr] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    added: list[Expr] = field(default_factory=list)


def ranges_of(flow: FlowDefinition) -> Ranges:
    """The ranges of those variables that are always integers of less than the whole range."""
    assigned: dict[str, _Assigned] = {p.name: _Assigned(ranges=[INTEGERS]) for p in flow.parameters}
    for statement in ir.walk(flow.body):
        _note(statement, lambda name: assigned.setdefault(name, _Assigned()))
    known: dict[str, Range] = {}
    for _ in range(_PASSES):
        found = {name: _range(one, _by_name(known)) for name, one in assigned.items()}
        known = {name: one for name, one in found.items() if one.is_exact and one != INTEGERS}
    return known


def tests(expr_names: frozenset[str], ranges: Ranges) -> list[tuple[Expr, bool]]:
    """What is known of these variables, as tests that are true."""
    found: list[tuple[Expr, bool]] = []
    for name in sorted(expr_names & ranges.keys()):
        variable = Name(span=_NOWHERE, type=INT, name=name)
        low, high = (Literal(span=_NOWHERE, type=INT, value=int(v)) for v in (ranges[name].low, ranges[name].high))
        found.append((Compare(span=_NOWHERE, type=BOOL, operator=">=", left=variable, right=low), True))
        found.append((Compare(span=_NOWHERE, type=BOOL, operator="<=", left=variable, right=high), True))
    return found


def _note(statement: ir.Statement, of: Callable[[str], _Assigned]) -> None:
    match statement:
        case ir.Assign(variable=name, value=value):
            step = _step(name, value)
            if step is None:
                of(name).values.append(value)
            else:
                of(name).added.append(step)
        case ir.For(target=target, items=items) | ir.Map(over=target, items=items):
            _note_loop(target, items, of)
            if isinstance(statement, ir.Map) and statement.target is not None:
                of(statement.target).ranges.append(NUMBERS)
        case ir.SetItem(variable=name) | ir.Append(variable=name) | ir.Extend(variable=name):
            of(name).ranges.append(NUMBERS)
        case ir.Step(target=str(name)):
            of(name).ranges.append(INTEGERS)
        case ir.Try(handlers=handlers):
            for handler in handlers:
                of(handler.variable).ranges.append(NUMBERS)
        case _:
            pass


def _note_loop(target: Target, items: Expr, of: Callable[[str], _Assigned]) -> None:
    counts = dict.fromkeys(bound_names(target), INTEGERS)
    match target, items:
        case Bind(name=name), Call(function="range", arguments=(_,) | (_, _)):
            # The last is smaller than the end.
            counts[name] = Range(-INTEGERS.high, INTEGERS.high - 1)
        case Unpack(targets=(Bind(name=name), *_)), Call(function="enumerate", arguments=(_,)):
            counts[name] = Range(0, MOST_ELEMENTS)
        case _:
            pass
    for name, found in counts.items():
        of(name).ranges.append(found)


def _step(name: str, value: Expr) -> Expr | None:
    """What is added in `name + value` and `name - value`."""
    match value:
        case Binary(operator="+" | "-", left=Name(name=left), right=right) if left == name and is_int(value.type):
            return right
        case Binary(operator="+", left=left, right=Name(name=right)) if right == name and is_int(value.type):
            return left
        case _:
            return None


def _range(assigned: _Assigned, known: Callable[[Expr], Range]) -> Range:
    if any(not is_int(value.type) for value in assigned.values):
        return NUMBERS
    ranges = [*assigned.ranges, *(reach(value, known).within(INTEGERS) for value in assigned.values)]
    if not ranges:
        return NUMBERS
    grown = sum(reach(value, known).within(INTEGERS).most for value in assigned.added) * _MOST_ROUNDS
    return Range(min(one.low for one in ranges) - grown, max(one.high for one in ranges) + grown)


def _by_name(known: Ranges) -> Callable[[Expr], Range]:
    return lambda expr: known.get(expr.name, NUMBERS) if isinstance(expr, Name) else NUMBERS
