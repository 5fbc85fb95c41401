"""`skyloom explain --source`: compiled lines beside the source they come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from skyloom.deployers.listing import blocks_by_indentation, place_in

SOURCE = '''"""A flow with a loop, a decision and a sub-flow."""

from skyloom.flows import flow, task


@task
def weigh(name: str) -> int:
    return len(name)


@task
def alarm(total: int) -> str:
    return f"{total} is a lot"


@flow
def one(name: str) -> int:
    return weigh(name)


@flow
def all_of(names: list[str]) -> str:
    total = 0
    for name in names:
        total += one(name)
    if total > 10:
        return alarm(total)
    return "fine"
'''
CLOUDS = ("aws", "azure", "gcp")
WIDEST = len("def all_of(names: list[str]) -> str:")
_ROW = re.compile(rf"(?P<number>[ \d]{{4}})  (?P<source>.{{{WIDEST}}}) \|(?: +(?P<line>\d+)(?:  (?P<text>.*))?)?$")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "scales_of_test.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_compiled_line_stands_there_once(cloud: str, file: Path, tmp_path: Path, invoke: Any) -> None:
    result = invoke("explain", f"{file}:all_of", "--to", cloud, "--source")
    assert result.exit_code == 0, result.output
    heading, *rows = result.stdout.rstrip().splitlines()
    found = [row for line in rows if (row := _ROW.match(f"{line:<{WIDEST + 7}}"))]
    shown = {int(row["line"]): row["text"] or "" for row in found if row["line"]}
    assert len(shown) == sum(row["line"] is not None for row in found)
    invoke("compile", f"{file}:all_of", "--to", cloud, "--out", str(tmp_path / "out"))
    written = (tmp_path / "out" / heading.partition(": ")[2]).read_text(encoding="utf-8")
    assert [text for _, text in sorted(shown.items())] == [line.rstrip() for line in written.splitlines()]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_whole_source_of_the_flow_stands_there_in_order(cloud: str, file: Path, invoke: Any) -> None:
    rows = invoke("explain", f"{file}:all_of", "--to", cloud, "--source").stdout.splitlines()
    numbers = [int(row[:4]) for row in rows if row[:4].strip().isdecimal()]
    assert numbers == sorted(set(numbers))
    assert set(range(21, 29)) <= set(numbers), "from the decorator on"
    lines = SOURCE.splitlines()
    assert all(row[6 : WIDEST + 6].rstrip() == lines[int(row[:4]) - 1] for row in rows if row[:4].strip().isdecimal())


@pytest.mark.parametrize(("cloud", "call"), [("aws", '"task": "alarm"'), ("azure", "ALARM"), ("gcp", "task: alarm")])
def test_a_call_stands_beside_its_line(cloud: str, call: str, file: Path, document: Any) -> None:
    (listing,) = document("explain", f"{file}:all_of", "--to", cloud, "--source", "--json")
    places = {line["place"] for line in listing["lines"] if call in line["text"] and line["place"]}
    assert places == {"scales_of_test.py:27"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_flow_comes_before_what_stands_for_it_as_a_whole(cloud: str, file: Path, invoke: Any) -> None:
    rows = invoke("explain", f"{file}:all_of", "--to", cloud, "--source").stdout.splitlines()
    whole = rows.index("--- for the flow as a whole")
    numbered = [index for index, row in enumerate(rows) if row[:4].strip().isdecimal()]
    assert max(numbered) < whole < len(rows) - 1


def test_the_own_file_comes_first(file: Path, invoke: Any) -> None:
    (file.parent / "a_library_of_test.py").write_text(SOURCE, encoding="utf-8")
    imports = "from a_library_of_test import all_of\nfrom skyloom.flows import flow\n\n\n"
    both = "@flow\ndef both(names: list[str]) -> str:\n    return all_of(names)\n"
    (file.parent / "shop_of_test.py").write_text(imports + both, encoding="utf-8")
    result = invoke("explain", str(file.parent / "shop_of_test.py"), "--to", "azure", "--source", "--flow", "both")
    heads = [line for line in result.stdout.splitlines() if line.startswith("---")]
    assert heads == ["--- shop_of_test.py", "--- a_library_of_test.py", "--- for the flow as a whole"]


def test_the_source_takes_half_of_a_narrow_terminal(file: Path, invoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rows = invoke("explain", f"{file}:all_of", "--to", "azure", "--source").stdout.splitlines()
    (begun,) = [index for index, row in enumerate(rows) if row.startswith("  22  ")]
    assert rows[begun][:30] == "  22  def all_of(names: list |"
    assert "      [str]) -> str:         |" in rows


REFUSED = """


@task(timeout=7200)
def very_slow(name: str) -> int:
    return len(name)


@flow
def slow(name: str) -> int:
    return very_slow(name)
"""


def test_what_is_wrong_with_other_flows_is_not_the_asked_one_s(file: Path, invoke: Any, document: Any) -> None:
    file.write_text(SOURCE + REFUSED, encoding="utf-8")
    for cloud in CLOUDS:
        told = document("explain", str(file), "--to", cloud, "--flow", "one", "--json")
        assert {step["flow"] for step in told["steps"]} == {"one"}
        refused = invoke("explain", str(file), "--to", cloud, "--flow", "slow")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert "SKY703 very_slow" in refused.stderr
        assert invoke("explain", str(file), "--to", cloud).exit_code == 2


def test_a_bundle_has_no_source(file: Path, tmp_path: Path, invoke: Any) -> None:
    invoke("compile", str(file), "--to", "azure", "--out", str(tmp_path / "out"))
    result = invoke("explain", str(tmp_path / "out"), "--to", "azure", "--source")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "SKY771" in result.stderr


def test_blocks_end_where_indentation_does() -> None:
    lines = ["a:", "  b:", "    c", "  d", "", "e"]
    outer, inner = ("x.py", 1), ("x.py", 2)
    places = blocks_by_indentation(lines, {0: outer, 1: inner})
    assert places == (outer, inner, inner, outer, outer, None)


@pytest.mark.parametrize(
    ("comment", "place"),
    [("a.py:3", ("a.py", 3)), ("a.py:3 more", ("a.py", 3)), ("a.py", None), ("Note: 3", None), ("", None), (" ", None)],
)
def test_places_in_comments(comment: str, place: tuple[str, int] | None) -> None:
    assert place_in(comment) == place
