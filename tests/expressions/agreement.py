"""Whether emitted JSONata means what the reference emitter means, on every engine that evaluates it here."""

from __future__ import annotations

import atexit
import functools
from typing import Any

from engines.jsonata import PACKAGE_NAMES, Jsonata, JsonataJs, JsonataPython, NodeJsonata
from expressions.comparing import carried, has_index, holdable, same

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
