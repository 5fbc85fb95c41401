"""The figures of a run: what is counted, when they are written, and where."""

from __future__ import annotations

import datetime
from collections import Counter
from pathlib import Path

import pytest
from fuzz import run as fuzz_run
from fuzz.engines import ENGINES, LIMIT
from fuzz.judging import Disagreement
from fuzz.report import BEGIN, END, Run, markdown, write
from fuzz.total import Total
from fuzz.trying import Outcome
from fuzz.workers import Asked, Found, found_by

RAN = Outcome(ran=Counter(aws=3, inline=2), open=Counter(aws=1), errors=Counter({"": 2, "Busy": 1}))
REFUSED = Outcome(refused={"front end": ["SKY213", "SKY401"]})
OTHERWISE = Outcome(
    refused={"gcp": ["SKY725"]},
    disagreements=[Disagreement("result", "aws", "1", "2"), Disagreement("error", "aws", "a", "b")],
    errors=Counter({"Busy": 2}),
    endless=1,
)


def total_of(*outcomes: Outcome) -> Total:
    total = Total()
    for outcome in outcomes:
        total.add(outcome)
    return total


def test_nothing_is_counted_twice() -> None:
    total = total_of(RAN, REFUSED, OTHERWISE)
    assert (total.programs, total.accepted, total.disagreeing, total.endless) == (3, 1, 1, 1)
    assert total.refusing == {"front end": 1, "gcp": 1}
    assert total.against == {"aws": 1}
    assert "refused      front end SKY213 1, front end SKY401 1, gcp SKY725 1" in total.told()
    assert "runs         5, 3 ended with an error (Busy 3)" in total.told()


def test_the_figures_tell_all_of_it() -> None:
    told = markdown(Run(datetime.date(2026, 11, 21), range(7, 10), 2, 130.0, total_of(RAN, REFUSED, OTHERWISE)))
    assert told.startswith("2026-11-21: 3 programs (`SEED=7 N=3`) in 2 minutes, in 2 processes.")
    assert "refuses 1 of them, on all engines alike: SKY213 1, SKY401 1. The others ran 5 times" in told
    assert "3 of these runs ended with an error: Busy 3. 1 inputs let values grow" in told
    assert "Disagreements: 1 programs." in told
    assert "| AWS | 3 | 1 | 0 | none | 1 |" in told
    assert "| Google Cloud | 0 | 0 | 1 | SKY725 1 | 0 |" in told
    assert told.count("\n|") == 2 + len(ENGINES)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    return page


def test_the_figures_stand_between_their_marks(page: Path) -> None:
    run = Run(datetime.date(2026, 11, 21), range(1), 1, 1.0, total_of(RAN))
    write(run, page)
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\n{markdown(run)}\n{END}\nafter\n"
    page.write_text("no place", encoding="utf-8")
    with pytest.raises(ValueError, match="no lines"):
        write(run, page)


@pytest.mark.parametrize(
    ("engines", "found", "written"),
    [(",".join(ENGINES), 2, True), ("inline,aws,gcp,azure", 2, False), (",".join(ENGINES), 1, False)],
)
def test_complete_runs_alone_are_written(
    engines: str, found: int, written: bool, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def founds(*_: object) -> list[Found]:
        return [Found(seed, RAN, "", "") for seed in range(found)]

    monkeypatch.setattr(fuzz_run, "found_by", founds)
    monkeypatch.setattr(fuzz_run, "surroundings", lambda *_, **__: pytest.MonkeyPatch.context())
    assert fuzz_run.main(["--number", "2", "--engines", engines, "--write", str(page)]) == 0
    assert ("old" not in page.read_text(encoding="utf-8")) is written


def test_workers_share_the_seeds(tmp_path: Path) -> None:
    alone = {seed: outcome_of(found) for seed, found in by_seed(tmp_path / "one", 1).items()}
    together = {seed: outcome_of(found) for seed, found in by_seed(tmp_path / "two", 2).items()}
    assert alone == together and set(alone) == {40, 41, 42}


def by_seed(folder: Path, workers: int) -> dict[int, Found]:
    return {found.seed: found for found in found_by(Asked(("inline",), 0, folder), range(40, 43), workers)}


def outcome_of(found: Found) -> tuple[object, ...]:
    outcome = found.outcome
    return found.source, found.inputs, outcome.refused, outcome.ran, outcome.errors, LIMIT in outcome.open
