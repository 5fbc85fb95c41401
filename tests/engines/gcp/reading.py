"""Reads the data of a workflow's source into its model, and refuses what has no such form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from engines.gcp.errors import Undocumented, WorkflowRefused
from engines.gcp.limits import ASSIGNMENTS, BRANCHES, CONDITIONS, NESTING
from engines.gcp.model import (
    Action,
    Assign,
    Branch,
    Call,
    Case,
    Except,
    For,
    Jump,
    Nested,
    Parallel,
    Raise,
    Retry,
    Returned,
    Routine,
    Source,
    Step,
    Switch,
    Template,
    Try,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""Names of variables (syntax/variables)."""
STEP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""Names of steps, branches and routines: what Google's samples keep to."""
RESERVED = ("end", "break", "continue")
KINDS: dict[str, frozenset[str]] = {
    "assign": frozenset({"next"}),
    "call": frozenset({"args", "result", "next"}),
    "switch": frozenset({"next"}),
    "for": frozenset({"next"}),
    "parallel": frozenset({"next"}),
    "try": frozenset({"retry", "except", "next"}),
    "raise": frozenset(),
    "return": frozenset(),
    "steps": frozenset({"next"}),
}
"""What can stand beside the word that says what a step does."""


def read_source(data: Any) -> Source:
    """The model of a source.

    Raises:
        WorkflowRefused: It has no form that the language knows.
    """
    if isinstance(data, list):
        return Source({"main": Routine("main", (), {}, read_steps(data, "main", 0))})
    if not isinstance(data, dict) or "main" not in data:
        raise WorkflowRefused("a workflow has a block `main`, or is a list of steps")
    return Source({name: routine(name, block) for name, block in data.items()})


def routine(name: str, block: Any) -> Routine:
    """`main` or a subworkflow."""
    named(name, name)
    fields(block, {"params", "steps"}, {"steps"}, name)
    parameters, defaults = [], {}
    for one in listed(block.get("params", []), f"{name}.params"):
        if isinstance(one, dict) and len(one) == 1:
            parameter, defaults[parameter] = next(iter(one.items()))
        else:
            parameter = one
        parameters.append(variable(parameter, f"{name}.params"))
    if name == "main" and (len(parameters) > 1 or defaults):
        raise WorkflowRefused("main has one parameter, for all runtime arguments", "main.params")
    if len(parameters) > 10:
        raise Undocumented(f"{name}: {len(parameters)} parameters; the schema of Google's samples has ten at most")
    if len(set(parameters)) != len(parameters):
        raise WorkflowRefused("a parameter stands twice", f"{name}.params")
    return Routine(name, tuple(parameters), defaults, read_steps(block["steps"], name, 0))


def read_steps(data: Any, place: str, depth: int) -> tuple[Step, ...]:
    """A list of steps."""
    if depth > NESTING:
        raise WorkflowRefused(f"steps are nested more than {NESTING} deep", place)
    steps = []
    for entry in listed(data, place):
        if not isinstance(entry, dict) or len(entry) != 1:
            raise WorkflowRefused("a step is a map with its name as the only key", place)
        name, block = next(iter(entry.items()))
        steps.append(step(named(name, place), block, f"{place}.{name}", depth))
    if not steps:
        raise WorkflowRefused("a list of steps is empty", place)
    return tuple(steps)


def step(name: str, block: Any, place: str, depth: int) -> Step:
    """One step."""
    if name in RESERVED:
        raise WorkflowRefused(f"{name} cannot be the name of a step", place)
    if not isinstance(block, dict):
        raise WorkflowRefused("a step is a map", place)
    following = None if "next" not in block else text(block["next"], f"{place}.next")
    return Step(name, action(block, place, depth), following)


def action(block: dict[str, Any], place: str, depth: int) -> Action:
    """What a step does."""
    kinds = [kind for kind in KINDS if kind in block]
    if not kinds and set(block) == {"next"}:
        return Jump()
    if len(kinds) != 1:
        raise WorkflowRefused(f"a step does one thing, not {kinds or sorted(block)}", place)
    kind = kinds[0]
    fields(block, {kind} | KINDS[kind], {kind}, place)
    match kind:
        case "assign":
            return assign(block["assign"], place)
        case "call":
            return call(block, place)
        case "switch":
            return switch(block["switch"], place, depth)
        case "for":
            return loop(block["for"], place, depth)
        case "parallel":
            return parallel(block["parallel"], place, depth)
        case "try":
            return attempt(block, place, depth)
        case "raise":
            return Raise(block["raise"])
        case "return":
            return Returned(block["return"])
        case _:
            return Nested(read_steps(block["steps"], place, depth + 1))


def assign(data: Any, place: str) -> Assign:
    """`assign`."""
    pairs = []
    for entry in listed(data, place):
        if not isinstance(entry, dict) or len(entry) != 1:
            raise WorkflowRefused("an assignment is a map with one key", place)
        pairs.append(next(iter(entry.items())))
    if not 0 < len(pairs) <= ASSIGNMENTS:
        raise WorkflowRefused(f"{len(pairs)} assignments in one step, {ASSIGNMENTS} are allowed", place)
    return Assign(tuple(pairs))


def call(block: dict[str, Any], place: str) -> Call:
    """`call`."""
    arguments = block.get("args", {})
    if not isinstance(arguments, dict):
        raise WorkflowRefused("args is a map", place)
    result = block.get("result")
    return Call(text(block["call"], place), arguments, None if result is None else variable(result, place))


