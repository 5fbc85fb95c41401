"""`skyloom check --targets`: what clouds make of the flows of a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from skyloom.cli.app import app
from skyloom.cli.ported import show_report
from skyloom.deployers import portability
from skyloom.deployers.aws import limits as aws_limits
from skyloom.deployers.base import Explanation
from skyloom.deployers.measures import Measure
from skyloom.deployers.portability import Portability
from skyloom.flows.app import App

SOURCE = '''"""Flows of several kinds."""

from skyloom.flows import approval, days, flow, minutes, task


@task(timeout=minutes(40))
def train(rows: int) -> float:
    return rows / 2


@task(timeout=minutes(10))
def tidy(text: str) -> str:
    return text.strip()


@flow
def slow(rows: int) -> float:
    return train(rows)


@flow
def quick(text: str) -> str:
    return tidy(text)


@flow
def patient(text: str) -> str:
    approval("Really?", timeout=days(300))
    return text


@flow
def chosen(texts: list[str]) -> str:
    return tidy(texts[3])


@flow
def rounded(prices: list[float]) -> float:
    return sum(prices)
'''
CLOUDS = ("aws", "azure", "gcp")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "kinds_of_test.py"
    path.write_text(SOURCE, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str | None, str], Any]:
    """The report of the file, by flow and cloud: compiling it once is enough."""
    path = tmp_path_factory.mktemp("kinds") / "kinds_of_test.py"
    path.write_text(SOURCE, encoding="utf-8")
    arguments = ["check", str(path), "--targets", ",".join(CLOUDS), "--json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False, prog_name="skyloom")
    assert result.exit_code == 2, result.output
    return {(one["flow"], one["target"]): one for one in json.loads(result.stdout)["targets"]}


def test_every_flow_has_a_verdict_in_every_cloud(found: Any) -> None:
    verdicts = {flow: [found[flow, cloud]["verdict"] for cloud in CLOUDS] for flow, _ in found if flow is not None}
    assert verdicts == {
        "slow": ["refused", "native", "refused"],
        "quick": ["native", "native", "native"],
        "patient": ["native", "native", "native"],
        "chosen": ["errors", "native", "errors"],
        "rounded": ["helper", "native", "helper"],
    }


def test_a_refusal_says_where_why_and_the_way_out(found: Any) -> None:
    (refusal,) = found["slow", "aws"]["refused"]
    assert (refusal["code"], refusal["line"]) == ("SKY703", 7)
    assert "a Lambda function has 900 s" in refusal["message"]
    assert "split the work" in refusal["hint"]
    assert found["quick", "aws"]["refused"] == []


def test_a_helper_call_says_where_and_what_it_costs(found: Any) -> None:
    for cloud, cost in (("aws", "1 transition, 1 invocation"), ("gcp", "1 step, 1 invocation")):
        (helped,) = found["rounded", cloud]["helper"]
        assert (helped["place"], helped["cost"]) == ("kinds_of_test.py:39", cost)
        assert (helped["expression"], helped["only_errors"]) == ("sum(prices)", False)
        assert helped["why"]


def test_a_helper_call_for_an_error_says_which(found: Any) -> None:
    for cloud in ("aws", "gcp"):
        (helped,) = found["chosen", cloud]["helper"]
        assert (helped["expression"], helped["only_errors"]) == ("texts[3]", True)
        assert helped["why"] == "only where it fails: IndexError"


def test_limits_are_told_from_half_of_them_on(found: Any) -> None:
    near = {(cloud, one["limit"]): one for cloud in CLOUDS for one in found["quick", cloud]["near"]}
    assert set(near) == {("aws", "an invocation of a function")}
    one = near["aws", "an invocation of a function"]
    assert (one["value"], one["most"], one["known"], one["of"]) == (610, 900, "declared", "tidy")
    assert (one["share"], one["place"]) == (0.678, "kinds_of_test.py:12")
    assert one["source"].startswith("https://docs.aws.amazon.com/lambda/")
    waits = [one for cloud in CLOUDS for one in found["patient", cloud]["near"]]
    assert [(one["value"], one["most"]) for one in waits] == [(300 * 86_400, 365 * 86_400)] * 3


def test_people_get_a_table_and_the_refusals(file: str, invoke: Any) -> None:
    result = invoke("check", file, "--targets", "gcp, aws")
    assert result.exit_code == 2
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["slow", "gcp", "refused:", "SKY703", "-", "-", "-"] in rows
    assert ["quick", "aws", "runs", "natively", "-", "1", "-"] in rows
    assert result.stderr.count("SKY703 train may take 2400 s") == 2
    assert "    7 | def train(rows: int) -> float:" in result.stderr
    lines = result.stderr.splitlines()
    assert lines[lines.index("gcp refuses slow:") + 1].startswith(f"{file}:7:5: SKY703")
    assert lines[lines.index("aws refuses slow:") + 1].startswith(f"{file}:7:5: SKY703")
    assert lines[-1].endswith("; not all run on gcp, aws")
    (near,) = [line for line in result.stdout.splitlines() if line.startswith("quick") and "kinds_of_test" in line]
    assert "10 min 10 s declared, 68%" in near
    assert near.endswith("15 min")


def test_expressions_of_which_all_is_alike_stand_in_one_row(capsys: pytest.CaptureFixture[str]) -> None:
    helped = Explanation(flow="f", place="f.py:3", what="", name="f_3", why="sums", cost="1 step", is_helped=True)
    helped = replace(helped, expression="sum(prices)")
    other = replace(helped, place="f.py:4")
    show_report([Portability(target="gcp", flow="f", verdict="helper", helped=(helped, other, helped))])
    rows = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines() if "f.py" in line]
    assert [row[2:] for row in rows] == [
        ["f.py:3", "sum(prices)  1 step, for each of 2 expressions  sums"],
        ["f.py:4", "sum(prices)  1 step                             sums"],
    ]


def test_what_a_flow_is_refused_for_is_not_told_of_the_app_again(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "long_of_test.py"
    source = (
        SOURCE
        + f"""

