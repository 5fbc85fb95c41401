"""`skyloom conformance`: a deployer of somebody else, installed as a distribution, is tried with the cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Invoke, Plugin
from conformance import elsewhere

from skyloom.conformance.capabilities import EVERYTHING
from skyloom.conformance.gaps import Gap


def rows(document: Any, engine: str = "elsewhere") -> Mapping[str, str]:
    """The verdicts on an engine, by case."""
    return {case: row[engine] for case, row in document["cases"].items()}


@pytest.mark.parametrize("file", ["approving", "waiting", "side_by_side", "odd_errors"])
def test_what_agrees_is_the_same(file: str, plugin: Plugin, document: Callable[..., Any]) -> None:
    plugin()
    found = document("conformance", "--deployer", "elsewhere", "--cases", f"{file}/*", "--json")
    assert found["engines"] == ["plain", "elsewhere"]
    assert len(found["cases"]) > 10
    assert set(rows(found, "plain").values()) == {"same"}
    never = {entry["case"] for entry in found["gaps"]}
    assert {case: "never" if case in never else "same" for case in rows(found)} == rows(found)
    assert found["differences"] == []


def test_what_is_not_declared_is_refused(plugin: Plugin, document: Callable[..., Any]) -> None:
    plugin()
    found = document("conformance", "--deployer", "elsewhere", "--cases", "racing/*", "--json")
    assert set(rows(found).values()) == {"never"}
    reference = "the capabilities that `elsewhere` declares"
    assert {(gap["code"], gap["reference"]) for gap in found["gaps"]} == {("ELS001", reference)}
    assert {"it needs race"} <= {gap["reason"] for gap in found["gaps"]}


def test_what_is_not_declared_and_yet_compiled_differs(plugin: Plugin, document: Callable[..., Any]) -> None:
    plugin("    capabilities = EVERYTHING - {'approvals'}\n")
    found = document("conformance", "--deployer", "elsewhere", "--cases", "approving/form-*", "--json", code=1)
    assert set(rows(found).values()) == {"differs"}
    assert "it was compiled and run, though it can never be: it needs approvals" in found["differences"][0]["problem"]


def test_what_is_declared_and_refused_differs(plugin: Plugin, document: Callable[..., Any]) -> None:
    plugin("    capabilities = EVERYTHING\n")
    found = document("conformance", "--deployer", "elsewhere", "--cases", "racing/*", "--json", code=1)
    assert set(rows(found).values()) == {"differs"}
    assert "this cloud has no race" in found["differences"][0]["problem"]


WRONG = """
    @contextmanager
    def deployed(self, file, programs):
        with super().deployed(file, programs) as deployed:
            yield Wrongly(deployed)


import sys


class Wrongly:
    def __init__(self, deployed):
        self._deployed = deployed

    def run(self, *asked):
        seen = self._deployed.run(*asked)
        return Observed({how})
"""


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("'other', seen.error, seen.calls, seen.emitted", 'result: wanted "published News", but saw "other"'),
        ("seen.result, ('KeyError', 'x'), seen.calls, seen.emitted", "error: wanted None, but saw ('KeyError', 'x')"),
        ("seen.result, seen.error, [], seen.emitted", "calls: wanted publish(title='News'), but saw"),
        ("seen.result, seen.error, seen.calls * 2, seen.emitted", "calls: wanted publish(title='News'), but saw"),
        ("seen.result, seen.error, seen.calls, [('done', 1)]", "emitted: wanted [], but saw [('done', 1)]"),
        ("1 // 0, None, [], []", "ZeroDivisionError"),
        ("sys.exit(3), None, [], []", "SystemExit: 3"),
        ("{1}, None, [], []", "TypeError: Object of type set is not JSON serializable"),
        ("1, 2, 3, 4) and None or (5", "TypeError: the engine gave int instead of what it observed"),
    ],
)
def test_what_is_otherwise_differs(how: str, problem: str, plugin: Plugin, invoke: Invoke) -> None:
    plugin(WRONG.replace("{how}", how))
    result = invoke("conformance", "--deployer", "elsewhere", "--cases", "approving/ask-approved", "--detailed")
    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["approving/ask-approved", "same", "differs"] in lines
    assert ["approving", "1", "1", "0,", "1", "differs"] in lines
    assert f"DIFFERS approving/ask-approved on elsewhere: {problem}" in result.stdout


HANGS = """
    @contextmanager
    def deployed(self, file, programs):
        with super().deployed(file, programs) as deployed:
            yield Slow(deployed)


