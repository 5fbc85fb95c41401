"""Merging: neighbours that the helper evaluates become one call; errors, their order and what is read stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from expressions.written import ENGINE, SHARING, program_of, text

from skyloom.flows.expr.python import evaluate
from skyloom.flows.ir.nodes import Assign
from skyloom.flows.ir.structure import problems
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.merge_evaluations import merge_evaluations

MERGED = {
    "one reads the other": (
        "a = sorted(words)\nb = [w for w in a if w]\nreturn put(b[0])",
        "b = [[w for w in a if w] for a in [sorted(words)]][0]\n_put = put(text=b[0])\nreturn _put",
    ),
    "both are read": (
        "a = sorted(words)\nb = f'{n}'\nreturn put(a[0] + b)",
        "a_and_b = [(a, f'{n}') for a in [sorted(words)]][0]\na = a_and_b[0]\nb = a_and_b[1]\n"
        "_put = put(text=a[0] + b)\nreturn _put",
    ),
    "the argument of a call": (
        "a = sorted(words)\nreturn put(f'{len(a)}', share)",
        '_put = put(text=[f"{len(a)}" for a in [sorted(words)]][0], size=share)\nreturn _put',
    ),
    "what a workflow could say stands between": (
        "a = sorted(words)\nb = a[:2]\nc = sorted(b)\nreturn put(c[0])",
        "c = [sorted(b) for a in [sorted(words)] for b in [a[:2]]][0]\n_put = put(text=c[0])\nreturn _put",
    ),
    "in a loop": (
        "for w in words:\n    a = sorted(others)\n    b = [x for x in a if n]\n    put(b[0] + w)\nreturn ''",
        'for:\n  b = [[x for x in a if n] for a in [sorted(others)]][0]\n  None = put(text=b[0] + w)\nreturn ""',
    ),
    "the later one raises, and nobody sees the first": (
        "a = sorted(words)\nb = f'{a[n]}'\nreturn put(b)",
        'b = [f"{a[n]}" for a in [sorted(words)]][0]\n_put = put(text=b)\nreturn _put',
    ),
    "a first one that grows": (
        "a = sorted(words)\nput(a[0])\na = sorted(a + others)\nb = f'{len(a)}'\nreturn put(b)",
        "a = sorted(words)\nNone = put(text=a[0])\n"
        'b = [f"{len(a)}" for a in [sorted(a + others)]][0]\n_put_2 = put(text=b)\nreturn _put_2',
    ),
}


def same(found: str) -> str:
    return found.replace("'", '"')


@pytest.mark.parametrize("name", MERGED)
def test_neighbours_become_one_evaluation(tmp_path: Path, name: str) -> None:
    body, expected = MERGED[name]
    merged = merge_evaluations(program_of(tmp_path, body), SHARING)
    assert same(text(merged.flow.body)) == same(expected)
    assert problems(merged) == []


KEPT = {
    "alone": "a = sorted(words)\nreturn put(a[0])",
    "a call stands between": "a = sorted(words)\nput(a[0])\nb = sorted(a)\nreturn put(b[0])",
    "a handler sees the first when the second raises": (
        "a = words\ntry:\n    a = sorted(words)\n    b = f'{a[n]}'\n    put(b)\n"
        "except IndexError:\n    return put(a[0])\nreturn ''"
    ),
    "an argument that may raise": "a = sorted(words)\nreturn put(f'{a[n]}', 1 / share)",
    "a name that the second one reads from before": (
        "b = f'{n}'\nput(b)\na = sorted(words)\nb = f'{b}{len(a)}'\nreturn put(a[0] + b)"
    ),
    "both need large values of their own": "a = sorted(words)\nb = sorted(others)\nreturn put(a[0] + b[0])",
    "a number that nothing may carry, by its name": "a = sum([share])\nb = sum([share, 1.0])\nreturn put('x', a + b)",
    "the workflow says one": "a = sorted(words)\nb = n + 1\nreturn put(a[0], b + 0.5)",
}


@pytest.mark.parametrize("name", KEPT)
def test_what_somebody_would_notice_stays(tmp_path: Path, name: str) -> None:
    program = program_of(tmp_path, KEPT[name])
    assert text(merge_evaluations(program, SHARING).flow.body) == text(program.flow.body)


def test_several_large_answers_come_at_once_only_where_memory_is_shared(tmp_path: Path) -> None:
    program = program_of(tmp_path, "a = sorted(words)\nb = [w for w in a if w]\nreturn put(a[0] + b[0])")
    assert text(merge_evaluations(program, ENGINE).flow.body) == text(program.flow.body)
    assert text(merge_evaluations(program, SHARING).flow.body) != text(program.flow.body)


def test_nothing_is_merged_where_the_engine_says_everything(tmp_path: Path) -> None:
    program = program_of(tmp_path, MERGED["both are read"][0])
    assert merge_evaluations(program, Engine()).flow.body is program.flow.body


def test_the_first_error_is_the_same(tmp_path: Path) -> None:
    body = "a = sorted(words)[n]\nb = f'{1 // len(a)}'\nreturn put(b)"
    merged = merge_evaluations(program_of(tmp_path, body), SHARING)
    (assign, *_) = merged.flow.body
    assert isinstance(assign, Assign)
    with pytest.raises(IndexError):
        evaluate(assign.value, {"words": ["", "b"], "n": 5})
    with pytest.raises(ZeroDivisionError):
        evaluate(assign.value, {"words": ["", "b"], "n": 0})
    assert evaluate(assign.value, {"words": ["", "b"], "n": 1}) == "1"
