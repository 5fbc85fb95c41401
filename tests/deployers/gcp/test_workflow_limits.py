"""What a flow may not be on Google Cloud: too large, too long, too deep, dependent on what Workflows does not keep."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from conformance.on_gcp.gaps import GAPS
from conformance.on_gcp.in_process import settings_for
from conformance.suite import ALL
from engines.gcp import limits as of_the_engine
from engines.gcp.engine import Engine
from engines.gcp.requests import Answer

from skyloom.deployers.gcp import limits
from skyloom.deployers.gcp.workflow import Invoke, WorkflowSettings, compile_workflow
from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows.frontend import load_file

HEAD = "import json\n\nfrom skyloom.flows import *\n"


def refused(tmp_path: Path, source: str, settings: WorkflowSettings | None = None) -> Diagnostic:
    """The one diagnostic with which the flow `f` is refused."""
    path = tmp_path / "order.py"
    path.write_text(HEAD + textwrap.dedent(source))
    program = load_file(path).f.program
    with pytest.raises(CheckFailed) as caught:
        compile_workflow(program, settings or settings_for(program))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.hint and diagnostic.span
    return diagnostic


def test_a_workflow_of_long_texts_is_told_to_read_them(tmp_path: Path) -> None:
    texts = flow(f'put("{"x" * 80_000}")\nput("{"y" * 80_000}")\nreturn a')
    diagnostic = refused(tmp_path, f"@task\ndef put(text: str) -> int: ...\n\n{texts}")
    assert diagnostic.code == "SKY721" and diagnostic.hint and "from a file or bucket" in diagnostic.hint
    steps = flow("\n".join(f"a = get(a + {n})" for n in range(200)) + "\nreturn a")
    diagnostic = refused(tmp_path, steps)
    assert diagnostic.code == "SKY721" and diagnostic.hint and "let tasks do more" in diagnostic.hint


def compiles(tmp_path: Path, source: str) -> None:
    path = tmp_path / "order.py"
    path.write_text(HEAD + textwrap.dedent(source))
    program = load_file(path).f.program
    compile_workflow(program, settings_for(program))


def flow(body: str, options: str = "", parameters: str = "a: int") -> str:
    """A task and a flow with this body."""
    lines = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"@task{options}\ndef get(n: int) -> int:\n    return n\n\n@flow\ndef f({parameters}) -> int:\n{lines}\n"


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("SKY703", flow("return get(a)", "(timeout=minutes(30))")),
        ("SKY704", flow("return get(a)", "(memory=40_000)")),
        ("SKY705", flow("sleep(days(400))\nreturn get(a)")),
        ("SKY705", flow("wait_for('x', int, timeout=days(400))\nreturn get(a)")),
        ("SKY721", flow("\n".join(f"a = get(a + {n})" for n in range(200)) + "\nreturn a")),
        ("SKY722", flow("for i in range(400):\n    for j in range(300):\n        get(j)\nreturn a")),
        ("SKY725", flow("return len([k for k in d][0])", parameters="d: dict[str, int]")),
        ("SKY725", flow("for k, v in d.items():\n    get(v)\nreturn 1", parameters="d: dict[str, int]")),
        ("SKY725", flow("return len([*d][0])", parameters="d: dict[str, int]")),
        ("SKY725", flow("return len(json.dumps(d))", parameters="d: dict[str, int]")),
        (
            "SKY725",
            flow("return [v for k, v in {k: v for k, v in d.items()}.items()][0]", parameters="d: dict[str, int]"),
        ),
        ("SKY725", flow("return len([*{k: 1 for k in d.keys()}][0])", parameters="d: dict[str, int]")),
        ("SKY725", flow("return len(json.dumps({k: v for k, v in d.items()}))", parameters="d: dict[str, int]")),
    ],
)
def test_refused(tmp_path: Path, code: str, source: str) -> None:
    assert refused(tmp_path, source).code == code


@pytest.mark.parametrize(
    "body",
    [
        "return len(sorted(d))",
        "return len([k for k in sorted(d)])",
        "return sum(d.values())",
        "return max(d.values())",
        "return len({k: v + 1 for k, v in d.items()})",
        "return len(d) if any(v > 1 for v in d.values()) else 0",
        "return len([k for k in {'a': 1, **{'b': 2}}])",
        "return len([k for k, v in {k: v for k, v in {'a': 1}.items()}.items()])",
        "return len({k: v + 1 for k, v in {k: v for k, v in d.items()}.items()})",
    ],
)
def test_the_order_of_entries_does_not_always_show(tmp_path: Path, body: str) -> None:
    compiles(tmp_path, flow(body, parameters="d: dict[str, int]"))


def test_a_dict_is_called_as_in_the_source(tmp_path: Path) -> None:
    """And not by the variable that the front end made up for it."""
    source = """
    @task
    def stock() -> dict[str, int]:
        return {}

    @flow
    def f() -> list[str]:
        return [*stock()]
    """
    found = refused(tmp_path, source)
    assert found.message == "`[*stock()]` shows the order of entries of `stock()`, which Workflows does not keep"
    assert "`sorted(stock())`" in str(found.hint)


def called(number: int) -> str:
    """A call in two places: the steps of a flow that is called in one would stand there."""
    return f"f{number}(a) if a > 0 else f{number}(a + 1)"


def test_calls_too_deep(tmp_path: Path) -> None:
    flows = "".join(f"@flow\ndef f{n}(a: int) -> int:\n    return {called(n + 1)}\n\n" for n in range(20))
    first = "@flow\ndef f20(a: int) -> int:\n    return a\n\n"
    source = f"{first}{flows}@flow\ndef f(a: int) -> int:\n    return {called(0)}\n"
    assert refused(tmp_path, source).code == "SKY723"


@pytest.mark.parametrize(("flows", "inside", "fits"), [(19, "get(a)", True), (20, "get(a)", False)])
def test_what_flows_call_in_turn_counts(tmp_path: Path, flows: int, inside: str, fits: bool) -> None:
    """The innermost task fails, which one subworkflow more raises: what is compiled runs to that error."""
    chain = "".join(f"@flow\ndef f{n}(a: int) -> int:\n    return {called(n + 1)}\n\n" for n in range(flows - 2))
    last = f"@flow\ndef f{flows - 2}(a: int) -> int:\n    return {inside}\n\n"
    first = "@task\ndef get(n: int) -> int:\n    return n\n\n"
    source = f"{first}{last}{chain}@flow\ndef f(a: int) -> int:\n    return {called(0)}\n"
    if not fits:
        assert refused(tmp_path, source).code == "SKY723"
        return
    path = tmp_path / "order.py"
    path.write_text(HEAD + source)
    program = load_file(path).f.program
    workflow = compile_workflow(program, settings_for(program))
    (need,) = workflow.uses
    assert isinstance(need, Invoke)
    broken = b'{"error": {"type": "Broken", "bases": ["Exception"], "message": "no"}}'
    engine = Engine(time_scale=0.001)
    engine.route("https://tasks.run.app", lambda _: Answer(422, {"Content-Type": "application/json"}, broken))
    engine.deploy("f", workflow.definition, {need.variable: "https://tasks.run.app"})
    assert '"type":"Broken"' in str(engine.start("f", {"a": 1}).wait(30).error)


def test_statements_too_deep(tmp_path: Path) -> None:
    lines = [f"{'    ' * n}if get({n}) > {n}:" for n in range(21)]
    body = "\n".join([*lines, f"{'    ' * 21}a = 1", "return a"])
    assert refused(tmp_path, flow(body)).code == "SKY726"


def test_waits_in_branches_too_deep(tmp_path: Path) -> None:
    source = """
    @flow
    def waits(x: int) -> int:
        sleep(x)
        return x

    @flow
    def third(x: int) -> tuple[int, int]:
        return parallel(waits(x), waits(x))

    @flow
    def second(xs: list[int]) -> list[tuple[int, int]]:
        return [third(x) for x in xs]

    @flow
    def f(rows: list[list[int]]) -> list[list[tuple[int, int]]]:
        return [second(xs) for xs in rows]
    """
    diagnostic = refused(tmp_path, source)
    assert diagnostic.code == "SKY726" and "timeout" in str(diagnostic.hint)


def test_too_many_functions(tmp_path: Path) -> None:
    tasks = "".join(f"@task\ndef t{n}(a: int) -> int:\n    return a\n\n" for n in range(21))
    source = f"{tasks}@flow\ndef f(a: int) -> int:\n    return {' + '.join(f't{n}(a)' for n in range(21))}\n"
    each = {f"t{n}": f"group-{n}" for n in range(21)}
    assert refused(tmp_path, source, WorkflowSettings(app="a", tasks=each)).code == "SKY724"


def test_the_limits_are_those_of_the_engine() -> None:
    assert limits.SOURCE.value == of_the_engine.SOURCE_BYTES
    assert limits.ASSIGNMENTS.value == of_the_engine.ASSIGNMENTS
    assert limits.CONDITIONS.value == of_the_engine.CONDITIONS
    assert limits.BRANCHES.value == of_the_engine.BRANCHES
    assert limits.PARALLEL_WIDTH.value == of_the_engine.CONCURRENT
    assert limits.PARALLEL_DEPTH.value == of_the_engine.PARALLEL_NESTING
    assert limits.CALL_DEPTH.value == of_the_engine.CALL_STACK
    assert limits.NESTING.value == of_the_engine.NESTING
    assert limits.STEPS.value == of_the_engine.STEPS
    assert limits.MEMORY.value == of_the_engine.VARIABLE_BYTES
    assert limits.HTTP_TIMEOUT.value == of_the_engine.HTTP_SECONDS_AT_MOST
    assert limits.VARIABLES.value == of_the_engine.ENVIRONMENT_VARIABLES


@pytest.mark.parametrize("name", [name for name, gap in GAPS.items() if gap.kind == "never"])
def test_what_can_never_be_is_refused_with_its_code(name: str) -> None:
    program = ALL[name].flow.program
    with pytest.raises(CheckFailed) as caught:
        compile_workflow(program, settings_for(program))
    assert {diagnostic.code for diagnostic in caught.value.diagnostics} == {GAPS[name].code}
