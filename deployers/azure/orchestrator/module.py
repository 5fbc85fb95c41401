"""The module of an orchestrator: what it imports, its activities, its flows, the orchestrator itself."""

from __future__ import annotations

import ast
from pathlib import Path

from skyloom.deployers.azure.orchestrator.conversions import conversion
from skyloom.deployers.azure.orchestrator.lowering import Lowering, Scope
from skyloom.deployers.azure.orchestrator.statements import lower_block
from skyloom.deployers.azure.orchestrator.writing import (
    INDENT,
    WIDTH,
    Lines,
    call,
    indented,
    number,
    quoted,
    value,
    wrapped,
)
from skyloom.flows.expr import types as expr_types
from skyloom.flows.expr.python import IMPORTS, safe_name
from skyloom.flows.ir.program import FlowDefinition, Parameter

RUNTIME = "skyloom.adapters.hosts.durable"
"""The module that a generated one imports."""
ENTRY = "orchestrator"
"""The function of the module that is the orchestrator: a generator that takes Durable's context."""


def module_source(lowering: Lowering) -> str:
    """The text of the module."""
    flows = [_flow(lowering, flow) for flow in _in_order(lowering)]
    entry = _entry(lowering)
    constants = [line for lines in lowering.activity_sources.values() for line in lines]
    others = [*(f"{name} = {source}" for name, source in lowering.constants.items()), *lowering.model_sources.values()]
    constants += [line for constant in others for line in wrapped(constant, 0)]
    used = _names("\n".join([*constants, *(line for part in (*flows, entry) for line in part)]))
    parts = [
        [f'"""The flow {lowering.program.main} of {_file(lowering.program.flow)}, as an orchestrator. Generated."""'],
        ["", *_imports(used), *_imported(lowering, used)],
        *([["", *constants]] if constants else []),
        *([["", "", *lines] for lines in (*flows, entry)]),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _in_order(lowering: Lowering) -> list[FlowDefinition]:
    """Called flows first, the main one last."""
    main = lowering.program.main
    return [flow for name, flow in lowering.program.flows.items() if name != main] + [lowering.program.flow]


def _imports(used: set[str]) -> Lines:
    """The imports of what emitted expressions use, and an empty line."""
    lines = []
    for line in IMPORTS:
        before, _, names = line.rpartition(" import ")
        found = ", ".join(name for name in names.split(", ") if name in used) if before else line
        if before and found:
            lines.append(f"{before} import {found}")
        elif line.removeprefix("import ") in used:
            lines.append(line)
    return [*lines, ""] if lines else []


def _imported(lowering: Lowering, used: set[str]) -> Lines:
    """Sorted as import sorters do: constants, classes, functions; a name under another one on a line of its own."""
    imported = [(name, here) for name, here in lowering.imported.items() if here in used]
    imported.sort(key=lambda one: _order(one[0]))
    plain = [name for name, here in imported if name == here]
    lines = {plain[0]: [f"from {RUNTIME} import {', '.join(plain)}"]}
    if len(lines[plain[0]][0]) > WIDTH:
        lines[plain[0]] = _many(plain)
    lines |= {name: [f"from {RUNTIME} import {name} as {here}"] for name, here in imported if name != here}
    sorted_lines = [line for name in sorted(lines, key=_order) for line in lines[name]]
    return [*sorted_lines, *_type_imports(used)]


def _order(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), name.islower(), name


def _many(names: list[str]) -> Lines:
    return [f"from {RUNTIME} import (", *indented([f"{name}," for name in names]), ")"]


def _type_imports(used: set[str]) -> Lines:
    """What constants of types need: their texts make them again."""
    types = sorted(name for name in used if hasattr(expr_types, name) and name.endswith("Type"))
    models = sorted(used & {"ModelDefinition", "ModelField"})
    lines = [f"from skyloom.flows.expr.types import {', '.join(types)}"] if types else []
    return [*lines, *([f"from skyloom.flows.ir.program import {', '.join(models)}"] if models else [])]


def _names(source: str) -> set[str]:
    """The names that a source reads."""
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _flow(lowering: Lowering, flow: FlowDefinition) -> Lines:
    """The function of a flow."""
    options = [quoted(flow.name)]
    if flow.timeout is not None:
        options.append(f"timeout={number(flow.timeout)}")
    returns = conversion(lowering, flow.returns)
    if returns is not None:
        options.append(f"returns={returns}")
    parameters = [lowering.run, *(safe_name(parameter.name) for parameter in flow.parameters)]
    head = call(f"def {lowering.flows[flow.name]}(", parameters, "):")
    title = [f'"""{_title(flow)}"""']
    body = lower_block(lowering, Scope(flow=flow), flow.body)
    return [f"@{lowering.runtime('flow')}({', '.join(options)})", *head, *indented([*title, *body])]


def _entry(lowering: Lowering) -> Lines:
    flow = lowering.program.flow
    arguments = ["context", lowering.flows[flow.name], *(_given(lowering, one) for one in flow.parameters)]
    started = f"yield from {lowering.runtime('orchestrated')}("
    whole = f"return ({started}{', '.join(arguments)}))"
    lines = [whole]
    if len(whole) + len(INDENT) > WIDTH:
        lines = ["return (", *indented(call(started, arguments, depth=2)), ")"]
    if flow.parameters:
        lines.insert(0, f"given = {lowering.runtime('arguments')}(context)")
    return [f"def {ENTRY}(context):", *indented(['"""The orchestrator: a generator of tasks of Durable."""', *lines])]


def _given(lowering: Lowering, parameter: Parameter) -> str:
    key = quoted(parameter.name)
    text = f"given[{key}]" if parameter.required else f"given.get({key}, {value(parameter.default)})"
    convert = conversion(lowering, parameter.type)
    return f"{safe_name(parameter.name)}={text if convert is None else f'{convert}({text})'}"


def _title(flow: FlowDefinition) -> str:
    first = flow.description.splitlines()[0] if flow.description else f"The flow {flow.name}."
    return first.replace("\\", "\\\\").replace('"""', "'''").rstrip('"')


def _file(flow: FlowDefinition) -> str:
    return Path(flow.file).name
