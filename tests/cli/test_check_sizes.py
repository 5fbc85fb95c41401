"""`skyloom check --targets`: how near values come to what clouds carry, declared and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.runner.store import Run, RunStore

SOURCE = '''"""Values of several sizes."""

from typing import Annotated

from pydantic import BaseModel, Field

from skyloom.flows import flow, minutes, task, wait_for


class Doc(BaseModel):
    title: str = Field(max_length=30_000)
    body: str


@task
def read(name: str) -> Doc:
    return Doc(title=name, body=name * 1_000)


@task
def grow(text: str, times: int) -> str:
    return text * times


@task
def long() -> Annotated[str, Field(max_length=60_000)]:
    return "long"


@flow
def big() -> str:
    return "x" * 300_000


@flow
def sometimes(word: str) -> int:
    if word:
        return len(grow("y" * 300_000, 2))
    return 1


@flow
def bounded(name: Annotated[str, Field(max_length=30_000)]) -> int:
    return len(long())


@flow
def unbounded(name: str) -> str:
    return grow(name, 2)


@flow
def handed(name: str) -> str:
    text = long()
    grown = grow(text, 3)
    return grow(grown, 1)[:10]


@flow
def measured(word: str, times: int) -> int:
    first = grow(word, times)
    second = grow(first, 1)
    return len(second)


@flow
def parts(name: str) -> str:
    doc = read(name)
    return grow(doc.body, 1)[:5] + doc.title
'''
CLOUDS = ("aws", "azure", "gcp")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sizes_of_test.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """The report of the file without runs, by flow and cloud."""
    from skyloom.cli.ported import ported, report_json

    path = tmp_path_factory.mktemp("sizes") / "sizes_of_test.py"
    path.write_text(SOURCE, encoding="utf-8")
    return {(one.flow, one.target): report_json(one) for one in ported(path, None, ",".join(CLOUDS), None)}


def run(file: Path, flow: str, **arguments: Any) -> Run:
    """A run on this machine, recorded where the command looks."""
    prepared = launch.prepare(getattr(load_file(file), flow), arguments)
    return launch.start(prepared, carrier=launch.run_inline, store=RunStore())


def values(report: Any, part: str = "near") -> dict[str, tuple[Any, ...]]:
    """What is told of a flow's values, by what they are."""
    return {one["of"]: (one["value"], one["known"], one["most"]) for one in report[part]}


def test_a_value_that_is_too_large_in_every_run_is_refused(found: Any) -> None:
    for cloud, service in (("aws", "Step Functions"), ("gcp", "Workflows")):
        report = found["big", cloud]
        (refusal,) = report["refused"]
        assert (report["verdict"], refusal["code"], refusal["line"]) == ("refused", "SKY781", 31)
        assert f"the run's result has at least 300,002 bytes in every run; {service}" in refusal["message"]
        assert refusal["hint"]
    assert found["big", "azure"]["verdict"] == "native"


def test_it_is_refused_where_it_is_compiled_too(file: Path, invoke: Any, tmp_path: Path) -> None:
    for cloud, code in (("aws", 2), ("azure", 0), ("gcp", 2)):
        result = invoke("compile", f"{file}:big", "--to", cloud, "--out", str(tmp_path / cloud))
        assert result.exit_code == code
        assert ("SKY781" in result.stderr) == bool(code)


def test_a_value_that_some_runs_have_is_told_and_not_refused(found: Any) -> None:
    report = found["sometimes", "aws"]
    assert report["verdict"] != "refused"
    assert values(report)["what grow is given"] == (300_021, "at least", 262_144)
    (advice,) = report["advice"]
    assert advice["code"] == "SKY781"
    assert "what grow is given has 300,021 bytes at least" in advice["message"]
    assert found["sometimes", "gcp"]["advice"] == []
    assert values(found["sometimes", "gcp"])["what grow is given"] == (300_021, "at least", 524_288)


def test_what_is_declared_counts_as_each_cloud_counts(found: Any) -> None:
    assert values(found["bounded", "aws"]) == {
        "the run's input": (180_011, "declared", 262_144),
        "what long gives": (360_002, "declared", 250_000),
    }
    assert values(found["bounded", "azure"]) == {
        "the run's input": (360_033, "declared", 262_144),
        "what long gives": (360_003, "declared", 250_000),
    }
    assert values(found["bounded", "gcp"]) == {
        "the run's input": (180_011, "declared", 32_768),
        "what long gives": (360_002, "declared", 250_000),
    }
    assert all(one["advice"] == [] for one in (found["bounded", cloud] for cloud in CLOUDS))


def test_what_is_not_declared_is_not_told(found: Any) -> None:
    for cloud in CLOUDS:
        report = found["unbounded", cloud]
        assert (report["near"], report["waiting"]) == ([], [])
        assert [one["of"] for one in report["unbounded"]] == [
            "the run's input",
            "the run's result",
            "what grow is given",
            "what grow gives",
        ]
        assert found["bounded", cloud]["unbounded"] == []


def test_what_goes_by_the_bucket_says_so(found: Any) -> None:
    (waits,) = found["handed", "aws"]["waiting"]
    assert (waits["of"], waits["value"], waits["known"], waits["from"]) == (
        "what long gives",
        360_002,
        "declared",
        200_000,
    )
    assert (waits["most"], waits["source"].startswith("https://docs.aws.amazon.com/AmazonS3")) == (5 * 1024**3, True)
    assert found["handed", "gcp"]["waiting"][0]["from"] == found["handed", "azure"]["waiting"][0]["from"] == 16_000
    # What travels then is a pointer, or a text that is no larger than one that waits.
    assert values(found["handed", "aws"]) == {"what grow is given": (200_021, "declared", 262_144)}
    assert values(found["handed", "gcp"]) == {}


