"""The table: what tests report becomes outcomes, these become JSON and back, and rows that hide nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from conformance.recording import ENGINES, GAPS, Recorder, named
from conformance.run import write
from conformance.suite import ALL
from docs import conformance_page

from skyloom.conformance import tables
from skyloom.conformance.gaps import Gap
from skyloom.conformance.outcomes import SAME, Outcome, Outcomes, from_json, of_gap, to_json

NEVER = Gap("never", "no | order", "SKY725", "docs/gcp.md")
NOT_IMPLEMENTED = Gap("notimpl", "too long", reference="https://example.com")
SOME = Outcomes(
    engines=("plain", "gcp"),
    cases={
        "a/one": {"plain": SAME, "gcp": SAME},
        "a/two": {"plain": SAME, "gcp": of_gap(NEVER)},
        "b/three": {"plain": SAME, "gcp": of_gap(NOT_IMPLEMENTED)},
        "b/four": {"plain": Outcome("differs", problem="result: 1"), "gcp": of_gap(NEVER)},
        "b/five": {"plain": SAME},
    },
    date="2026-11-21",
    version="0.1.0",
    seconds={"plain": 1.5, "gcp": 20.0},
)


def report(test: str, outcome: Literal["passed", "failed", "skipped"], when: Any = "call", **told: Any) -> Any:
    """What pytest reports of a test."""
    place = ("file.py", 1, "test")
    return pytest.TestReport(test, place, {}, outcome, told.pop("longrepr", None), when, duration=0.5, **told)


CLOUD = "tests/conformance/test_conformance_on_gcp.py::test_case[{}]"


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("tests/conformance/test_conformance.py::test_case[a/one-two-plain]", ("a/one-two", "plain")),
        (CLOUD.format("a/one-two"), ("a/one-two", "gcp")),
        ("tests/conformance/test_conformance_on_azure.py::test_pace[1-x]", None),
        ("tests/conformance/test_conformance.py::test_every_name_is_its_own", None),
    ],
)
def test_tests_are_told_by_name(test: str, found: tuple[str, str] | None) -> None:
    assert named(test) == found


def recorded(*reports: Any) -> dict[str, dict[str, Outcome]]:
    recorder = Recorder()
    for one in reports:
        recorder.pytest_runtest_logreport(one)
    return recorder.outcomes


def test_a_test_that_passes_is_the_same_and_a_gap_is_a_gap() -> None:
    gap = GAPS["gcp"]["fanning_out/over_dict"]
    found = recorded(
        report(CLOUD.format("a/one"), "passed", "setup"),
        report(CLOUD.format("a/one"), "passed"),
        report(CLOUD.format("fanning_out/over_dict"), "passed"),
        report(CLOUD.format("edge_values/long_text"), "skipped"),
    )
    assert found["a/one"] == {"gcp": SAME}
    assert found["fanning_out/over_dict"] == {"gcp": of_gap(gap)}
    assert found["edge_values/long_text"]["gcp"].verdict == "notimpl"


@pytest.mark.parametrize("when", ["setup", "call", "teardown"])
def test_whatever_fails_differs(when: str) -> None:
    name = "fanning_out/over_dict"
    failed = report(CLOUD.format(name), "failed", when, longrepr="file.py:3:\nE   AssertionError: result: 1\nE  more")
    assert recorded(report(CLOUD.format(name), "passed"), failed)[name]["gcp"] == Outcome(
        "differs", problem="AssertionError: result: 1"
    )


def test_what_is_skipped_without_a_gap_differs() -> None:
    found = recorded(report(CLOUD.format("a/one"), "skipped", longrepr="no network"))
    assert found["a/one"]["gcp"] == Outcome("differs", problem="skipped: no network")


def test_json_says_it_all() -> None:
    document = json.loads(to_json(SOME))
    assert document["cases"]["b/four"] == {"plain": "differs", "gcp": "never"}
    assert [gap["reference"] for gap in document["gaps"]] == ["docs/gcp.md", "https://example.com", "docs/gcp.md"]
    assert from_json(to_json(SOME)) == SOME
    with pytest.raises(ValueError, match="no outcomes of format 1"):
        from_json('{"format": 2}')


def test_nothing_is_hidden_in_sums() -> None:
    assert tables.headers(SOME) == ("file", "cases", "plain", "gcp")
    assert tables.by_file(SOME) == [
        ("a", "2", "2", "1, 1 never"),
        ("b", "3", "2, 1 differs", "0, 1 never, 1 notimpl"),
        ("all", "5", "4, 1 differs", "1, 2 never, 1 notimpl"),
    ]
    assert tables.by_case(SOME)[3:] == [("b/four", "differs", "never"), ("b/five", "same", "-")]
    assert SOME.missing([*SOME.cases, "c/six"]) == ["b/five", "c/six"]
    assert tables.told(SOME) == [
        "never on gcp, 2 cases: no | order (SKY725) [docs/gcp.md]",
        "notimpl on gcp, 1 cases: too long [https://example.com]",
        "DIFFERS b/four on plain: result: 1",
    ]


def test_the_page_has_gaps_differences_and_every_case() -> None:
    page = tables.markdown(SOME, lambda reference: f"<{reference}>")
    assert "5 cases, 9 runs, 3 gaps, 1 differences. It took: plain 2 s; gcp 20 s." in page
    assert "| gcp | never | 2 | no \\| order (SKY725) | <docs/gcp.md> | a/two, b/four |" in page
    assert "| b/four | plain | result: 1 |" in page
    assert (
        "<details><summary>b (3)</summary>\n\n| case | plain | gcp |\n|---|---|---|\n| three | same | notimpl |" in page
    )


def test_every_gap_says_why_and_where() -> None:
    for engine, gaps in GAPS.items():
        assert engine in ENGINES
        assert set(gaps) <= set(ALL)
        for case, gap in gaps.items():
            assert gap.reason, case
            assert gap.reference.startswith("https://") or (conformance_page.DOCS.parent / gap.reference).exists(), case
            assert bool(gap.code) == (gap.kind == "never"), case


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page with a place for the table, and beside it the data."""
    page = tmp_path / "conformance.md"
    page.write_text(f"before\n{conformance_page.BEGIN}old\n{conformance_page.END}after\n", encoding="utf-8")
    monkeypatch.setattr(conformance_page, "PAGE", page)
    monkeypatch.setattr(conformance_page, "DATA", tmp_path / "conformance.json")
    return page


