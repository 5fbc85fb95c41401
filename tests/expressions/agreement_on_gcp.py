"""Whether emitted expressions of Workflows mean what the reference emitter means, in the interpreter of the tests."""

from __future__ import annotations

import json
from typing import Any

from engines.gcp.expressions.evaluator import evaluate
from engines.gcp.expressions.parser import is_expression
from engines.gcp.library.jsons import read
from expressions.comparing import holdable

from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.deployers.gcp.steps import Names
from skyloom.deployers.gcp.unfolding import Ways, unfold
from skyloom.flows.expr import nodes
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.python import compile_expr

EMITTER = WorkflowsEmitter(lambda name: f"v_{name}")
"""No variable of Workflows may be called like one of its functions: `len`, `list`, `text`."""


def emitted(expr: nodes.Expr) -> tuple[Any, tuple[str, ...]] | None:
    """The template of `expr` and its guards; None where Workflows cannot say it."""
    try:
        return EMITTER.template(expr), EMITTER.guards(expr)
    except CannotEmit:
        return None


def arrived(values: dict[str, Any]) -> dict[str, Any]:
    """The variables of a workflow, as JSON brings them."""
    read_: dict[str, Any] = read(json.dumps({f"v_{name}": value for name, value in values.items()}))
    return read_


def value_of(template: Any, variables: dict[str, Any]) -> Any:
    """The value of a template."""
    if isinstance(template, list):
        return [value_of(item, variables) for item in template]
    if isinstance(template, dict):
        return {key: value_of(item, variables) for key, item in template.items()}
    return evaluate(template, variables) if is_expression(template) else template


def alike(ours: Any, theirs: Any) -> bool:
    """Whether a value of Workflows is one of Python. The order of keys is nobody's; a float may be an integer that the
    reader of a float makes one of, an int is never a float."""
    if isinstance(ours, bool) or isinstance(theirs, bool) or ours is None or theirs is None:
        return ours is theirs
    if isinstance(ours, list) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, str) or isinstance(theirs, str):
        return type(ours) is type(theirs) and bool(ours == theirs)
    return bool(ours == theirs) and not (type(theirs) is int and type(ours) is not int)


def foreseen(guards: tuple[str, ...], variables: dict[str, Any]) -> bool:
    """Whether some guard is true, asked in order."""
    for guard in guards:
        answer = evaluate(guard, variables)
        assert isinstance(answer, bool), guard
        if answer:
            return True
    return False


def agree(expr: nodes.Expr, values: dict[str, Any]) -> bool:
    """Compares one evaluation: the reference's value, or a failure that was foreseen.

    Returns:
        Whether a value was compared.
    """
    said = emitted(expr)
    assert said is not None
    template, guards = said
    variables = arrived(values)
    try:
        expected: Any = compile_expr(expr)(values)
        raised = None
    except Exception as error:
        raised = error
    if raised is None and not holdable(expected) and not overflows(expected):
        return False
    failing = foreseen(guards, variables)
    together = joined_guards(expr)
    if together is not None:
        assert evaluate(together, variables) is failing, together
    if raised is not None:
        assert failing, (template, guards, raised)
        return False
    assert failing or not overflows(expected), (template, guards, expected)
    if failing:
        return False
    value = value_of(template, variables)
    assert alike(value, expected), (template, value, expected)
    truth = test_of(expr)
    if truth is not None:
        assert evaluate(truth, variables) is bool(compile_expr(expr)(values)), truth
    return True


def overflows(value: Any) -> bool:
    """Whether there is an integer that no variable of a workflow may hold."""
    match value:
        case bool() | float():
            return False
        case int():
            return abs(value) > 2**53
        case list() | tuple():
            return any(map(overflows, value))
        case dict():
            return any(map(overflows, value.values()))
        case _:
            return False


def joined_guards(expr: nodes.Expr) -> str | None:
    """The guards in one text, where there is one."""
    try:
        return EMITTER.fails(expr)
    except CannotEmit:
        return None


def test_of(expr: nodes.Expr) -> str | None:
    """The text of the truth of `expr`, where Workflows can say it."""
    try:
        return EMITTER.emit_test(expr)
    except CannotEmit:
        return None


# --- values that take several steps -------------------------------------------------------------------------------


def unfolded(expr: nodes.Expr, *, test: bool = False) -> Ways | None:
    """The ways to the value of `expr`; None where it is left to Python."""
    try:
        return unfold(expr, EMITTER, Names(), test=test)
    except CannotEmit:
        return None


FORESEEN = object()


def taken(ways: Ways, variables: dict[str, Any]) -> Any:
    """The value by the first way that is open; `FORESEEN` where it leads to Python."""
    for way in ways:
        if way.condition is not None:
            answer = evaluate(way.condition, variables)
            assert isinstance(answer, bool), way.condition
            if not answer:
                continue
        if way.raises:
            return FORESEEN
        assigned = dict(variables)
        for target, value in way.pairs:
            assign(target, value_of(value, assigned), assigned)
        return value_of(way.value, assigned)
    raise AssertionError("no way is open")


def assign(target: str, value: Any, variables: dict[str, Any]) -> None:
    """Sets a variable, or an entry of one."""
    name, bracket, key = target.partition("[")
    if bracket:
        variables[name] = {**variables[name], evaluate(key.removesuffix("]"), variables): value}
    else:
        variables[name] = value


def agree_unfolded(expr: nodes.Expr, values: dict[str, Any]) -> bool:
    """As `agree`, in several steps."""
    ways = unfolded(expr)
    assert ways is not None
    variables = arrived(values)
    try:
        expected: Any = compile_expr(expr)(values)
    except Exception:
        assert taken(ways, variables) is FORESEEN, ways
        return False
    if not holdable(expected) and not overflows(expected):
        return False
    value = taken(ways, variables)
    assert value is FORESEEN or not overflows(expected), (ways, expected)
    assert value is FORESEEN or alike(value, expected), (ways, value, expected)
    truth = unfolded(expr, test=True)
    if truth is not None:
        answer = taken(truth, variables)
        assert answer is FORESEEN or answer is bool(expected), truth
    return value is not FORESEEN
