"""`skyloom check` and `skyloom graph`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cli.flows_to_run import SOURCE

WRONG = """from skyloom.flows import flow, task

print("imported")


@task
def size(text: str) -> int:
    return len(text)


@flow
def first(text: str) -> int:
    return size(texd)


@flow
def second(text: str) -> int:
    return siez(text)
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "good_of_test.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "wrong_of_test.py"
    path.write_text(WRONG)
    return path


def test_a_file_without_problems(invoke: Any, file: Path) -> None:
    result = invoke("check", "good_of_test.py")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "the file speaks while it is imported",
        "good_of_test.py: 7 flows checked (greet, numbers, topics, ask, paid, stuck, nap), no problems",
    ]


def test_one_flow_of_a_file(invoke: Any, document: Any, file: Path) -> None:
    result = invoke("check", "good_of_test.py:greet")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == "good_of_test.py: 1 flow checked (greet), no problems"
    assert document("check", "good_of_test.py:greet", "--json")["flows"] == ["greet"]


def test_a_flow_that_the_file_has_not(invoke: Any, file: Path) -> None:
    result = invoke("check", "good_of_test.py:gret")
    assert result.exit_code == 2
    assert "SKY520 the file has no app and no flow `gret`" in result.stderr
    assert "did you mean `greet`?" in result.stderr
    assert "its flows: greet, numbers" in invoke("check", "good_of_test.py:xyz").stderr


def test_all_problems_of_all_flows_at_once(invoke: Any, wrong: Path) -> None:
    result = invoke("check", "wrong_of_test.py")
    assert (result.exit_code, result.stdout) == (2, "")
    lines = result.stderr.splitlines()
    assert lines[0] == "imported"
    assert lines[1].startswith("wrong_of_test.py:13:17: SKY")
    assert lines[2:4] == ["   13 |     return size(texd)", "      |                 ^^^^"]
    assert any(line.startswith("wrong_of_test.py:18:12: SKY") for line in lines)
    assert lines[-1] == "2 problems"
    assert "\x1b" not in result.output


def test_problems_for_programs(document: Any, wrong: Path) -> None:
    found = document("check", "wrong_of_test.py", "--json", code=2)
    assert (found["file"], found["flows"]) == ("wrong_of_test.py", ["first", "second"])
    first, second = found["diagnostics"]
    assert {key: first[key] for key in ("file", "line", "column", "end_line", "end_column")} == {
        "file": "wrong_of_test.py", "line": 13, "column": 17, "end_line": 13, "end_column": 21
    }  # fmt: skip
    assert first["code"].startswith("SKY2")
    assert (second["line"], second["column"]) == (18, 12)


def test_schemas(document: Any, invoke: Any, file: Path) -> None:
    found = document("check", str(file), "--schema", "--json")
    assert found["diagnostics"] == []
    greet = found["schemas"]["greet"]
    assert greet["input"]["required"] == ["ticket"]
    assert greet["input"]["properties"]["times"]["default"] == 1
    assert greet["output"]["type"] == "array"
    result = invoke("check", str(file), "--schema")
    assert json.loads(result.stdout) == found["schemas"]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("none.py", None, "SKY002"),
        ("syntax.py", "def (:\n", "SKY001"),
        ("raises.py", "import sys\nsys.exit(3)\n", "SKY003"),
        ("missing.py", "import a_module_that_is_not_there\n", "SKY003"),
        ("latin.py", "x = 'Zoë'\n", "SKY002"),
        (".", None, "SKY002"),
    ],
)
def test_files_that_cannot_be_checked(
    name: str, text: str | None, code: str, invoke: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path(name).write_bytes(text.encode("latin-1"))
    result = invoke("check", name)
    assert result.exit_code == 2
    assert code in result.stderr
    assert result.stderr.splitlines()[-1] == "1 problem"
    assert "Traceback" not in result.output


def test_a_file_without_flows(invoke: Any, tmp_path: Path) -> None:
    path = tmp_path / "empty_of_test.py"
    path.write_text("x = 1\n")
    result = invoke("check", str(path))
    assert result.exit_code == 0
    assert result.stderr == f"{path}: no problems, but no flow either; mark a function with @flow\n"


def test_a_graph_as_mermaid(invoke: Any, file: Path) -> None:
    result = invoke("graph", "good_of_test.py:ask")
    assert result.exit_code == 0
    assert result.stdout.startswith("flowchart TD\n")
    assert "shout" in result.stdout
    assert result.stderr == "the file speaks while it is imported\n"


def test_a_graph_as_svg(invoke: Any, file: Path) -> None:
    result = invoke("graph", "good_of_test.py:ask", "--format", "svg")
    assert result.exit_code == 0
    assert ElementTree.fromstring(result.stdout).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("out", "start"),
    [("a.svg", "<svg"), ("a.mmd", "flowchart TD"), ("a.mermaid", "flowchart TD"), ("a.md", "```mermaid\nflowchart TD")],
)
def test_a_graph_in_a_file_is_of_the_suffix_s_format(out: str, start: str, invoke: Any, file: Path) -> None:
    result = invoke("graph", "good_of_test.py:ask", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == f"wrote {out}"
    assert Path(out).read_text().startswith(start)


def test_graphs_that_cannot_be_made(invoke: Any, file: Path) -> None:
    assert invoke("graph", "good_of_test.py:nobody").exit_code == 2
    assert "SKY006" in invoke("graph", "good_of_test.py").stderr
    result = invoke("graph", "good_of_test.py:ask", "--out", "a.png")
    assert result.exit_code == 2
    assert "its suffix tells no format" in result.stderr
    result = invoke("graph", "good_of_test.py:ask", "--out", "no/where/a.svg")
    assert result.exit_code == 2
    assert "no/where/a.svg: SKY621 it cannot be written: No such file or directory" in result.stderr
