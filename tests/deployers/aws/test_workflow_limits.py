"""What a compiled flow may not be: too large, too long, too much."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engines.aws.in_process import settings_for

from skyloom.deployers.aws.limits import template_problems
from skyloom.deployers.aws.workflow import Kind, WorkflowSettings, compile_workflow
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.app import App
from skyloom.flows.frontend import load_file

HEAD = "from skyloom.flows import *\n"


def refused(tmp_path: Path, source: str, kind: Kind = "STANDARD") -> Diagnostic:
    """The one diagnostic with which the flow `f` is refused."""
    path = tmp_path / "order.py"
    path.write_text(HEAD + textwrap.dedent(source))
    program = load_file(path).f.program
    known = settings_for(program)
    settings = WorkflowSettings(app=known.app, tasks=known.tasks, prompts=known.prompts, kind=kind)
    with pytest.raises(CheckFailed) as caught:
        compile_workflow(program, settings)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.hint and diagnostic.span
    return diagnostic


def flow(body: str, options: str = "") -> str:
    """A task and a flow with this body."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"@task{options}\ndef get(n: int) -> int:\n    return n\n\n@flow\ndef f(a: int) -> int:\n{lines}\n"


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("SKY703", flow("return get(a)", "(timeout=minutes(15))")),
        ("SKY704", flow("return get(a)", "(memory=20_000)")),
        ("SKY705", flow("sleep(days(400))\nreturn get(a)")),
        ("SKY705", flow("wait_for('x', int, timeout=days(400))\nreturn get(a)")),
        ("SKY706", flow("for i in range(4000):\n    get(i)\nreturn a")),
        ("SKY706", flow("for i in range(100):\n    for j in range(50):\n        get(j)\nreturn a")),
    ],
)
def test_refused(tmp_path: Path, code: str, source: str) -> None:
    assert refused(tmp_path, source).code == code


def test_the_history_of_an_express_workflow_has_no_limit(tmp_path: Path) -> None:
    source = flow("for i in range(4000):\n    get(i)\nreturn a").replace("@flow", "@flow(timeout=300)")
    assert refused(tmp_path, source).code == "SKY706"
    program = load_file(tmp_path / "order.py").f.program
    settings = settings_for(program)
    assert compile_workflow(program, replace(settings, kind="EXPRESS")).kind == "EXPRESS"


def test_too_many_steps(tmp_path: Path) -> None:
    diagnostic = refused(tmp_path, flow("\n".join(f"a = get(a + {n})" for n in range(1800)) + "\nreturn a"))
    assert diagnostic.code == "SKY701" and "1,048,576 bytes" in diagnostic.message


def test_constants_that_no_state_takes(tmp_path: Path) -> None:
    source = f"""
    TEXT = {"x" * 300_000!r}

    @task
    def get(text: str) -> int:
        return len(text)

    @flow
    def f() -> int:
        return get(TEXT)
    """
    assert refused(tmp_path, source).code == "SKY702"


@pytest.mark.parametrize("body", ["return wait_for('x', int)", "return int(approval('?').approved)"])
def test_express_workflows_do_not_wait(tmp_path: Path, body: str) -> None:
    source = flow(body).replace("@flow", "@flow(timeout=60)")
    assert refused(tmp_path, source, kind="EXPRESS").code == "SKY707"


def test_a_loop_that_may_end_early_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "order.py"
    path.write_text(HEAD + flow("for i in range(4000):\n    if get(i) > a:\n        break\nreturn a"))
    program: Any = load_file(path).f.program
    compile_workflow(program, settings_for(program))


def numbers(body: str) -> str:
    """A flow over floats with this body."""
    lines = textwrap.indent(body, "    ")
    return (
        "import json\nfrom typing import Any\nfrom pydantic import BaseModel\n"
        "class M(BaseModel):\n    sure: float\n    open: int | float = 0\n"
        "@task\ndef total(x: float) -> str:\n    return str(x)\n"
        f"@flow\ndef f(x: float, xs: list[float]) -> str:\n{lines}\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        "n: float = 0\nfor y in xs:\n    n += y\nreturn str(n)",
        "n: float = 0\nfor y in xs:\n    n += y\nreturn f'{n * 2}'",
        "n: float = 0\nfor y in xs:\n    n += y\nreturn f'{n:,}'",
        "n = sum(xs)\nreturn str(n)",
        "d: dict[str, Any] = {'x': x}\nreturn json.dumps(d)",
        "d: dict[str, Any] = {}\nd['x'] = x\nreturn json.dumps(d)",
        "d: list[int | float] = [1]\nd.append(x)\nreturn json.dumps(d)",
        "d: list[int | float] = [1]\nd.append(x)\nreturn ','.join([str(y) for y in d])",
        "d = [1, 2.0, 3]\nreturn str(d[1])",
        "d = [1, 2.0, 3][1:]\nreturn str(d[0])",
        "m = M(sure=1.0, open=x)\nreturn str(m.open)",
        "a = json.loads('2.0')\nreturn json.dumps(a)",
    ],
)
def test_texts_of_numbers_that_lost_what_they_are(tmp_path: Path, body: str) -> None:
    assert refused(tmp_path, numbers(body)).code == "SKY708"


@pytest.mark.parametrize(
    "body",
    [
        "n: float = 0\nfor y in xs:\n    n += y\nreturn f'{n:.2f}' + str(float(n)) + total(n) + str(n > 2)",
        "n = 0.0\nfor y in xs:\n    n += y\nreturn str(n)",
        "return str(sum(xs))",
        "d = {'x': x}\nreturn json.dumps(d)",
        "d = [1, 2.5, 3]\nreturn str(d[1])",
        "n: float = 0\nif x:\n    n = 2.5\nreturn str(n)",
        "m = M(sure=1.0, open=len(xs))\nm.sure = x\nreturn str(m.open)",
    ],
)
def test_texts_of_numbers_that_are_known(tmp_path: Path, body: str) -> None:
    path = tmp_path / "order.py"
    path.write_text(HEAD + numbers(body))
    program: Any = load_file(path).f.program
    compile_workflow(program, settings_for(program))


@pytest.mark.parametrize(("count", "padding"), [(501, ""), (2, "x" * 2**20)])
def test_a_template_that_no_stack_takes(count: int, padding: str) -> None:
    template: dict[str, Any] = {"Description": padding, "Resources": {f"R{n}": {} for n in range(count)}}
    (problem,) = template_problems(App("shop", flows=[]), json.dumps(template).encode())
    assert problem.code == "SKY709" and problem.hint and problem.span


def test_a_template_that_a_stack_takes() -> None:
    template: dict[str, Any] = {"Resources": {f"R{n}": {} for n in range(500)}}
    assert not list(template_problems(App("shop", flows=[]), json.dumps(template).encode()))