class Slow:
    def __init__(self, deployed):
        self._deployed = deployed

    def run(self, flow, *asked):
        if flow == "ask":
            threading.Event().wait(60)
        return self._deployed.run(flow, *asked)
"""


def test_a_case_that_does_not_end_differs_and_the_next_one_is_tried(
    plugin: Plugin, document: Callable[..., Any]
) -> None:
    plugin(HANGS)
    chosen = ("--cases", "approving/[ai]*", "--timeout", "5", "--json")
    found = document("conformance", "--deployer", "elsewhere", *chosen, code=1)
    problems = {entry["case"]: entry["problem"] for entry in found["differences"]}
    assert problems["approving/ask-approved"] == "NotEnded: it has not ended after 5 s"
    assert rows(found)["approving/in_a_sub_flow"] == "same"


NEVER_DEPLOYED = """
    @contextmanager
    def deployed(self, file, programs):
        if file.stem == "approving":
            threading.Event().wait(60)
        with super().deployed(file, programs) as deployed:
            yield deployed
"""


def test_a_file_whose_deploying_does_not_end_differs_and_the_next_one_is_tried(
    plugin: Plugin, document: Callable[..., Any]
) -> None:
    plugin(NEVER_DEPLOYED)
    chosen = ("--cases", "approving/ask-*", "--deploy-timeout", "2", "--json")
    found = document("conformance", "--deployer", "elsewhere", *chosen, code=1)
    problems = {entry["problem"] for entry in found["differences"]}
    assert problems == {"the file could not be deployed: NotEnded: it has not ended after 2 s"}
    assert set(rows(found)) == {f"approving/ask-{name}" for name in ("approved", "no-reason", "rejected")}
    chosen = ("--cases", "[ab][pr][ap]*/[ag][sr][ka]*-*", "--deploy-timeout", "2", "--json")
    found = document("conformance", "--deployer", "elsewhere", *chosen, code=1)
    verdicts = {(name.partition("/")[0], verdict) for name, verdict in rows(found).items()}
    assert verdicts == {("approving", "differs"), ("branches", "same")}


NEVER_REMOVED = """
    @contextmanager
    def deployed(self, file, programs):
        with super().deployed(file, programs) as deployed:
            yield deployed
        threading.Event().wait(60)
"""


def test_removing_that_does_not_end_differs(plugin: Plugin, document: Callable[..., Any]) -> None:
    plugin(NEVER_REMOVED)
    chosen = ("--cases", "approving/ask-*", "--deploy-timeout", "2", "--json")
    found = document("conformance", "--deployer", "elsewhere", *chosen, code=1)
    problem = "what was deployed could not be removed: NotEnded: it has not ended after 2 s"
    assert [entry["problem"] for entry in found["differences"]] == [problem]


LEAVES = """
    @contextmanager
    def deployed(self, file, programs):
        with super().deployed(file, programs) as deployed:
            yield deployed
        raise RuntimeError("it is still there")
