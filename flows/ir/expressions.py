"""The structural rules of expressions: what may stand where.

- `Spread` stands in lists, tuples and, without a key, in dicts; every other entry has a key
- `Function` stands as the `key` of `sorted`, `min` and `max` only
- a lazy comprehension stands where a builtin iterates, and makes no dict
- the targets of a generator are different names; its conditions, and other tests, are boolean
- builtins and models are there
"""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.errors import Span
from skyloom.flows.expr.builtins import BUILTINS, accepts
from skyloom.flows.expr.nodes import (
    Array,
    Call,
    Comprehension,
    Conditional,
    Expr,
    Function,
    Object,
    Spread,
    Target,
    Unary,
    Unpack,
    bound_names,
    children,
)
from skyloom.flows.expr.properties import truth
from skyloom.flows.expr.types import DictType, ListType, ModelType, NeverType, TupleType, Type, UnionType
from skyloom.flows.ir.program import Program

_SORTING = ("sorted", "min", "max")


def expression_problems(expr: Expr, program: Program) -> Iterator[tuple[Span, str]]:
    """Every rule that `expr` breaks, with the place."""
    if isinstance(expr, Spread):
        yield expr.span, "a spread stands outside of a display"
    if isinstance(expr, Function):
        yield expr.span, "a function stands elsewhere than as the key of sorted, min or max"
    if isinstance(expr, Comprehension) and expr.lazy:
        yield expr.span, "a lazy comprehension stands where no builtin iterates over it"
    yield from _inner_problems(expr, program)


def _inner_problems(expr: Expr, program: Program) -> Iterator[tuple[Span, str]]:
    yield from (
        (expr.span, f"model {name!r} is not there") for name in _models(expr.type) if name not in program.models
    )
    match expr:
        case Call():
            yield from _call_problems(expr)
        case Object():
            yield from _entry_problems(expr)
        case Comprehension():
            yield from _comprehension_problems(expr)
        case Conditional(test=test) | Unary(operator="not", operand=test):
            if not is_boolean(test.type):
                yield test.span, "a test is not boolean"
        case _:
            pass
    allowed = {id(child) for child in _placed(expr)}
    for child in children(expr):
        yield from (_inner_problems if id(child) in allowed else expression_problems)(child, program)


def _placed(expr: Expr) -> Iterator[Expr]:
    """The children that stand where their kind is allowed to."""
    match expr:
        case Array(items=items):
            yield from (item for item in items if isinstance(item, Spread))
        case Object(entries=entries):
            yield from (entry.value for entry in entries if entry.key is None and isinstance(entry.value, Spread))
        case Call(function=name) if name in BUILTINS:
            for position, argument in enumerate(expr.arguments):
                if isinstance(argument, Comprehension) and accepts(name, position, "iterator"):
                    yield argument
            for keyword in expr.keywords:
                if keyword.name == "key" and name in _SORTING and isinstance(keyword.value, Function):
                    yield keyword.value
        case _:
            return


def _call_problems(expr: Call) -> Iterator[tuple[Span, str]]:
    if expr.function not in BUILTINS:
        yield expr.span, f"builtin {expr.function!r} is not there"
    names = [keyword.name for keyword in expr.keywords]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield expr.span, f"{expr.function} is given {name!r} twice"


def _entry_problems(expr: Object) -> Iterator[tuple[Span, str]]:
    for entry in expr.entries:
        if entry.key is None and not isinstance(entry.value, Spread):
            yield entry.value.span, "an entry has no key"
        if entry.key is not None and isinstance(entry.value, Spread):
            yield entry.value.span, "a spread has a key"


def _comprehension_problems(expr: Comprehension) -> Iterator[tuple[Span, str]]:
    if not expr.generators:
        yield expr.span, "a comprehension has no generator"
    if expr.lazy and expr.key is not None:
        yield expr.span, "a dict comprehension is lazy"
    for generator in expr.generators:
        yield from ((expr.span, problem) for problem in target_problems(generator.target))
        for condition in generator.conditions:
            if not is_boolean(condition.type):
                yield condition.span, "a test is not boolean"


def target_problems(target: Target) -> Iterator[str]:
    """Every rule that a loop target breaks."""
    names = bound_names(target)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the target {name!r} stands there twice"
    if isinstance(target, Unpack) and not target.targets:
        yield "a target takes nothing apart"


def is_boolean(of: Type) -> bool:
    """Whether the type is one that tests take."""
    return truth(of) == "bool" or isinstance(of, NeverType)


def _models(of: Type) -> Iterator[str]:
    match of:
        case ModelType(name=name):
            yield name
        case ListType(item=inner) | DictType(value=inner):
            yield from _models(inner)
        case TupleType(items=parts) | UnionType(members=parts):
            for part in parts:
                yield from _models(part)
        case _:
            return
