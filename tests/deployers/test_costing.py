"""From a bill to dollars: times, tokens, prices."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from skyloom.deployers.charging import DONE, WHOLE_RUN, Graph, Stop, Way, Work
from skyloom.deployers.costing import Assumptions, Cost, cost
from skyloom.deployers.prices import PRICES, group_of, price
from skyloom.flows.config import Config, load_config
from skyloom.flows.sampling import Asked, Sample

ONE_SECOND = (("GB-seconds on arm64", Decimal(1)),)
GRAPH = Graph(
    start="run",
    stops={
        "run": Stop(works=(Work(WHOLE_RUN, (("Express GB-seconds", Decimal(1)),), Decimal("0.1")),), ways=(Way("a"),)),
        "a": Stop(units={"invocations": 1}, works=(Work("a", ONE_SECOND),), call=("task", "a"), ways=(Way("help"),)),
        "help": Stop(units={"invocations": 1}, works=(Work("helper", ONE_SECOND),), ways=(Way("b"),)),
        "b": Stop(units={"invocations": 1}, works=(Work("b", ONE_SECOND),), call=("prompt", "b"), ways=(Way(DONE),)),
    },
)
ASKED = Asked(prompt="b", model="smart", input_tokens=200, max_tokens=80)
SAMPLE = Sample(calls=(("task", "a"), ("prompt", "b")), asked=(ASKED,), seconds=2.0)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(tmp_path / "flows.py")


def costs(config: Config, target: str = "aws", sample: Sample = SAMPLE, **assumed: object) -> Cost:
    found = cost(target, "f", lambda flow: GRAPH, sample, config, Assumptions(**assumed))  # type: ignore[arg-type]
    assert found is not None
    return found


def number(one: Cost, unit: str) -> Decimal:
    return next(line.number for line in one.lines if line.unit == unit)


def test_times_are_those_of_tasks_of_own_functions_and_of_names(config: Config) -> None:
    assert number(costs(config), "GB-seconds on arm64") == 1_000 * (1 + Decimal("0.1") + 1)
    named = costs(config, seconds={"a": Decimal(3), "helper": Decimal("0.5")}, task_seconds=Decimal(2))
    assert number(named, "GB-seconds on arm64") == 1_000 * (3 + Decimal("0.5") + 2)


def test_a_whole_run_takes_the_time_of_its_calls_and_pauses(config: Config) -> None:
    # 1 + 0.1 + 1 s at work, 2 s of pauses.
    assert number(costs(config), "Express GB-seconds") == 1_000 * Decimal("4.1")
    slow = costs(config, own_seconds=Decimal("0.13"))
    assert number(slow, "Express GB-seconds") == 1_000 * Decimal("4.2")


@pytest.mark.parametrize(
    ("target", "model"),
    [
        ("aws", "bedrock:global.anthropic.claude-sonnet-4-6"),
        ("azure", "foundry:gpt-5.2"),
        ("gcp", "vertex:gemini-3.6-flash"),
    ],
)
def test_tokens_are_priced_by_the_model_of_the_cloud(target: str, model: str, config: Config) -> None:
    found = costs(config, target)
    assert number(found, f"input tokens, {model}") == 200_000
    # The prompt allows 80.
    assert number(found, f"output tokens, {model}") == 80_000
    read, written = price(target, f"input tokens, {model}"), price(target, f"output tokens, {model}")
    assert read is not None and written is not None
    assert found.dollars("models") == (200 * read.dollars + 80 * written.dollars) / 1_000
    assert number(costs(config, target, output_tokens=30), f"output tokens, {model}") == 30_000


def test_what_has_no_price_is_counted_and_said(tmp_path: Path) -> None:
    (tmp_path / "skyloom.toml").write_text(
        '[models.gcp]\nsmart = "vertex:gemini-3.6-flash"\n'
        '[models.aws]\nsmart = "bedrock:eu.anthropic.claude-sonnet-4-6"\n'
        '[providers.vertex]\nkind = "vertex"\nlocation = "europe-west1"\n',
        encoding="utf-8",
    )
    config = load_config(tmp_path / "flows.py")
    there = costs(config, "gcp")
    assert "input tokens, vertex:gemini-3.6-flash in europe-west1" in there.unpriced("models")
    assert there.dollars("models") == 0
    other = costs(config)
    assert other.unpriced() == (
        "input tokens, bedrock:eu.anthropic.claude-sonnet-4-6",
        "output tokens, bedrock:eu.anthropic.claude-sonnet-4-6",
    )
    assert other.dollars() == other.dollars("functions") + other.dollars("workflow") > 0


def test_no_way_makes_other_calls(config: Config) -> None:
    other = Sample(calls=(("task", "z"),))
    assert cost("aws", "f", lambda flow: GRAPH, other, config, Assumptions()) is None


def test_every_price_belongs_to_something_that_is_paid_for() -> None:
    groups = {one.unit: group_of(one.unit) for one in PRICES}
    assert groups["transitions"] == groups["internal steps"] == groups["Express GB-seconds"] == "workflow"
    assert groups["GB-seconds"] == groups["vCPU-seconds"] == groups["executions"] == "functions"
    assert {groups[unit] for unit in groups if "tokens," in unit} == {"models"}
    assert group_of("scheduler actions") == "workflow" and group_of("events") == "events"