LONG = "{"y" * 300_000}"


@flow
def loud() -> str:
    return tidy(LONG)
"""
    )
    path.write_text(source, encoding="utf-8")
    told = document("check", str(path), "--targets", "gcp", "--json", code=2)["targets"]
    assert [one["flow"] for one in told if one["verdict"] == "refused"] == ["slow", "loud"]


def test_what_is_not_refused_is_compiled_once(file: str, document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[list[str]] = []
    compiled = portability._compiled

    def counted(app: App, target: str, environment: str) -> Any:
        made.append([flow.name for flow in app.flows])
        return compiled(app, target, environment)

    monkeypatch.setattr(portability, "_compiled", counted)
    told = document("check", file, "--targets", "aws", "--json", code=2)["targets"]
    assert [one["verdict"] for one in told] == ["refused", "native", "native", "errors", "helper"]
    fine = ["quick", "patient", "chosen", "rounded"]
    assert made == [["slow", *fine], fine, ["slow"]]


def test_one_flow_alone(file: str, document: Any) -> None:
    told = document("check", f"{file}:quick", "--targets", "aws", "--json")
    assert [one["flow"] for one in told["targets"]] == ["quick"]


LOOPS = """


@flow
def poll(text: str) -> str:
    while not text:
        sleep(minutes(1))
        text = tidy(text)
    return text


@flow
def all_of(texts: list[str]) -> list[str]:
    return [tidy(text) for text in each(texts, limit=5)]


@flow
def until(text: str) -> str:
    for _ in range(2_000):
        if tidy(text):
            break
    return text


@flow
def counted() -> list[str]:
    return [tidy(text) for text in ["a", "b"]]
"""


def test_a_round_of_loops_and_maps_of_unknown_length_is_told(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "loops_of_test.py"
    path.write_text(SOURCE.replace("import approval", "import approval, each, sleep") + LOOPS, encoding="utf-8")
    told = document("check", str(path), "--targets", "aws,azure,gcp", "--json", code=2)["targets"]
    found = {
        (one["flow"], one["target"]): (limit["value"], limit["rounds"], limit["place"], limit["known"])
        for one in told
        for limit in one["rounds"]
    }
    assert found == {
        ("poll", "aws"): (9, 2_777, "loops_of_test.py:45", "a round"),
        ("poll", "azure"): (2, 5_000, "loops_of_test.py:45", "a round"),
        ("poll", "gcp"): (6, 16_666, "loops_of_test.py:45", "a round"),
        ("all_of", "aws"): (7, 3_571, "loops_of_test.py:53", "a round"),
        ("all_of", "azure"): (1, 10_000, "loops_of_test.py:53", "a round"),
        ("all_of", "gcp"): (3, 33_333, "loops_of_test.py:53", "a round"),
        ("until", "aws"): (7, 3_571, "loops_of_test.py:58", "a round"),
    }


FANS = """


