"""Programs of a few lines for the tests of passes, and what passes make of them, as text."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from skyloom.flows.expr.nodes import Call, Comprehension, Expr, Format, walk
from skyloom.flows.frontend.load import load_file
from skyloom.flows.graph.expressions import source
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.passes import Engine

HEAD = """
from skyloom.flows import each, flow, parallel, task

@task
def fetch(n: int) -> int:
    return n

@task
def put(text: str, size: float = 0.0) -> str:
    return text

@flow
def main(n: int, words: list[str], others: list[str], names: dict[str, int], share: float, maybe: float | None) -> str:
"""


def program_of(folder: Path, body: str) -> Program:
    """The program of a flow with this body, and the parameters and tasks of `HEAD`."""
    file = folder / "flows_here.py"
    file.write_text(HEAD + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n")
    program: Program = load_file(file).main.program
    return program


def _is_said(expr: Expr) -> bool:
    helped = (
        isinstance(node, Comprehension | Format) or (isinstance(node, Call) and node.function in ("sorted", "sum"))
        for node in walk(expr)
    )
    return not any(helped)


ENGINE = Engine(evaluates=_is_said)
"""One that says no comprehension, no f-string, no `sorted` and no `sum`."""
SHARING = Engine(evaluates=_is_said, shares_memory=True)


def text(block: ir.Block, indent: str = "") -> str:
    """The statements of a block, as lines that read like Python."""
    return "\n".join(line for statement in block for line in _lines(statement, indent))


def _lines(node: ir.Statement, indent: str) -> list[str]:
    match node:
        case ir.Assign():
            return [f"{indent}{node.variable} = {source(node.value)}"]
        case ir.Append():
            return [f"{indent}{node.variable}.append({source(node.value)})"]
        case ir.Return():
            return [f"{indent}return {source(node.value)}"]
        case ir.CallTask():
            given = ", ".join(f"{one.name}={source(one.value)}" for one in node.arguments)
            return [f"{indent}{node.target} = {node.task}({given})"]
        case ir.For() | ir.While() | ir.If() | ir.Map():
            return [f"{indent}{node.kind}:", *text(node.body, indent + "  ").splitlines()]
        case ir.Try():
            parts: list[tuple[str, Any]] = [("try", node.body), *(("except", one.body) for one in node.handlers)]
            return [
                line for name, part in parts for line in (f"{indent}{name}:", *text(part, indent + "  ").splitlines())
            ]
        case _:
            return [f"{indent}{node.kind}"]
