"""Which results may wait in the app's bucket: those that nobody looks into on their way."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engines.aws.in_process import settings_for

from skyloom.deployers.aws.workflow import ConverseModel, compile_workflow
from skyloom.flows.frontend import load_file

Json = Any

HEAD = """
from pydantic import BaseModel
from skyloom.flows import *

class Page(BaseModel):
    text: str

@task
def make(n: int) -> str:
    return str(n)

@task
def page(n: int) -> Page:
    return Page(text="x")

@task
def count(text: str) -> int:
    return len(text)

@task
def use(value: str) -> str:
    return value

@task
def all_of(values: list[str]) -> str:
    return ""

@prompt("Shorten: {text}", model="fast")
def shorten(text: str) -> str: ...

@flow
def handed(n: int) -> str:
    return make(n)

@flow
def changed(text: str) -> str:
    text = text + "!"
    return use(text)

@flow(timeout=60)
def apart(text: str) -> str:
    return use(text)

"""


def carries(tmp_path: Path, body: str, models: dict[str, ConverseModel] | None = None) -> dict[str, str]:
    """How the result of each task travels, by its name. `models` may be asked by the machine itself."""
    path = tmp_path / "order.py"
    path.write_text(f"{HEAD}@flow\ndef f(a: int) -> int:\n{textwrap.indent(body, '    ')}\n    return a\n")
    program: Any = load_file(path).f.program
    definition = compile_workflow(program, replace(settings_for(program), models=models or {})).definition
    return {payload["task"]: payload.get("carry", "inline") for payload in _payloads(definition) if "task" in payload}


def _payloads(scope: Json) -> Iterator[dict[str, Json]]:
    for state in scope["States"].values():
        payload = state.get("Arguments", {}).get("Payload") if state["Type"] == "Task" else None
        if payload:
            yield payload
        for inner in [*state.get("Branches", []), *([state["ItemProcessor"]] if "ItemProcessor" in state else [])]:
            yield from _payloads(inner)


@pytest.mark.parametrize(
    ("body", "carry"),
    [
        ("x = make(1)\nuse(x)", "reference"),
        ("x = make(1)\nall_of([x, 'b'])", "reference"),
        ("x = make(1)\ny = x\nuse(y if a > 1 else 'z')", "reference"),
        ("x = handed(1)\nuse(x)", "reference"),
        ("x, y = parallel(make(1), count('b'))\nuse(x)", "reference"),
        ("xs = [make(n) for n in range(a)]\nall_of(xs)", "gathered"),
        ("xs: list[str] = []\nfor n in range(a):\n    xs.append(make(n))\nall_of(xs)", "gathered"),
        ("x = make(1)\n[use('a') for n in range(a)]\nuse(x)", "reference"),
        ("x = race(make(1), handed(2))\nuse(x)", "gathered"),
        ("x = make(1)\nuse(x + '!')", "inline"),
        ("x = make(1)\nif x:\n    use(x)", "inline"),
        ("x = make(1)\nwhile len(x) > a:\n    a += 1", "inline"),
        ("x = make(1)\nshorten(x)", "reference"),
        ("x = make(1)\nemit('made', x)", "inline"),
        ("x = make(1)\napproval('ok?', show=x)", "inline"),
        ("x = make(1)\nchanged(x)", "inline"),
        ("x = make(1)\napart(x)", "inline"),
        ("x = make(1)\nraise ValueError(x)", "inline"),
        ("xs = [make(n) for n in range(a)]\nfor x in xs:\n    use(x)", "gathered"),
        ("xs = [make(n) for n in range(a)]\nuse(xs[0])\nall_of([*xs, 'b'])", "gathered"),
        ("xs = [make(n) for n in range(a)]\nuse(xs[0] + '!')", "inline"),
    ],
)
def test_texts(tmp_path: Path, body: str, carry: str) -> None:
    assert carries(tmp_path, body)["make"] == carry


def test_a_prompt_that_the_machine_asks_is_looked_into(tmp_path: Path) -> None:
    models = {"fast": ConverseModel(model="amazon.nova-lite-v1:0", provider="bedrock")}
    assert carries(tmp_path, "x = make(1)\nshorten(x)", models)["make"] == "inline"


def test_what_the_run_gives_is_no_pointer(tmp_path: Path) -> None:
    assert carries(tmp_path, "x = make(1)\nif a > 1:\n    return count(x)") == {"make": "reference", "count": "inline"}
    assert carries(tmp_path, "p = page(1)\nuse(p.text + '!')")["page"] == "inline"


def test_a_list_that_is_changed_is_the_machine_s_own(tmp_path: Path) -> None:
    body = "x = make(1)\nxs = [x]\nxs.append('b')\nall_of(xs)"
    assert carries(tmp_path, body)["make"] == "gathered"