@flow
def inner(many: list[list[str]]) -> list[list[str]]:
    return [[tidy(text) for text in each(texts, limit=2)] for texts in each(many, limit=30)]


@flow
def outer(all: list[list[list[str]]]) -> list[list[list[str]]]:
    return [inner(many) for many in each(all, limit=50)]


@flow
def fine(all: list[list[list[str]]]) -> list[list[list[str]]]:
    return [inner(many) for many in each(all, limit=1)]
"""


def test_maps_that_go_slower_than_they_ask_for_are_told(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "fans_of_test.py"
    path.write_text(SOURCE.replace("import approval", "import approval, each") + FANS, encoding="utf-8")
    told = document("check", str(path), "--targets", "aws,gcp", "--json", code=2)["targets"]
    near = {
        (one["target"], one["flow"], limit["limit"]): (limit["value"], limit["most"], limit["known"], limit["place"])
        for one in told
        if one["flow"] in ("inner", "outer", "fine")
        for limit in one["near"]
        if limit["value"] > limit["most"]
    }
    assert near == {
        ("aws", "outer", "iterations of a map at once"): (50, 40, "declared", "fans_of_test.py:50"),
        ("gcp", "inner", "branches and iterations at once"): (30, 20, "declared", "fans_of_test.py:45"),
        ("gcp", "outer", "branches and iterations at once"): (50, 20, "declared", "fans_of_test.py:50"),
        ("gcp", "outer", "parallel steps inside of each other"): (3, 2, "measured", "fans_of_test.py:49"),
        ("gcp", "fine", "branches and iterations at once"): (30, 20, "declared", "fans_of_test.py:45"),
    }


def test_people_read_after_how_many_rounds_a_limit_is_full(capsys: pytest.CaptureFixture[str]) -> None:
    limit = aws_limits.EVENTS
    one = Measure(flow="f", limit=limit, value=7, known="a round", place="f.py:3")
    slices = replace(one, place="f.py:4", items=10)
    show_report([Portability(target="aws", flow="f", verdict="native", rounds=(one, slices))])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines if "runs natively" in line] == ["2"]
    (single,) = [line for line in lines if "f.py:3" in line]
    assert single.endswith("at least 7 of 25,000 events  at most 3,571 rounds")
    (sliced,) = [line for line in lines if "f.py:4" in line]
    assert sliced.endswith("at most 3,571 rounds of 10 items")
    assert any(limit.source in line for line in lines)


@pytest.mark.parametrize(("targets", "code"), [(" ,", "SKY770"), ("aws,nowhere", "SKY640")])
def test_targets_that_there_are_not(targets: str, code: str, file: str, invoke: Any) -> None:
    result = invoke("check", file, "--targets", targets)
    assert (result.exit_code, result.stdout) == (2, "")
    assert code in result.stderr


def test_a_file_with_problems_is_no_cloud_s(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "broken_of_test.py"
    path.write_text("def f(:\n", encoding="utf-8")
    told = document("check", str(path), "--targets", "aws", "--json", code=2)
    assert told["targets"] == []
    assert [one["code"] for one in told["diagnostics"]] == ["SKY001"]


def test_a_measure_s_share() -> None:
    measure = Measure(flow="f", limit=aws_limits.FUNCTION, value=450, known="declared")
    assert measure.share == 0.5


def test_an_app_s_own_refusal_stands_for_no_flow(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "nowhere_of_test.py"
    written = 'app = App("nowhere", flows=[quick], environments={"dev": Environment(region="mars-1")})\n'
    imports = "from skyloom.flows.app import App, Environment\n"
    path.write_text(SOURCE.replace("\n\n@task", f"\n{imports}\n@task", 1) + "\n\n" + written, encoding="utf-8")
    told = document("check", str(path), "--targets", "gcp", "--json", code=2)["targets"]
    assert {one["verdict"] for one in told} == {"refused"}
    assert {diagnostic["code"] for one in told for diagnostic in one["refused"]} == {"SKY728"}
