"""Long lines of orchestrators are broken at brackets, and mean the same."""

from __future__ import annotations

import ast

import pytest

from skyloom.deployers.azure.orchestrator import writing
from skyloom.deployers.azure.orchestrator.writing import WIDTH, wrapped

LONG = "a_rather_long_name_of_something_that_a_flow_knows"
LINES = [
    f'{LONG} = {{"name": {LONG}, "tags": [{LONG}]}}["tags"]',
    f"{LONG} = {LONG}[{LONG} + {LONG} + 1]",
    f"{LONG} = {LONG}[{LONG} : {LONG} + 1]",
    f"{LONG} = {LONG}[{LONG}][{LONG} + 17]",
    f"{LONG} = {LONG}[{LONG}, {LONG} + 12]",
    f"return ({LONG} if {LONG} else {LONG})",
    f"return ({LONG} if {LONG} else {LONG},)",
    f"return ({LONG}, {LONG}, {LONG} + 1000)",
    f"return not ({LONG} and {LONG} and {LONG})",
    f"return {LONG} in ({LONG} + {LONG} + [])",
    f"return [{LONG} + {LONG} + {LONG} + 1]",
    f"return [{LONG} for {LONG} in {LONG} if 1]",
    f"return {{{LONG}: 1 for {LONG} in {LONG} if 1}}",
    f"return sum({LONG} for {LONG} in {LONG} if 1)",
    f"return sorted({LONG}, key=lambda a, b: ({LONG}, {LONG}))",
    f"return f({LONG} + {LONG} + {LONG} + 1)",
    f'return "a, (b" + "[c".join({LONG} + {LONG} + {LONG})',
    f"return {LONG}({LONG})({LONG} + 1, {LONG})",
    f'return f"{{{LONG}}}, ({{{LONG}}}"[{LONG} - 1]',
    f"return [[{LONG}, {LONG}], [{LONG}, {LONG}]]",
    f"return [{LONG}, {LONG}, {LONG}][0]",
    f"if ({LONG} or {LONG} or {LONG} or 1):",
    f"while {LONG}[{LONG} + {LONG} + {LONG}]:",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("depth", [0, 2])
def test_broken_lines_mean_the_same(line: str, depth: int) -> None:
    assert len(line) > WIDTH - 4 * depth or depth == 0
    broken = wrapped(line, depth)
    body = "\n    pass" if line.endswith(":") else ""
    function = "def f():\n"
    before = ast.parse(function + "    " + (line + body).replace("\n", "\n    "))
    after = ast.parse(
        function + "\n".join(f"    {one}" for one in "\n".join([*broken, *body.splitlines()[1:]]).split("\n"))
    )
    assert ast.dump(before) == ast.dump(after)


def test_calls_and_displays_get_a_comma() -> None:
    assert wrapped(f"return f({LONG} + {LONG} + {LONG} + {LONG})", 0)[1:] == [
        f"    {LONG} + {LONG} + {LONG} + {LONG},",
        ")",
    ]


def test_what_would_be_read_otherwise_stays_on_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    line = f"{LONG} = {LONG}[{LONG} + {LONG} + 1]"
    assert len(wrapped(line, 0)) > 1
    monkeypatch.setattr(writing, "_takes_a_comma", lambda *_: True)
    assert wrapped(line, 0) == [line]
