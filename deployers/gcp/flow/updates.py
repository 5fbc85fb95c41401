"""Changes inside a variable's value: natively, as an assignment to a place."""

from __future__ import annotations

from typing import Any

from skyloom.deployers.changes import container_type, is_index, item_at, python_of
from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.evaluating import Probe, Root, settle
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.texts import expression, inner
from skyloom.deployers.gcp.steps import Assign
from skyloom.deployers.gcp.unfolding import Way
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.nodes import Array, Expr, Literal, Name, Spread, free_names
from skyloom.flows.ir.nodes import Append, Extend, SetItem

Json = Any


def lower_update(lowering: Lowering, context: Context, statement: SetItem | Append | Extend) -> list[Lowered]:
    """Replaces or adds something inside a variable's value."""
    variable = context.places[statement.variable]
    keys = [key.index for key in statement.path]
    reads = frozenset({statement.variable}).union(free_names(statement.value), *map(free_names, keys))
    whole = Name(span=statement.span, type=container_type(keys), name=statement.variable)
    root = Root(statement.variable, whole, python=python_of(statement), reads=reads)
    found = _native(context, statement, root, whole, keys)
    if not found.is_plain:
        before, (value,) = settle(lowering, context, [found], statement.span, variable)
        if value == expression(variable):
            return before
        return [*before, _set(context, statement, variable, value)]
    assert found.place is not None
    return [_set(context, statement, found.place, found.ways[0].value)]


def _set(context: Context, statement: SetItem | Append | Extend, place: str, value: Json) -> Assign:
    name = context.step(f"set_{statement.variable}")
    return Assign(name=name, at=context.at(statement.span), pairs=((place, value),))


def _native(context: Context, statement: SetItem | Append | Extend, root: Root, whole: Name, keys: list[Expr]) -> Probe:
    emitter = WorkflowsEmitter(lambda name: context.places[name])
    place, tests = context.places[statement.variable], list[str]()
    setting = isinstance(statement, SetItem)
    checked = keys[:-1] if setting and not is_index(keys[-1]) else keys
    guarded = [*keys, statement.value, *([item_at(whole, checked, statement.span)] if checked else [])]
    try:
        for key in keys:
            if isinstance(key, Literal) and isinstance(key.value, int) and key.value < 0:
                place = f"{place}[len({place}) - {-key.value}]"
                continue
            text = emitter.emit(key)
            if is_index(key) and not isinstance(key, Literal):
                tests.append(f"({text}) < 0")
            place = f"{place}[{text}]"
        value = _value(emitter, statement, place)
        tests = [*(test for one in guarded for test in emitter.guards(one, context.facts_about(one))), *tests]
    except CannotEmit as obstacle:
        return Probe(root, obstacle=obstacle.reason)
    ways = (*(Way(test, raises=True) for test in dict.fromkeys(tests)), Way(None, value=value))
    return Probe(root, ways, place=place)


def _value(emitter: WorkflowsEmitter, statement: SetItem | Append | Extend, place: str) -> Json:
    """What stands at the place afterwards."""
    match statement:
        case SetItem(value=value):
            return emitter.template(value)
        case Append(value=value):
            return expression(_appended(emitter, place, value))
        case Extend(value=Array(items=items)) if not any(isinstance(item, Spread) for item in items):
            for item in items:
                place = _appended(emitter, place, item)
            return expression(place)
        case Extend(value=value):
            raise CannotEmit(value, "Workflows joins no two lists")


def _appended(emitter: WorkflowsEmitter, place: str, value: Expr) -> str:
    template = emitter.template(value)
    text = inner(template)
    return f"list.concat({place}, {emitter.emit(value) if text is None else text})"
