"""The module of a function whose calls share invocations: a Python function for each of these, which reads as the flow.

def answer_clean(call, text):
    # review.py:31
    cleaned = call("clean", text=text)
    words = cleaned.split()
    counted = call("count", words=words)
    return [cleaned, counted]
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import assert_never

from skyloom.deployers.expressions_module import CONFORM
from skyloom.deployers.floats import leaves, models_in
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.prompt_module import imports
from skyloom.flows.expr.nodes import Literal, Name, Unary
from skyloom.flows.expr.python import PythonEmitter, safe_name
from skyloom.flows.expr.types import BOOL, AnyType, FloatType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import ModelDefinition, Parameter
from skyloom.flows.passes.fusable import PURE
from skyloom.flows.passes.liveness import reads, writes

HOST = "skyloom.adapters.hosts.fused.carried_out"
"""What carries out the module's functions."""
MODULE = "skyloom_fused"
"""What the module is called in a package."""

Types = Mapping[str, Mapping[str, Type]]
_Pure = ir.Assign | ir.SetItem | ir.Append | ir.Extend


def fused_module(fused: Iterable[FusedTask]) -> str:
    """The source of the module.

    `PLACES` says in whose place each function runs; `TYPES` has the types of those values that must be brought to
    them, `PARAMETERS` those of arguments of tasks, `MODELS` the models in all of these.
    """
    known = sorted(fused, key=lambda one: one.name)
    body = "\n".join(line for one in known for line in _function(one))
    tables = _tables(known)
    head = ['"""Calls that share an invocation."""', "", *imports(body)]
    return "\n".join([*head, *_type_imports(tables), body, "", *_places(known), tables])


def own_names(fused: Iterable[FusedTask]) -> frozenset[str]:
    """What a package needs of Skyloom besides."""
    known = list(fused)
    if not known:
        return frozenset()
    return frozenset({HOST, *(CONFORM if _tables(known) else ())})


def _function(fused: FusedTask) -> list[str]:
    names = [parameter.name for parameter in fused.definition.parameters]
    call = _free("call", fused)
    head = f"def {fused.name}({', '.join([call, *names])}):"
    place = f"    # {Path(fused.definition.file).name}:{fused.definition.span.line}"
    inner = _steps(fused, call) if fused.calls.slice is None else _items(fused, call)
    return ["", head, place, *(f"    {line}" for line in inner), ""]


def _steps(fused: FusedTask, call: str) -> list[str]:
    lines = [_statement(statement, call) for statement in fused.calls.body]
    if fused.calls.result == Literal(span=fused.calls.result.span, type=fused.calls.result.type, value=None):
        return lines
    return [*lines, f"return {PythonEmitter().emit(fused.calls.result)}"]


def _items(fused: FusedTask, call: str) -> list[str]:
    items = fused.calls.slice
    assert items is not None
    emitter, results = PythonEmitter(), _free("results", fused)
    inner = [_statement(statement, call) for statement in fused.calls.body]
    if items.condition is not None:
        left_out = Unary(span=items.condition.span, type=BOOL, operator="not", operand=items.condition)
        inner = [f"if {emitter.emit_test(left_out)}:", "    continue", *inner]
    inner.append(f"{results}.append({emitter.emit(fused.calls.result)})")
    head = f"for {emitter.emit_target(items.over)} in {call}.each({safe_name(items.items)}):"
    return [f"{results} = []", head, *(f"    {line}" for line in inner), f"return {results}"]


def _free(wish: str, fused: FusedTask) -> str:
    """A name that no variable has."""
    names = {parameter.name for parameter in fused.definition.parameters}
    for statement in fused.calls.body:
        names |= set(map(safe_name, (*reads(statement), *filter(None, [writes(statement)]))))
    while wish in names:
        wish += "_"
    return wish


