"""Whether emitted JSONata means what the reference emitter means, on every engine that evaluates it here."""

from __future__ import annotations

import atexit
import functools
import math
from typing import Any

from engines.jsonata import PACKAGE_NAMES, Jsonata, JsonataJs, JsonataPython, NodeJsonata

from skyloom.deployers.aws.expr import JsonataEmitter
from skyloom.flows.expr import nodes
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.python import compile_expr

EMITTER = JsonataEmitter()


@functools.cache
def engines() -> tuple[Jsonata, ...]:
    """Every engine that evaluates JSONata here."""
    process = NodeJsonata()
    atexit.register(process.close)
    return (*(JsonataJs(process, package) for package in PACKAGE_NAMES), JsonataPython())


def same(ours: Any, theirs: Any) -> bool:
    """Whether two JSON values are the same; of numbers only the value counts, true is no number."""
    if isinstance(ours, bool) or isinstance(theirs, bool) or ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return list(ours) == list(theirs) and all(same(ours[key], theirs[key]) for key in ours)
    return ours == theirs and isinstance(ours, str) == isinstance(theirs, str)


def has_index(value: Any) -> bool:
    """Whether a dict has keys that look like the index of an array: JavaScript puts them in front of the others, in the
    order of numbers."""
    match value:
        case dict():
            return any(key.isascii() and key.isdecimal() for key in value) or any(map(has_index, value.values()))
        case list():
            return any(map(has_index, value))
        case _:
            return False


def carried(value: Any) -> Any:
    """The value as it comes out of a state: zero has no sign."""
    match value:
        case float():
            return value + 0.0
        case list():
            return [carried(inner) for inner in value]
        case dict():
            return {key: carried(inner) for key, inner in value.items()}
        case _:
            return value


def holdable(value: Any) -> bool:
    """Whether all numbers in the value are numbers of a flow: finite, and integers not beyond 2^53."""
    match value:
        case float():
            return math.isfinite(value)
        case int():
            return abs(value) <= 2**53
        case list():
            return all(map(holdable, value))
        case dict():
            return all(map(holdable, value.values()))
        case _:
            return True


def emitted(expr: nodes.Expr) -> tuple[str, str | None, str | None] | None:
    """The text of `expr`, of its failing, and of its truth where that is certain; None where JSONata cannot say it."""
    try:
        text, fails = EMITTER.emit(expr), EMITTER.fails(expr)
    except CannotEmit:
        return None
    try:
        return text, fails, EMITTER.emit_test(expr)
    except CannotEmit:
        return text, fails, None


def agree(expr: nodes.Expr, values: dict[str, Any]) -> bool:
    """Compares one evaluation on all engines: the reference's value, or a failure that was foreseen.

    Returns:
        Whether a value was compared.
    """
    said = emitted(expr)
    assert said is not None
    values = carried(values)
    text, fails, truth = said
    try:
        expected: Any = compile_expr(expr)(values)
        raised = None
    except Exception as error:
        raised = error
    if raised is None and not holdable(expected):
        return False
    counted = False
    for engine in engines():
        if isinstance(engine, JsonataJs) and raised is None and (has_index(values) or has_index(expected)):
            continue
        foreseen = fails is not None and engine.evaluate(fails, values)
        assert isinstance(foreseen, bool), (engine.name, fails, foreseen)
        if raised is not None:
            assert foreseen, (engine.name, text, fails, raised)
        elif not foreseen:
            counted = True
            value = engine.evaluate(text, values)
            assert same(value, expected), (engine.name, text, value, expected)
            if truth is not None and isinstance(engine, JsonataPython):
                assert isinstance(engine.evaluate(truth, values), bool), (engine.name, truth)
    return counted
