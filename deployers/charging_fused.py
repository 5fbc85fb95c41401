"""Calls that share an invocation: billed once, made one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from skyloom.deployers.charging import NotCounted, Stop, Way, Work
from skyloom.deployers.fused import FusedTask
from skyloom.flows.ir import nodes as ir


def fused_stops(
    fused: FusedTask, key: str, units: Mapping[str, int], works: Callable[[str], tuple[Work, ...]], ways: Sequence[Way]
) -> dict[str, Stop]:
    """The invocation and, behind it, the calls that it makes; for each item that it may go through.

    Args:
        key: the invocation's.
        units: what it is billed.
        works: what is billed by the time of a call, by the task's name.
        ways: where it goes on, errors among them.

    Raises:
        NotCounted: it does something else than to call tasks.
    """
    made = fused.calls
    tasks = list(chain.from_iterable(map(_calls, made.body)))
    if not tasks:
        raise NotCounted(f"{fused.name} calls nothing")
    rounds = 1 if made.slice is None else made.slice.size
    names = [[f"{key}/{item}/{number}" for number in range(len(tasks))] for item in range(rounds)]
    found = {key: Stop(units=units, ways=(Way(names[0][0]), *(way for way in ways if way.is_error)))}
    errors = tuple(way for way in ways if way.is_error)
    for item, these in enumerate(names):
        behind = (*ways, *(Way(one[0]) for one in names[item + 1 : item + 2]))
        for number, name in enumerate(these):
            onward = behind if number + 1 == len(these) else (Way(these[number + 1]), *errors)
            found[name] = Stop(works=works(tasks[number]), call=("task", tasks[number]), ways=onward)
    return found


def _calls(statement: ir.Statement) -> list[str]:
    match statement:
        case ir.CallTask(task=task):
            return [task]
        case ir.Assign() | ir.SetItem() | ir.Append() | ir.Extend():
            return []
        case other:
            raise NotCounted(f"calls that share an invocation have a statement {type(other).__name__}")