def switch(data: Any, place: str, depth: int) -> Switch:
    """`switch`."""
    cases = []
    for entry in listed(data, place):
        fields(entry, {"condition", "args", "result", "retry", "except", "next", *KINDS}, {"condition"}, place)
        block = {name: value for name, value in entry.items() if name != "condition"}
        made = step("case", block, place, depth)
        cases.append(Case(entry["condition"], made.does, made.next))
    if not 0 < len(cases) <= CONDITIONS:
        raise WorkflowRefused(f"{len(cases)} conditions in one switch, {CONDITIONS} are allowed", place)
    return Switch(tuple(cases))


def loop(data: Any, place: str, depth: int) -> For:
    """`for`."""
    fields(data, {"value", "index", "in", "range", "steps"}, {"value", "steps"}, place)
    if ("in" in data) == ("range" in data):
        raise WorkflowRefused("a loop has `in` or `range`", place)
    if isinstance(data.get("range"), list) and any(isinstance(end, str) for end in data["range"]):
        raise Undocumented(f"{place}: a range of two expressions: the schema of Google's samples warns of it")
    if "index" in data and "range" in data:
        raise Undocumented(f"{place}: a loop over a range with an index")
    index = variable(data["index"], place) if "index" in data else None
    steps = read_steps(data["steps"], place, depth + 1)
    return For(variable(data["value"], place), index, data.get("in"), data.get("range"), steps)


def parallel(data: Any, place: str, depth: int) -> Parallel:
    """`parallel`."""
    fields(data, {"shared", "concurrency_limit", "exception_policy", "branches", "for"}, set(), place)
    if data.get("exception_policy", "continueAll") != "continueAll":
        raise WorkflowRefused("continueAll is the only exception_policy", place)
    if ("branches" in data) == ("for" in data):
        raise WorkflowRefused("a parallel step has branches or a loop", place)
    shared = tuple(variable(one, place) for one in listed(data.get("shared", []), place))
    limit = data.get("concurrency_limit")
    if isinstance(limit, bool) or (not isinstance(limit, str) and limit is not None and not limit >= 1):
        raise WorkflowRefused("concurrency_limit is a positive integer", place)
    if "for" in data:
        return Parallel(shared, limit, loop(data["for"], place, depth + 1))
    branches = tuple(branch(entry, place, depth + 1) for entry in listed(data["branches"], place))
    if not 0 < len(branches) <= BRANCHES:
        raise WorkflowRefused(f"{len(branches)} branches, {BRANCHES} are allowed", place)
    return Parallel(shared, limit, branches)


def branch(entry: Any, place: str, depth: int) -> Branch:
    """A branch."""
    if not isinstance(entry, dict) or len(entry) != 1:
        raise WorkflowRefused("a branch is a map with its name as the only key", place)
    name, block = next(iter(entry.items()))
    fields(block, {"steps"}, {"steps"}, f"{place}.{name}")
    return Branch(named(name, place), read_steps(block["steps"], f"{place}.{name}", depth + 1))


def attempt(block: dict[str, Any], place: str, depth: int) -> Try:
    """`try`."""
    tried = block["try"]
    if not isinstance(tried, dict):
        raise WorkflowRefused("try is a map", place)
    if set(tried) == {"steps"}:
        steps = read_steps(tried["steps"], place, depth + 1)
    elif "next" in tried:
        raise Undocumented(f"{place}: next of a step that stands right in a try")
    else:
        steps = (Step(place.rpartition(".")[2], action(tried, place, depth + 1), bare=True),)
    if "retry" not in block and "except" not in block:
        raise WorkflowRefused("try has retry, except or both", place)
    caught = None
    if "except" in block:
        fields(block["except"], {"as", "steps"}, {"as", "steps"}, f"{place}.except")
        inner = read_steps(block["except"]["steps"], f"{place}.except", depth + 1)
        caught = Except(variable(block["except"]["as"], place), inner)
    return Try(steps, retry(block["retry"], place) if "retry" in block else None, caught)


def retry(data: Any, place: str) -> Retry:
    """`retry`: a policy of the library, or all of its parts (syntax/retrying)."""
    if isinstance(data, str):
        return Retry(policy=data)
    fields(data, {"predicate", "max_retries", "backoff"}, {"predicate", "max_retries", "backoff"}, f"{place}.retry")
    parts = {"initial_delay", "max_delay", "multiplier"}
    fields(data["backoff"], parts, parts, f"{place}.retry.backoff")
    return Retry(None, data["predicate"], data["max_retries"], data["backoff"])


def fields(block: Any, known: set[str] | frozenset[str], needed: set[str], place: str) -> None:
    """Refuses a block with unknown keys, or without needed ones."""
    if not isinstance(block, Mapping):
        raise WorkflowRefused(f"a map is needed, not {block!r}", place)
    if unknown := set(block) - known:
        raise WorkflowRefused(f"unknown: {', '.join(sorted(unknown))}", place)
    if missing := needed - set(block):
        raise WorkflowRefused(f"missing: {', '.join(sorted(missing))}", place)


def listed(data: Any, place: str) -> list[Any]:
    """A list, or a refusal."""
    if not isinstance(data, list):
        raise WorkflowRefused(f"a list is needed, not {data!r}", place)
    return data


def text(data: Template, place: str) -> str:
    """A text, or a refusal."""
    if not isinstance(data, str):
        raise WorkflowRefused(f"a text is needed, not {data!r}", place)
    return data


def named(name: Any, place: str) -> str:
    """The name of a step, branch or routine."""
    if not isinstance(name, str) or not name:
        raise WorkflowRefused(f"{name!r} is no name", place)
    if not STEP_NAME.fullmatch(name):
        raise Undocumented(f"{place}: the name {name!r}")
    return name


def variable(name: Any, place: str) -> str:
    """The name of a variable."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise WorkflowRefused(f"{name!r} is no name of a variable", place)
    return name