def _statement(statement: ir.Statement, call: str) -> str:
    if isinstance(statement, ir.CallTask):
        return _call(statement, call)
    assert isinstance(statement, PURE), "nothing else is fused"
    emit = PythonEmitter().emit
    match statement:
        case ir.Assign(variable=variable, value=value):
            return f"{safe_name(variable)} = {emit(value)}"
        case ir.SetItem(value=value):
            return f"{_at(statement)} = {emit(value)}"
        case ir.Append(value=value):
            return f"{_at(statement)}.append({emit(value)})"
        case ir.Extend(value=value):
            return f"{_at(statement)}.extend({emit(value)})"
        case _:
            assert_never(statement)


def _call(step: ir.CallTask, call: str) -> str:
    names = [step.id] if step.id == step.task else [step.id, step.task]
    given = [f'"{name}"' for name in names]
    given += [f"{argument.name}={PythonEmitter().emit(argument.value)}" for argument in step.arguments]
    target = "" if step.target is None else f"{safe_name(step.target)} = "
    return f"{target}{call}({', '.join(given)})"


def _at(statement: ir.SetItem | ir.Append | ir.Extend) -> str:
    keys = (f"[{PythonEmitter().emit(key.index)}]" for key in statement.path)
    return f"{safe_name(statement.variable)}{''.join(keys)}"


# --- tables -------------------------------------------------------------------------------------------------------


def _places(fused: list[FusedTask]) -> list[str]:
    lines = ["PLACES = {"]
    for one in fused:
        items = one.calls.slice
        place = {"step": one.calls.step, "gives": _giver(one)}
        sliced = {} if items is None else {"map": items.step, "size": items.size}
        lines.append(f"    {one.name!r}: {place | sliced!r},".replace("'", '"'))
    return [*lines, "}", ""]


def _giver(fused: FusedTask) -> str:
    """Whose result it gives, for messages: that of one of its tasks, or of all together."""
    result, body = fused.calls.result, fused.calls.body
    last = [one for one in body if isinstance(result, Name) and writes(one) == result.name][-1:]
    return last[0].task if last and isinstance(last[0], ir.CallTask) else fused.calls.title


def _tables(fused: list[FusedTask]) -> str:
    """The types as Python: the IR's classes are dataclasses, whose text makes them again."""
    types = {one.name: _numbers(one.definition.parameters, one.models) for one in fused}
    called = {task.name: _numbers(task.parameters, one.models) for one in fused for task in one.called}
    models: dict[str, ModelDefinition] = {}
    for one in fused:
        parameters = [*one.definition.parameters, *(p for task in one.called for p in task.parameters)]
        used = frozenset[str]().union(*(models_in(p.type, one.models) for p in parameters))
        models |= {name: one.models[name] for name in used}
    if not any([*types.values(), *called.values()]):
        return ""
    lines = [*_table("TYPES", types), *_table("PARAMETERS", called)]
    return "\n".join([*lines, "MODELS = {", *(f"    {name!r}: {models[name]!r}," for name in sorted(models)), "}", ""])


def _table(name: str, of: Types) -> list[str]:
    lines = [f"{name} = {{"]
    for key, types in sorted(of.items()):
        if types:
            lines += [f"    {key!r}: {{", *(f"        {n!r}: {t!r}," for n, t in types.items()), "    },"]
    return [*lines, "}"]


def _numbers(parameters: Iterable[Parameter], models: Mapping[str, ModelDefinition]) -> dict[str, Type]:
    """The types of parameters whose numbers the types decide on: floats, and what may be either."""
    return {one.name: one.type for one in parameters if _decides(one.type, models)}


def _decides(of: Type, models: Mapping[str, ModelDefinition]) -> bool:
    parts = [of, *(field.type for name in models_in(of, models) for field in models[name].fields)]
    return any(isinstance(leaf, FloatType | AnyType) for part in parts for leaf in leaves(part))


def _type_imports(tables: str) -> list[str]:
    types = sorted(set(re.findall(r"\b([A-Z][A-Za-z]*Type)\(", tables)))
    models = sorted(set(re.findall(r"\b(Model(?:Definition|Field))\(", tables)))
    lines = [f"from skyloom.flows.expr.types import {', '.join(types)}"] if types else []
    lines += [f"from skyloom.flows.ir.program import {', '.join(models)}"] if models else []
    return [*lines, ""] if lines else []