"""


def test_what_cannot_be_removed_differs(plugin: Plugin, document: Callable[..., Any]) -> None:
    plugin(LEAVES)
    found = document("conformance", "--deployer", "elsewhere", "--cases", "approving/ask-*", "--json", code=1)
    problem = "what was deployed could not be removed: RuntimeError: it is still there"
    assert [entry["problem"] for entry in found["differences"]] == [problem]
    assert sorted(rows(found).values()) == ["differs", "same", "same"]


GAP = "    gaps = {{'approving/ask-approved': Gap({0})}}\n"


def test_a_gap_that_is_none_any_more_differs(plugin: Plugin, document: Callable[..., Any]) -> None:
    plugin(GAP.format("'notimpl', 'no titles', reference='README'"))
    found = document("conformance", "--deployer", "elsewhere", "--cases", "approving/ask-approved", "--json", code=1)
    assert "the gap is no longer one (no titles)" in found["differences"][0]["problem"]


def test_a_gap_is_told_with_kind_reason_and_reference(plugin: Plugin, invoke: Invoke, tmp_path: Path) -> None:
    plugin(
        GAP.format("'notyet', 'its emulator has no titles', reference='https://example.com'")
        + WRONG.replace("{how}", "None, seen.error, seen.calls, seen.emitted")
    )
    page = tmp_path / "page.md"
    chosen = ("--cases", "approving/ask-approved", "--out", str(page))
    result = invoke("conformance", "--deployer", "elsewhere", *chosen)
    assert result.exit_code == 0
    assert "notyet on elsewhere, 1 cases: its emulator has no titles [https://example.com]" in result.stdout
    assert "| elsewhere | notyet | 1 | its emulator has no titles | https://example.com |" in page.read_text()


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ("    capabilities = {'flying'}\n", "SKY602 engine `elsewhere`: there is no capability `flying`"),
        ("    gaps = {'a/b': Gap('never', 'no', reference='x')}\n", "a gap is about `a/b`, which is no case"),
        (GAP.format("'never', 'no'"), "the gap of `approving/ask-approved` has no reference"),
        (GAP.format("'once', 'no', reference='x'"), "is of no kind there is: `once`"),
        ("    gaps = {'approving/ask-approved': 'because'}\n", "is no Gap, but 'because'"),
        ("    exact = 'yes'\n", "`exact` is 'yes', and neither True nor False"),
        ("    def __init__(self, folder): 1 // 0\n", "it cannot be made: ZeroDivisionError"),
        ("    pass\n\nraise ValueError('no')\n", "plugin `elsewhere` cannot be imported: ValueError: no"),
        ("    pass\n\ndel Own\n", "plugin `elsewhere` cannot be imported: AttributeError"),
    ],
)
def test_declarations_are_looked_at(declared: str, problem: str, plugin: Plugin, invoke: Invoke) -> None:
    plugin(declared)
    result = invoke("conformance", "--deployer", "elsewhere", "--cases", "approving/*")
    assert result.exit_code == 2
    assert problem in result.stderr


def test_mistakes_are_told(plugin: Plugin, invoke: Invoke) -> None:
    plugin()
    result = invoke("conformance", "--deployer", "nowhere")
    assert result.exit_code == 2
    assert "SKY601 no engine for cases is registered as `nowhere` in `skyloom.conformance`" in result.stderr
    assert "installed: elsewhere" in result.stderr
    result = invoke("conformance", "--deployer", "elsewhere", "--cases", "nothing/*")
    assert result.exit_code == 2
    assert "no case is called `nothing/*`" in result.stderr
    result = invoke("conformance", "--deployer", "elsewhere", "--out", "nowhere/page.md")
    assert result.exit_code == 2
    assert "there is no folder nowhere" in result.stderr
    result = invoke("conformance", "--deployer", "elsewhere", "--require", "map,flying")
    assert result.exit_code == 2
    assert "--require: SKY610 there is no capability `flying`" in result.stderr


def test_the_capabilities_of_the_engine() -> None:
    assert EVERYTHING - {"race"} == elsewhere.Elsewhere.capabilities
    assert all(isinstance(gap, Gap) for gap in elsewhere.Elsewhere.gaps.values())
