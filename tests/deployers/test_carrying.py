"""How far a workflow looks into the results of its tasks, field by field."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from skyloom.deployers.carrying import Carry, carried, payload_entry
from skyloom.deployers.looks import EACH, Looks, bounded, joined, part, parts
from skyloom.flows.frontend import load_file
from skyloom.flows.ir import nodes as ir

HEAD = """
import json
from pydantic import BaseModel
from skyloom.flows import *

class Part(BaseModel):
    number: int
    text: str
    lines: list[str]
    notes: dict[str, str]
    follow: "Part | None" = None

class Book(BaseModel):
    title: str
    parts: list[Part]

@task
def one() -> Part: ...

@task
def two() -> Part: ...

@task
def many() -> list[Part]: ...

@task
def book() -> Book: ...

@task
def maybe() -> Part | None: ...

@task
def lists() -> list[list[str]]: ...

@task
def names() -> list[str]: ...

@task
def use(part: Part) -> int: ...

@task
def read(text: str) -> int: ...

@task
def use_all(parts: list[Part]) -> int: ...

@task
def use_lists(lists: list[list[str]]) -> int: ...

@flow
def number_of(part: Part) -> int:
    return part.number

@flow
def same(part: Part) -> Part:
    return part

"""
NUMBER: Looks = {"number": True}


def carries(tmp_path: Path, body: str) -> dict[str, Carry]:
    """How the result of each task travels, by its name."""
    path = tmp_path / "looked.py"
    path.write_text(f"{HEAD}@flow\ndef f(a: int) -> int:\n{textwrap.indent(body, '    ')}\n    return a\n")
    program: Any = load_file(path).f.program
    found = carried(program, frozenset(), lambda prompt: False)
    calls = [(flow.name, step) for flow in program.flows.values() for step in ir.walk(flow.body)]
    return {
        step.task: found.of(flow, step.target, program.tasks[step.task].returns)
        for flow, step in calls
        if isinstance(step, ir.CallTask)
    }


@pytest.mark.parametrize(
    ("body", "task", "looks"),
    [
        ("p = one()\nuse(p)", "one", False),
        ("p = one()\nif p.number > a:\n    use(p)", "one", NUMBER),
        ("p = one()\nread(p.text)", "one", {"text": False}),
        ("p = one()\nread(p.lines[a])", "one", {"lines": {"*": False}}),
        ("p = one()\nread(p.notes['x'])\nq = p.notes['y'] + '!'\nread(q)", "one", {"notes": {"x": False, "y": True}}),
        ("ps = many()\nuse_all(ps)\na = len(ps)", "many", {}),
        ("ps = many()\nif ps:\n    use_all(ps)", "many", {}),
        ("ps = many()\na = sum(p.number for p in ps)\nuse_all(ps)", "many", {"*": NUMBER}),
        ("ps = many()\n[use(p) for p in each(ps, limit=2)]\nuse_all(ps)", "many", {"*": False}),
        ("ps = many()\n[use(p) for p in each(ps, limit=2) if p.number > 1]", "many", {"*": NUMBER}),
        ("for p in many():\n    a += p.number\n    use(p)", "many", {"*": NUMBER}),
        ("for n, p in enumerate(many()):\n    use(p)\n    a += n", "many", {"*": False}),
        ("for n, p in zip(names(), many()):\n    use(p)\n    a += p.number", "many", {"*": NUMBER}),
        ("for n, p in zip(names(), many()):\n    read(n)\n    a += p.number", "names", {"*": False}),
        ("ps = [p for p in many() if p.number > a]\nuse_all(ps)", "many", {"*": NUMBER}),
        ("ps = many()\nuse_all(ps[1:] + ps[:1])", "many", {"*": False}),
        ("b = book()\nuse(b.parts[0])\na += len(b.parts)", "book", {"parts": {"*": False}}),
        ("b = book()\na += b.parts[0].number\nuse_all(b.parts)", "book", {"parts": {"*": NUMBER}}),
        ("p = maybe()\nif p is not None:\n    use(p)", "maybe", {}),
        ("p, q = parallel(one(), two())\na += p.number\nuse(q)", "one", NUMBER),
        ("p, q = parallel(one(), two())\na += p.number\nuse(q)", "two", False),
        ("d = {'p': one(), 'q': two()}\na += d['p'].number\nuse(d['q'])", "one", NUMBER),
        ("d = {'p': one(), 'q': two()}\na += d['p'].number\nuse(d['q'])", "two", False),
        ("p = one()\na += number_of(p)", "one", NUMBER),
        ("p = same(one())\na += p.number", "one", NUMBER),
        ("ls = lists()\nuse_lists([ls[0]])", "lists", {"*": {}}),
        ("ps: list[Part] = []\np = one()\nps.append(p)\na += ps[0].number\nuse_all(ps)", "one", NUMBER),
        ("p = one()\nq = p.follow\nif q is not None:\n    a += q.number", "one", {"follow": NUMBER}),
    ],
)
def test_looks(tmp_path: Path, body: str, task: str, looks: Looks) -> None:
    found = carries(tmp_path, body)[task]
    assert found.kind in ("reference", "gathered")
    assert without_nothing(found.looks) == without_nothing(looks)


def without_nothing(looks: Looks) -> Looks:
    """The same without entries that say nothing."""
    if isinstance(looks, bool):
        return looks
    return {key: without_nothing(inner) for key, inner in looks.items() if inner is not False}


@pytest.mark.parametrize(
    ("body", "task"),
    [
        ("if one() == two():\n    return 1", "one"),
        ("ps = many()\nif one() in ps:\n    return 1", "many"),
        ("emit('made', one())", "one"),
        ("ns = names()\nread(f'{ns[0]}')\nread(', '.join(ns))", "names"),
        ("ns = names()\nread(json.dumps(ns))", "names"),
        ("ns = sorted(names())\nread(ns[0])", "names"),
    ],
)
def test_all_of_it_is_looked_into(tmp_path: Path, body: str, task: str) -> None:
    assert carries(tmp_path, body)[task] == Carry("inline")


def test_a_loop_that_looks_deeper_in_each_round_ends(tmp_path: Path) -> None:
    body = "p = one()\nwhile p.follow is not None:\n    a += p.number\n    p = p.follow"
    looks: Looks = carries(tmp_path, body)["one"].looks
    depth = 0
    while isinstance(looks, dict):
        assert looks["number"] is True
        looks, depth = looks["follow"], depth + 1
    assert (looks, depth > 3) == (True, True)


def test_what_payloads_say() -> None:
    assert payload_entry(Carry("inline")) == {}
    assert payload_entry(Carry("gathered")) == {"carry": "gathered"}
    assert payload_entry(Carry("reference", {"*": NUMBER})) == {"carry": "reference", "looks": {"*": NUMBER}}


def test_looks_add_up() -> None:
    some: Looks = {"a": True, "b": {}}
    assert joined(False, {}) == joined({}, False) == {}
    assert joined(some, {EACH: NUMBER}) == {"a": True, "b": NUMBER, EACH: NUMBER}
    assert joined(some, True) is True
    assert part(some, "c") is False
    assert part({EACH: NUMBER}, "c") == NUMBER
    assert parts(some) is True
    assert parts({}) is False
    assert bounded({"a": {"b": {}}}, 1) == {"a": True}