def test_recorded_runs_are_measured(file: Path, document: Any) -> None:
    run(file, "measured", word="a" * 10, times=100)
    large = run(file, "measured", word="ü" * 100, times=700)
    run(file, "measured", word="a" * 10, times=200)
    told = document("check", f"{file}:measured", "--targets", "aws,azure,gcp", "--runs", "3", "--json")["targets"]
    by_cloud = {one["target"]: one for one in told}
    # The flow reads the length of the second text only: the first one may wait.
    aws = {one["of"]: one for one in by_cloud["aws"]["near"]}
    size = 2 * 100 * 700 + 2
    assert (aws["what grow gives"]["value"], aws["what grow gives"]["known"]) == (size, "measured")
    assert aws["what grow gives"]["run"] == large.id
    assert aws["what grow_2 is given"]["value"] == size + len('{"text":,"times":1}')
    for cloud in ("azure", "gcp"):
        (waits,) = by_cloud[cloud]["waiting"]
        assert (waits["value"], waits["known"], waits["run"]) == (size, "measured", large.id)
        assert "what grow_2 is given" not in {one["of"] for one in by_cloud[cloud]["near"]}


def test_the_newest_runs_count(file: Path, document: Any) -> None:
    run(file, "unbounded", name="a" * 100_000)
    small = run(file, "unbounded", name="a")
    arguments = ("check", f"{file}:unbounded", "--targets", "aws", "--json", "--runs")
    assert document(*arguments, "1")["targets"][0]["near"] == []
    near = document(*arguments, "2")["targets"][0]["near"]
    assert {one["of"] for one in near} == {"what grow gives", "the run's result"}
    assert all(one["run"] != small.id and one["value"] == 200_002 for one in near)


def test_a_run_that_a_cloud_would_have_failed_is_told_loudly(file: Path, invoke: Any) -> None:
    large = run(file, "unbounded", name="a" * 140_000)
    result = invoke("check", f"{file}:unbounded", "--targets", "aws,azure", "--runs", "5")
    assert result.exit_code == 0
    assert f"280,002 measured in {large.id}, 112%" in result.stdout
    assert f"what grow gives had 280,002 bytes in run {large.id}: it would fail" in result.stderr
    assert "unbounded on aws:" in result.stderr.splitlines()
    assert "sizes:" not in result.stderr
    unmeasured = invoke("check", f"{file}:unbounded", "--targets", "aws,azure")
    assert "sizes: 4 values have no bound (`max_length`), and no run that is measured" in unmeasured.stderr


def test_large_parts_that_wait_do_not_count(file: Path, document: Any) -> None:
    run(file, "parts", name="n" * 250)
    told = document("check", f"{file}:parts", "--targets", "aws,azure,gcp", "--runs", "1", "--json")["targets"]
    for report in told:
        assert {one["of"] for one in report["near"]} <= {"what grow gives"}
        if report["target"] != "aws":
            assert "what grow is given" not in {one["of"] for one in report["near"]}


def test_runs_of_another_version_are_left_out(file: Path, invoke: Any, document: Any) -> None:
    old = run(file, "unbounded", name="a" * 100_000)
    file.write_text(SOURCE.replace("return grow(name, 2)", "return grow(name, 3)"), encoding="utf-8")
    result = invoke("check", f"{file}:unbounded", "--targets", "aws", "--runs", "5")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "SKY772 no sizes are measured: 1 run of another version of unbounded left out" in result.stderr
    new = run(file, "unbounded", name="a" * 70_000)
    result = invoke("check", f"{file}:unbounded", "--targets", "aws", "--runs", "5")
    assert result.exit_code == 0
    assert "1 run of another version of unbounded left out" in result.stderr
    assert new.id in result.stdout
    assert old.id not in result.stdout


def test_without_recorded_runs_nothing_is_measured(file: Path, invoke: Any) -> None:
    result = invoke("check", str(file), "--targets", "aws", "--runs", "5")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "SKY772 no sizes are measured: no run of" in result.stderr
    assert "skyloom run" in result.stderr
    result = invoke("check", str(file), "--runs", "5")
    assert (result.exit_code, "SKY770 --runs needs --targets" in result.stderr) == (2, True)


def test_a_flow_of_several_without_runs_is_named(file: Path, invoke: Any) -> None:
    run(file, "unbounded", name="a")
    result = invoke("check", str(file), "--targets", "azure", "--runs", "5")
    assert "no run of measured is recorded" in result.stderr
    assert "no run of unbounded" not in result.stderr


APART = '''"""Parts of runs that are runs of their own."""

from typing import Annotated

from pydantic import Field

from skyloom.flows import flow, minutes, race, task


@task
def made(text: str) -> Annotated[str, Field(max_length=4_000)]:
    return text


@flow(timeout=minutes(3))
def inner(text: str) -> str:
    return made(text)


@flow
def timed(word: str) -> str:
    text = made(word)
    return inner(text + "!")


@flow
def racing(word: str) -> str:
    text = made(word) + "!"
    return race(made(text), made(word))
'''


def test_what_starts_a_part_of_a_run_is_told(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "apart_of_test.py"
    path.write_text(APART, encoding="utf-8")
    told = document("check", str(path), "--targets", "aws,gcp", "--json")["targets"]
    found = {(one["flow"], one["target"]): values(one) for one in told}
    size = 6 * 4_000 + len('"!"')
    assert found["timed", "gcp"] == {"what inner is started with": (size + len('{"text":}'), "declared", 32_768)}
    assert found["racing", "gcp"] == {"what branch 1 of race is started with": (size + 9, "declared", 32_768)}
    assert found["timed", "aws"] == found["racing", "aws"] == {}
