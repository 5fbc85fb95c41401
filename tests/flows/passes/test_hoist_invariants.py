"""Hoisting out of loops: what is the same in every round is asked once; nothing is computed that could raise, or that
a decision of the round stands before."""

from __future__ import annotations

from pathlib import Path

import pytest
from expressions.written import ENGINE, program_of, text

from skyloom.flows.ir.structure import problems
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.hoist_invariants import hoist_invariants

MOVED = {
    "an argument": (
        "for w in words:\n    put(f'{share:.2f}')\nreturn ''",
        'put_text = f"{share:.2f}"\nfor:\n  None = put(text=put_text)\nreturn ""',
    ),
    "an assignment": (
        "for w in words:\n    a = sorted(others)\n    put(a[0] + w)\nreturn ''",
        'a_once = sorted(others)\nfor:\n  a = a_once\n  None = put(text=a[0] + w)\nreturn ""',
    ),
    "out of a map": (
        "xs = [put(f'{share:.2f}') for w in words]\nreturn xs[0]",
        'put_text = f"{share:.2f}"\nmap\nreturn xs[0]',
    ),
    "out of two loops": (
        "for w in words:\n    for o in others:\n        put(f'{share:.2f}')\nreturn ''",
        'put_text_once = f"{share:.2f}"\nfor:\n  put_text = put_text_once\n  for:\n    None = put(text=put_text)\n'
        'return ""',
    ),
    "out of the inner one": (
        "for w in words:\n    for o in others:\n        put(f'{w}!')\nreturn ''",
        'for:\n  put_text = f"{w}!"\n  for:\n    None = put(text=put_text)\nreturn ""',
    ),
}


@pytest.mark.parametrize("name", MOVED)
def test_what_is_always_the_same_moves_out(tmp_path: Path, name: str) -> None:
    body, expected = MOVED[name]
    hoisted = hoist_invariants(program_of(tmp_path, body), ENGINE)
    assert text(hoisted.flow.body).replace("map:\n  _put = put(text=put_text)", "map") == expected
    assert problems(hoisted) == []


KEPT = {
    "it reads the element": "for w in words:\n    put(f'{w}!')\nreturn ''",
    "a number that nothing may carry": "for w in words:\n    a = [n + n for _ in others]\n    fetch(a[0])\nreturn ''",
    "it may raise": "for w in words:\n    put(f'{others[n]}')\nreturn ''",
    "it reads what the loop changes": ("a = ''\nfor w in words:\n    put(f'{a}!')\n    a = put(w)\nreturn a"),
    "behind a decision": "for w in words:\n    if w:\n        continue\n    put(f'{share}')\nreturn ''",
    "inside a decision, which knows more": (
        "for w in words:\n    if maybe is not None:\n        put(f'{maybe:.2f}')\nreturn ''"
    ),
    "a map that leaves out": "xs = [put(f'{maybe:.2f}') for w in words if maybe is not None]\nreturn xs[0]",
    "a loop with a test": "i = 0\nwhile i < n and maybe is not None:\n    put(f'{maybe:.2f}')\n    i += 1\nreturn ''",
    "a variable that may have no value before": (
        "if n:\n    a = put('x')\nelse:\n    a = 'y'\nfor w in words:\n    put(f'{a}!')\nreturn ''"
    ),
    "the workflow says it": "for w in words:\n    put(others[0:2][0] if others else 'x')\nreturn ''",
}


@pytest.mark.parametrize("name", KEPT)
def test_what_may_change_or_raise_stays(tmp_path: Path, name: str) -> None:
    program = program_of(tmp_path, KEPT[name])
    assert hoist_invariants(program, ENGINE).flow.body == program.flow.body


def test_nothing_moves_where_the_engine_says_everything(tmp_path: Path) -> None:
    program = program_of(tmp_path, MOVED["an argument"][0])
    assert hoist_invariants(program, Engine()).flow.body is program.flow.body
