"""Scopes of variables: what must be there before a loop or a handler assigns it; what an inner scope calls its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.invoking import ANSWER
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.loop_variables import is_local, is_set_each_round
from skyloom.deployers.gcp.steps import Assign
from skyloom.deployers.own_variables import assigned, own_statements
from skyloom.errors import Span
from skyloom.flows.expr.nodes import bound_names
from skyloom.flows.ir.nodes import (
    Assign as AssignStatement,
)
from skyloom.flows.ir.nodes import (
    Block,
    CallPrompt,
    CallTask,
    For,
    Map,
    Parallel,
    Race,
    Step,
    Try,
    blocks,
)


def places_of(context: Context, block: Block, own: Iterable[str], answered: Iterable[str] = ()) -> dict[str, str]:
    """Places for the variables that a scope assigns by itself. One that only ever holds the answer of a function is
    read in that answer: `found.body`.

    Args:
        own: all of the scope's variables.
        answered: those of them that may be read so.
    """
    places: dict[str, str] = {}
    for name in own:
        variable = context.variable(name)
        places[name] = variable + ANSWER if name in answered else variable
    return places


def only_answers(block: Block, prompts: frozenset[str]) -> frozenset[str]:
    """The variables that calls of functions assign, and nothing else. `prompts` are those asked in functions."""
    calls, others = set[str](), set[str]()
    for statement in own_statements(block):
        match statement:
            case CallTask(target=str(name)):
                calls.add(name)
            case CallPrompt(target=str(name), prompt=prompt) if prompt in prompts:
                calls.add(name)
            case For(target=target):
                others.update(bound_names(target))
            case _:
                others.update(assigned((statement,)) if not any(blocks(statement)) else ())
                if isinstance(statement, Step) and statement.target is not None:
                    others.add(statement.target)
    return frozenset(calls - others)


def declarations(context: Context, block: Block, known: Iterable[str], span: Span) -> list[Lowered]:
    """Assigns null to variables that a loop or a handler may be the first to assign: what is assigned first inside
    either is not known behind it. `known` are there already."""
    late: dict[str, None] = {}
    _note_late(block, set(known), late, nested=False)
    body = context.flow.body
    own = _bound_by_loops(block) if late else frozenset()
    wanted = [n for n in late if not (n in own and is_local(body, n)) and not is_set_each_round(body, n)]
    if not wanted:
        return []
    pairs = tuple((context.places[name].removesuffix(ANSWER), None) for name in wanted)
    return [Assign(name=context.step("variables"), at=context.at(span), pairs=pairs)]


def _note_late(block: Block, known: set[str], late: dict[str, None], *, nested: bool) -> None:
    for statement in block:
        match statement:
            case For(target=target, body=body):
                for name in bound_names(target):
                    if name not in known:
                        late[name] = None
                _note_late(body, set(known), late, nested=True)
            case Try():
                _note_late(statement.body, set(known), late, nested=nested)
                for handler in statement.handlers:
                    _note_late(handler.body, set(known), late, nested=True)
                _note_late(statement.orelse, set(known), late, nested=nested)
                # What `finally` assigns may stand in a handler as well.
                _note_late(statement.final, set(known), late, nested=True)
            case Map(target=None) | Parallel(target=None) | Race(target=None):
                # What their bodies assign is their own.
                pass
            case AssignStatement(variable=name) | Step(target=str(name)):
                if nested and name not in known:
                    late[name] = None
                elif not nested:
                    known.add(name)
            case _:
                for inner in blocks(statement):
                    _note_late(inner, set(known), late, nested=nested)


def _bound_by_loops(block: Block) -> frozenset[str]:
    """The variables of the scope that loops bind and nothing else assigns."""
    bound, others = set[str](), set[str | None]()
    for statement in own_statements(block):
        match statement:
            case For(target=target):
                bound.update(bound_names(target))
            case AssignStatement(variable=name) | Step(target=name):
                others.add(name)
            case _:
                pass
    return frozenset(bound - others)


def inner_context(context: Context, block: Block, own: Iterable[str], prompts: frozenset[str]) -> Context:
    """The context of an item or branch: the variables around it, and its own."""
    own = list(dict.fromkeys([*own, *assigned(block)]))
    places = places_of(context, block, own, only_answers(block, prompts) & set(assigned(block)))
    exits = replace(context.exits, breaks=None, continues=None)
    return replace(context, places={**context.places, **places}, exits=exits, depth=context.depth + 1, rounds=())
