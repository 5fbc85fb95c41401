"""`skyloom cost`: what 1,000 runs cost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from skyloom.cli.cost_report import show_report
from skyloom.deployers.costing import Assumptions
from skyloom.deployers.prices import PRICES, READ
from skyloom.errors import Diagnostic
from skyloom.flows.sampling import Sample

SEEN = Sample(calls=())

SOURCE = '''"""Flows to be paid for."""

from skyloom.flows import App, flow, prompt, sleep, task, wait_for


@task(memory=1024)
def weigh(name: str) -> int:
    if name == "nothing":
        raise ValueError("no weight")
    return len(name)


@flow
def all_of(names: list[str]) -> int:
    total = 0
    for name in names:
        total += weigh(name)
    return total


@flow
def patient() -> int:
    return wait_for("payment", int)


@prompt("Say something about {subject}.", max_tokens=40)
def say(subject: str) -> str: ...


@prompt("Judge {text}.", model="smart", system="You are fair.")
def judge(text: str) -> bool: ...


@flow
def talk(subject: str) -> bool:
    return judge(say(subject))


@flow(timeout=60)
def quick(n: int) -> int:
    sleep(2)
    return weigh("a" * n)


app = App("paid-of-test", flows=[all_of, patient, talk, quick], short=[quick])
'''


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "paid_of_test.py"
    path.write_text(SOURCE, encoding="utf-8")
    return str(path)


def numbers(told: Any, target: str = "aws") -> dict[str, float]:
    """How much of each unit 1,000 runs take."""
    return {line["unit"]: line["number"] for line in told["targets"][target]["charged"]}


def test_the_sum_is_that_of_units_and_prices(file: str, document: Any) -> None:
    given = json.dumps({"names": ["a", "b", "c"]})
    told = document("cost", f"{file}:all_of", "--to", "aws", "--input", given, "--task-seconds", "2", "--json")
    charged = numbers(told)
    # Three calls, four looks at the loop, and what stands around it.
    transitions = charged["transitions"]
    assert charged["invocations"] == 3_000
    assert charged["GB-seconds on arm64"] == 3_000 * 2
    expected = transitions * 0.025 / 1_000 + 3_000 * 0.20 / 1_000_000 + 6_000 * 0.0000133334
    assert told["targets"]["aws"]["dollars"] == pytest.approx(expected)
    assert sum(told["targets"]["aws"]["paid_for"].values()) == pytest.approx(expected)
    given = json.dumps({"names": ["a"] * 4})
    more = document("cost", f"{file}:all_of", "--to", "aws", "--input", given, "--json")
    assert numbers(more)["transitions"] == transitions + 2_000


def test_times_are_those_of_each_function(file: str, document: Any) -> None:
    arguments = ("cost", f"{file}:all_of", "--to", "gcp", "--input", '{"names": ["a", "b"]}', "--json")
    usual = numbers(document(*arguments), "gcp")
    known = numbers(document(*arguments, "--seconds", "weigh=0.25"), "gcp")
    assert usual["GiB-seconds"] == 2_000
    # Cloud Run rounds up to 100 ms.
    assert known["GiB-seconds"] == pytest.approx(2_000 * 0.3)
    assert known["requests"] == usual["requests"] == 2_000


def test_every_price_has_a_page_a_region_and_a_day(file: str, document: Any) -> None:
    told = document("cost", f"{file}:all_of", "--to", "aws", "--input", '{"names": ["a"]}', "--json")
    assert told["prices"] == READ
    lines = told["targets"]["aws"]["charged"]
    assert all(line["source"].startswith("https://aws.amazon.com/") and line["region"] for line in lines)
    assert len({(one.target, one.unit) for one in PRICES}) == len(PRICES)
    assert all(one.source.startswith("https://") and one.region and one.dollars > 0 for one in PRICES)


def test_people_see_the_clouds_side_by_side_and_what_is_assumed(file: str, invoke: Any) -> None:
    result = invoke("cost", f"{file}:all_of", "--input", '{"names": ["a"]}')
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("all_of: what 1,000 runs cost, in US dollars")
    assert re.search(r"PAID FOR +aws +azure +gcp", result.stdout)
    assert "assumed: each call of a task or prompt takes 1 s" in result.stdout
    assert "not in it: attempts after the first one" in result.stdout


def test_a_run_that_fails_is_paid_for_as_well(file: str, document: Any) -> None:
    given = '{"names": ["a", "nothing", "b"]}'
    told = document("cost", f"{file}:all_of", "--input", given, "--json")
    assert numbers(told)["invocations"] == numbers(told, "gcp")["requests"] == 2_000
    assert "which ended with ValueError" in told["assumptions"][0]


def test_models_are_paid_by_the_token(file: str, document: Any, invoke: Any) -> None:
    told = document("cost", f"{file}:talk", "--to", "aws,azure", "--input", '{"subject": "tea"}', "--json")
    fast, smart = "foundry:gpt-5-mini", "foundry:gpt-5.2"
    charged = numbers(told, "azure")
    # "Say something about tea." are 24 characters; the prompt allows 40 tokens.
    assert charged[f"input tokens, {fast}"] == 6_000
    assert charged[f"output tokens, {fast}"] == 40_000
    assert charged[f"output tokens, {smart}"] == 500_000
    paid = told["targets"]["azure"]["paid_for"]["models"]
    read = charged[f"input tokens, {smart}"]
    assert paid == pytest.approx((6_000 * 0.25 + 40_000 * 2 + read * 1.75 + 500_000 * 14) / 1e6)
    assert numbers(told)["output tokens, bedrock:global.amazon.nova-2-lite-v1:0"] == 40_000
    arguments = ("cost", f"{file}:talk", "--to", "azure", "--input", '{"subject": "tea"}', "--output-tokens", "20")
    text = invoke(*arguments).stdout
    assert "assumed: a token is 4 characters" in text
    assert "assumed: each answer has 20 tokens" in text


def test_express_workflows_are_paid_by_their_time(file: str, document: Any) -> None:
    told = document("cost", f"{file}:quick", "--to", "aws", "--input", '{"n": 3}', "--json")
    charged = numbers(told)
    assert charged["Express requests"] == 1_000
    # A second at work, two seconds of pause, 64 MB.
    helped = charged["invocations"] / 1_000 - 1
    assert charged["Express GB-seconds"] == pytest.approx(1_000 * (3 + 0.1 * helped) * 64 / 1024, rel=0.05)
    assert "transitions" not in charged
    assert any("Express" in text for text in told["assumptions"])


def test_events_that_come_are_given(file: str, document: Any) -> None:
    told = document("cost", f"{file}:patient", "--event", "payment=3", "--json")
    # The service that opens the wait.
    assert numbers(told)["invocations"] == numbers(told, "gcp")["requests"] == 1_000
    assert numbers(told, "gcp")["external steps"] == 1_000
    # The activity that opens it is two messages, the event is one, the start another.
    assert numbers(told, "azure")["scheduler actions"] == 4_000


def test_a_price_may_be_given(file: str, document: Any, invoke: Any) -> None:
    arguments = ("cost", f"{file}:all_of", "--to", "azure", "--input", '{"names": ["a"]}')
    usual = document(*arguments, "--json")["targets"]["azure"]
    assert usual["no_price"] == ["scheduler actions"]
    price = ("--price", "azure:scheduler actions=0.0001")
    given = document(*arguments, *price, "--json")["targets"]["azure"]
    assert given["no_price"] == []
    # A start, an activity and its result.
    assert given["dollars"] == pytest.approx(usual["dollars"] + 3_000 * 0.0001)
    assert "given: --price" in invoke(*arguments, *price).stdout


def test_a_cloud_that_cannot_be_counted_does_not_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = (Diagnostic("SKY775", "what runs are charged for is not known", "flows.py"),)
    show_report(
        "answer", [], {"aws": unknown, "gcp": (Diagnostic("SKY701", "too large", "flows.py"),)}, SEEN, Assumptions()
    )
    assert re.search(r"together +not counted +refused", capsys.readouterr().out)


REFUSED = '''"""A flow that one cloud refuses."""

from skyloom.flows import flow, hours, task


@task(timeout=hours(0.4))
def slow(n: int) -> int:
    return n


@flow
def late(n: int) -> int:
    return slow(n)
'''


def test_a_cloud_that_refuses_says_why_and_the_others_are_shown(tmp_path: Path, invoke: Any) -> None:
    path = tmp_path / "refused.py"
    path.write_text(REFUSED, encoding="utf-8")
    result = invoke("cost", str(path), "--to", "aws,gcp", "--input", '{"n": 1}')
    assert result.exit_code == 2, result.output
    assert re.search(r"PAID FOR +gcp +aws", result.stdout)
    assert re.search(r"together +\S+ +refused", result.stdout)
    assert "SKY7" in result.stderr and "slow" in result.stderr
    alone = invoke("cost", str(path), "--to", "aws", "--input", '{"n": 1}')
    assert (alone.exit_code, alone.stdout) == (2, "")
    told = invoke("cost", str(path), "--to", "aws,gcp", "--input", '{"n": 1}', "--json")
    assert list(json.loads(told.stdout)["refused"]) == ["aws"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((":all_of",), "SKY610"),
        ((":all_of", "--input", '{"names": [1]}'), "SKY610"),
        (("", "--input", "{}"), "SKY006"),
        (("", "--flow", "nobody"), "SKY005"),
        ((":patient",), "SKY774"),
        ((":patient", "--event", "payment=soon"), "SKY777"),
        ((":all_of", "--input", '{"names": []}', "--price", "actions=1"), "SKY778"),
        ((":all_of", "--input", '{"names": []}', "--price", "azure:events=dear"), "SKY778"),
        ((":all_of", "--to", ",", "--input", '{"names": []}'), "SKY770"),
        ((":all_of", "--to", "nowhere", "--input", '{"names": []}'), "SKY640"),
        ((":all_of", "--input", '{"names": []}', "--seconds", "lift=1"), "SKY776"),
        ((":all_of", "--input", '{"names": []}', "--seconds", "weigh=soon"), "SKY776"),
        ((":all_of", "--input", '{"names": []}', "--seconds", "weigh=-1"), "SKY776"),
    ],
)
def test_what_cannot_be_said(arguments: tuple[str, ...], code: str, file: str, invoke: Any) -> None:
    result = invoke("cost", file + arguments[0], *arguments[1:])
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert code in result.stderr
    assert "Traceback" not in result.output
