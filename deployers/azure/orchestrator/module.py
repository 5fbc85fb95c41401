"""The module of an orchestrator: what it imports, its activities, its flows, the orchestrator itself."""

from __future__ import annotations

import re
from pathlib import Path

from skyloom.deployers.azure.orchestrator.conversions import conversion
from skyloom.deployers.azure.orchestrator.lowering import Lowering, Scope
from skyloom.deployers.azure.orchestrator.statements import lower_block
from skyloom.deployers.azure.orchestrator.writing import WIDTH, Lines, call, indented, number, quoted, value
from skyloom.deployers.prompt_module import imports
from skyloom.flows.expr.python import safe_name
from skyloom.flows.ir.program import FlowDefinition, Parameter

RUNTIME = "skyloom.adapters.hosts.durable"
"""The module that a generated one imports."""
ENTRY = "orchestrator"
"""The function of the module that is the orchestrator: a generator that takes Durable's context."""


def module_source(lowering: Lowering) -> str:
    """The text of the module."""
    flows = [_flow(lowering, flow) for flow in _in_order(lowering)]
    entry = _entry(lowering)
    body = "\n".join(line for part in (*flows, entry) for line in part)
    constants = [line for lines in lowering.activity_sources.values() for line in lines]
    constants += [f"{name} = {source}" for name, source in lowering.constants.items()]
    constants += lowering.model_sources.values()
    parts = [
        [f'"""The flow {lowering.program.main} of {_file(lowering.program.flow)}, as an orchestrator. Generated."""'],
        ["", *imports(body), *_imported(lowering, "\n".join(constants))],
        *([["", *constants]] if constants else []),
        *([["", "", *lines] for lines in (*flows, entry)]),
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _in_order(lowering: Lowering) -> list[FlowDefinition]:
    """Called flows first, the main one last."""
    main = lowering.program.main
    return [flow for name, flow in lowering.program.flows.items() if name != main] + [lowering.program.flow]


def _imported(lowering: Lowering, constants: str) -> Lines:
    imported = sorted(lowering.imported.items(), key=lambda one: (not one[0].isupper(), one[0].islower(), one[0]))
    names = [f"{name} as {here}" if name != here else name for name, here in imported]
    line = f"from {RUNTIME} import {', '.join(names)}"
    return [*([line] if len(line) <= WIDTH else _many(names)), *_type_imports(constants)]


def _many(names: list[str]) -> Lines:
    return [f"from {RUNTIME} import (", *indented([f"{name}," for name in names]), ")"]


def _type_imports(constants: str) -> Lines:
    """What constants of types need: their texts make them again."""
    types = sorted(set(re.findall(r"\b([A-Z][A-Za-z]*Type)\(", constants)))
    models = sorted(set(re.findall(r"\b(Model(?:Definition|Field))\(", constants)))
    lines = [f"from skyloom.flows.expr.types import {', '.join(types)}"] if types else []
    return [*lines, *([f"from skyloom.flows.ir.program import {', '.join(models)}"] if models else [])]


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
    lines = call(f"return (yield from {lowering.runtime('orchestrated')}(", arguments, "))", depth=1)
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
