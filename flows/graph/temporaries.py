"""The front end's temporaries, given back their meaning: a picture shows the source, not its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from skyloom.flows.expr.nodes import bound_names
from skyloom.flows.graph.expressions import source, target_source
from skyloom.flows.ir.nodes import (
    Append,
    Assign,
    Block,
    CallFlow,
    CallPrompt,
    CallTask,
    Extend,
    For,
    Map,
    Sample,
    SetItem,
    Statement,
    Step,
    Try,
    blocks,
    walk,
)

Names = Mapping[str, str]
"""What to write for a temporary in place of its name."""


def temporaries(block: Block) -> dict[str, str]:
    """What to write for the variables that the front end made up.

    Such a variable starts with `_` and gets a value in one place only: there it stands for a part of a larger
    expression of the source, and the reader shall find that part again (`check(…).ok`, not `_check.ok`).
    """
    assigned = Counter(name for statement in walk(block) for name in _assigned(statement))
    names: dict[str, str] = {}
    for statement in _inside_out(block):
        match statement:
            case Assign(variable=variable, value=value):
                made, text = variable, source(value, names)
            case Step(target=str(variable)):
                made, text = variable, _short_call(statement, names)
            case _:
                continue
        if made.startswith("_") and assigned[made] == 1:
            names[made] = text
    return names


def _inside_out(block: Block) -> Iterator[Statement]:
    for statement in block:
        for inner in blocks(statement):
            yield from _inside_out(inner)
        yield statement


def _assigned(statement: Statement) -> Iterable[str]:
    match statement:
        case Assign(variable=name) | SetItem(variable=name) | Append(variable=name) | Extend(variable=name):
            return (name,)
        case For(target=target):
            return bound_names(target)
        case Map(over=over, target=result):
            return (*bound_names(over), *((result,) if result else ()))
        case Try(handlers=handlers):
            return tuple(handler.variable for handler in handlers)
        case Step(target=str(name)):
            return (name,)
        case _:
            return ()


def _short_call(step: Step, names: Names) -> str:
    match step:
        case CallTask(task=callee, arguments=arguments):
            return f"{callee}(…)" if arguments else f"{callee}()"
        case CallPrompt(prompt=callee, arguments=arguments):
            return f"{callee}(…)" if arguments else f"{callee}()"
        case CallFlow(flow=callee, arguments=arguments):
            return f"{callee}(…)" if arguments else f"{callee}()"
        case Sample(function=function):
            return f"{function}()"
        case Map(over=over, result=result, items=items):
            return f"[{source(result, names)} for {target_source(over)} in {source(items, names)}]"
        case _:
            return f"{type(step).__name__.lower().replace('waitfor', 'wait_for')}(…)"
