"""What AWS documents of Step Functions, on the tests' account; and which of it needs a shim on MiniStack as it is.

`bare` runs the same on MiniStack without shims: a fact that is `shimmed` must fail there, else its shim can go.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from engines.aws.account import AwsAccount, started
from engines.aws.driving import Ended, make_function, make_machine, run_machine, zipped
from engines.aws.facts import HANDLER, Fact
from engines.aws.facts_fanning import FANNING
from engines.aws.facts_states import STATES
from engines.aws.facts_tasks import TASKS

FACTS = {**STATES, **TASKS, **FANNING}


def all_run(account: AwsAccount) -> dict[str, Ended | Exception]:
    """Runs all facts at once."""
    make_function(account, "works", zipped({"handler.py": HANDLER}), timeout=5)

    def one(fact: Fact) -> Ended | Exception:
        try:
            return run_machine(account, make_machine(account, fact.definition()), fact.given, seconds=40)
        except Exception as problem:
            return problem

    with ThreadPoolExecutor(len(FACTS)) as threads:
        return dict(zip(FACTS, threads.map(one, FACTS.values()), strict=True))


@pytest.fixture(scope="module")
def runs(aws_account: AwsAccount) -> dict[str, Ended | Exception]:
    return all_run(aws_account.empty())


@pytest.fixture(scope="module")
def bare_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended | Exception]:
    with started(tmp_path_factory.mktemp("bare"), bare=True) as account:
        return all_run(account)


def check(fact: Fact, ended: Ended | Exception) -> None:
    assert isinstance(ended, Ended), ended
    status = fact.status or ("SUCCEEDED" if fact.error is None else "FAILED")
    assert (ended.status, ended.error if ended.status == "FAILED" else None) == (status, fact.error), ended
    assert json.dumps(ended.output) == json.dumps(fact.output)
    if fact.cause is not None:
        assert ended.cause == fact.cause


@pytest.mark.parametrize("name", FACTS)
def test_account(name: str, runs: dict[str, Ended | Exception]) -> None:
    check(FACTS[name], runs[name])


@pytest.mark.parametrize("name", FACTS)
def test_bare(name: str, bare_runs: dict[str, Ended | Exception], request: pytest.FixtureRequest) -> None:
    if FACTS[name].shimmed:
        request.applymarker(pytest.mark.xfail(strict=True, reason="MiniStack does otherwise: shimmed"))
    check(FACTS[name], bare_runs[name])


def test_the_account_logs_no_errors(runs: dict[str, Ended | Exception], aws_account: AwsAccount) -> None:
    assert "Traceback" not in aws_account.log.read_text()
