"""What the front end makes of well-formed flows, tidied: the statements of the IR, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from skyloom.flows.expr.nodes import Expr, Target, bound_names
from skyloom.flows.frontend import check_file
from skyloom.flows.graph.expressions import source
from skyloom.flows.ir import nodes as ir
from skyloom.flows.passes.drop_unreachable import drop_unreachable
from skyloom.flows.passes.fold_constants import fold_constants

FOLDER = Path(__file__).parent / "well_formed"


def lines(block: ir.Block) -> Iterator[str]:
    """The block as text, a line for each statement; steps begin with their id."""
    for statement in block:
        yield from _lines(statement)


def _lines(node: ir.Statement) -> Iterator[str]:
    match node:
        case ir.Assign():
            yield f"{node.variable} = {source(node.value)}"
        case ir.SetItem():
            yield f"{_place(node.variable, node.path)} = {source(node.value)}"
        case ir.Append():
            yield f"{_place(node.variable, node.path)}.append({source(node.value)})"
        case ir.Extend():
            yield f"{_place(node.variable, node.path)}.extend({source(node.value)})"
        case ir.If():
            yield from _part(f"if {source(node.test)}:", node.body)
            if node.orelse:
                yield from _part("else:", node.orelse)
        case ir.While():
            yield from _part(f"while {source(node.test)}:", node.body)
        case ir.For():
            yield from _part(f"for {_target(node.target)} in {source(node.items)}:", node.body)
        case ir.Break() | ir.Continue():
            yield node.kind
        case ir.Return():
            yield f"return {source(node.value)}"
        case ir.Raise():
            yield f"raise {node.error}({source(node.message)})"
        case ir.Reraise():
            yield f"raise {node.variable}"
        case ir.Try():
            yield from _part("try:", node.body)
            for handler in node.handlers:
                yield from _part(f"except {', '.join(handler.errors)} as {handler.variable}:", handler.body)
            if node.orelse:
                yield from _part("else:", node.orelse)
            if node.final:
                yield from _part("finally:", node.final)
        case _:
            yield from _step(node)


def _step(node: ir.Step) -> Iterator[str]:
    match node:
        case ir.CallTask(task=name) | ir.CallPrompt(prompt=name) | ir.CallFlow(flow=name):
            arguments = ", ".join(f"{argument.name}={source(argument.value)}" for argument in node.arguments)
            yield f"{_head(node)}{name}({arguments})"
        case ir.Sample():
            yield f"{_head(node)}{node.function}()"
        case ir.Sleep():
            yield f"{_head(node)}sleep({source(node.seconds)})"
        case ir.Approval():
            yield f"{_head(node)}approval({_named(node, 'message', 'show', 'to', 'timeout', 'default')})"
        case ir.WaitFor():
            yield f"{_head(node)}wait_for({_named(node, 'event', 'key', 'timeout')})"
        case ir.Emit():
            yield f"{_head(node)}emit({_named(node, 'event', 'payload', 'key')})"
        case ir.Parallel() | ir.Race():
            yield f"{_head(node)}{node.kind}:"
            for branch in node.branches:
                yield from _part("  branch:", branch.body, f"-> {source(branch.result)}", indent="    ")
        case ir.Map():
            limit = f" limit {node.limit}" if node.limit else ""
            condition = f" if {source(node.condition)}" if node.condition else ""
            head = f"{_head(node)}map {_target(node.over)} in {source(node.items)}{condition}{limit}:"
            yield from _part(head, node.body, f"-> {source(node.result)}")
        case _:
            raise AssertionError(f"no step: {type(node).__name__}")


def _head(node: ir.Step) -> str:
    return f"[{node.id}] " + (f"{node.target} = " if node.target else "")


def _named(node: ir.Step, *names: str) -> str:
    given: list[tuple[str, Expr]] = [(name, getattr(node, name)) for name in names if getattr(node, name) is not None]
    return ", ".join(f"{name}={source(value)}" for name, value in given)


def _part(head: str, block: ir.Block, tail: str | None = None, indent: str = "  ") -> Iterator[str]:
    yield head
    yield from (indent + line for line in lines(block))
    if tail is not None:
        yield indent + tail


def _place(variable: str, path: tuple[ir.Key, ...]) -> str:
    return variable + "".join(f"[{source(key.index)}]" for key in path)


def _target(target: Target) -> str:
    return ", ".join(bound_names(target))


@dataclass(frozen=True)
class WellFormed:
    """A flow and the text of its statements."""

    name: str
    source: str
    block: str


def read(path: Path) -> Iterator[WellFormed]:
    """The flows of a file: behind `=== name` the flow, `---`, and its statements."""
    for part in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, _, rest = part.partition("\n")
        text, _, block = rest.partition("---\n")
        yield WellFormed(name, text, block.strip())


ALL = [pytest.param(flow, id=flow.name) for flow in read(FOLDER / "blocks.txt")]


def test_there_are_enough() -> None:
    assert len(ALL) >= 40


@pytest.mark.parametrize("flow", ALL)
def test_block(flow: WellFormed, folder: Path) -> None:
    path = folder / "review.py"
    path.write_text(f"from prelude import *\n\n@flow\n{flow.source}", encoding="utf-8")
    checked = check_file(path)
    assert [diagnostic.render() for diagnostic in checked.diagnostics] == []
    program = drop_unreachable(fold_constants(checked.flows["f"].program))
    assert "\n".join(lines(program.flow.body)) == flow.block
