"""What is read behind a statement."""

from __future__ import annotations

import textwrap
from pathlib import Path

from skyloom.flows.frontend.load import load_file
from skyloom.flows.ir import nodes as ir
from skyloom.flows.passes.liveness import liveness

HEAD = """
from skyloom.flows import flow, task

@task
def get(n: int) -> int:
    return n

@flow
def main(n: int, numbers: list[int]) -> int:
"""


def live(folder: Path, body: str) -> dict[str, tuple[list[str], list[str]]]:
    """What is read behind each assignment, on the way on and after an error, by variable and line of the body."""
    path = folder / "flows_here.py"
    path.write_text(HEAD + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n")
    first = HEAD.count("\n")
    statements = load_file(path).main.program.flow.body
    known = liveness(statements)
    found = {}
    for one in ir.walk(statements):
        name = one.variable if isinstance(one, ir.Assign) else one.target if isinstance(one, ir.CallTask) else None
        if name is not None:
            after, raises = known[id(one)]
            found[f"{name}{one.span.line - first}"] = (sorted(after), sorted(raises))
    return found


def test_what_is_assigned_anew_is_not_read(tmp_path: Path) -> None:
    found = live(tmp_path, "a = 1\nb = get(n)\na = b\nreturn a")
    assert found == {"a1": (["n"], []), "b2": (["b"], []), "a3": (["a"], [])}


def test_loops_read_in_their_next_round(tmp_path: Path) -> None:
    found = live(
        tmp_path,
        """
        a = 0
        for m in numbers:
            b = a
            a = get(m)
            if a > b:
                break
        return n
        """,
    )
    assert found["a1"][0] == ["a", "n", "numbers"]
    assert found["b3"][0] == ["b", "m", "n"]
    assert found["a4"][0] == ["a", "b", "n"]


def test_handlers_read_what_is_left_when_something_fails(tmp_path: Path) -> None:
    found = live(
        tmp_path,
        """
        a = 0
        c = 0
        try:
            a = get(n)
            c = get(a)
            n = get(c)
        except ValueError:
            return a
        finally:
            numbers = [c]
        return n + numbers[0]
        """,
    )
    assert found["a4"] == (["a", "c", "n"], ["a", "c", "n"])
    assert found["n6"][0] == ["c", "n"]
    assert found["numbers10"] == (["n", "numbers"], [])


def test_inner_scopes_read_the_variables_around_them(tmp_path: Path) -> None:
    found = live(tmp_path, "a = get(n)\nb = [get(m + a) for m in numbers]\nreturn len(b)")
    assert found["a1"] == (["a", "numbers"], [])