WHOLE = replace(SOME, cases={case: row for case, row in SOME.cases.items() if len(row) == 2})


def test_a_complete_run_is_written(page: Path) -> None:
    write(WHOLE, pytest.ExitCode.TESTS_FAILED, whole=True)
    assert from_json(conformance_page.DATA.read_text(encoding="utf-8")) == WHOLE
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| a | 2 | 2 | 1, 1 never |" in text
    assert "old" not in text
    assert conformance_page.with_outcomes(text) == text


@pytest.mark.parametrize(
    ("outcomes", "ended", "whole"),
    [
        (WHOLE, pytest.ExitCode.OK, False),
        (WHOLE, pytest.ExitCode.INTERRUPTED, True),
        (SOME, pytest.ExitCode.OK, True),
    ],
)
def test_a_part_of_a_run_is_not_written(outcomes: Outcomes, ended: int, whole: bool, page: Path) -> None:
    before = page.read_text(encoding="utf-8")
    write(outcomes, ended, whole=whole)
    assert not conformance_page.DATA.exists()
    assert page.read_text(encoding="utf-8") == before


def test_a_run_of_no_case_is_no_success() -> None:
    tests = Path(__file__).parents[1]
    command = [sys.executable, "-m", "conformance.run", "--cases", "nothing_is_so", "--on", "local"]
    ran = subprocess.run(
        command, cwd=tests.parent, env={**os.environ, "PYTHONPATH": str(tests)}, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "No case was tried: --cases nothing_is_so, --on local." in ran.stdout
