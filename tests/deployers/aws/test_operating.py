"""Operating an app on AWS: runs, logs, and what users get wrong."""

from __future__ import annotations

import time

import pytest
from clouds.aws_deploys import deploy, deployer, ended, inventory
from clouds.aws_small_app import WAITING, small_bundle
from clouds.deploys import code_of
from engines.aws.account import AwsAccount

from skyloom.errors import ConfigError, UserError

# --- operating ------------------------------------------------------------------------------------------------------


def test_runs_are_started_listed_shown_and_stopped(aws: AwsAccount) -> None:
    deploy(small_bundle())
    made = deployer()
    done = ended(made, made.start("quote", {"run": "first"}, "quote-first"))
    assert (done.id, done.status, done.result, done.input) == ("quote-first", "done", "1", {"run": "first"})
    failed = ended(made, made.start("quote", {"fail": True}))
    assert failed.error is not None
    assert (failed.error.type, failed.error.bases, failed.error.message) == ("NoPrice", ("Exception",), "none today")
    assert [run.id for run in made.runs(10)] == [failed.id, "quote-first"]
    assert made.run("quote-fir").id == "quote-first"
    [step] = made.steps(made.run(failed.id))
    assert (step.name, step.kind, step.attempts, step.error) == ("price", "Task", 1, "NoPrice: none today")
    with pytest.raises(UserError) as raised:
        made.run("quote-x")
    assert code_of(raised.value) == "SKY646"
    with pytest.raises(UserError, match="2 runs begin with quote"):
        made.run("quote")
    with pytest.raises(UserError, match="there is a run quote-first already"):
        made.start("quote", {"run": "another"}, "quote-first")
    with pytest.raises(UserError) as raised:
        made.start("other", {})
    assert code_of(raised.value) == "SKY651"
    with pytest.raises(UserError, match="is not running"):
        made.cancel(done)


def test_what_is_a_part_of_a_run_is_no_run_of_its_own(aws: AwsAccount) -> None:
    deploy(small_bundle())
    made = deployer()
    run, part = made.start("quote", {}), made.start("quote", {}, "0f" * 32)
    ended(made, run)
    assert [found.id for found in made.runs(10)] == [run.id]
    assert [sum(flow.runs.values()) for flow in made.status().flows] == [1]
    assert made.run(part.id).id == part.id


def test_a_run_is_stopped(aws: AwsAccount) -> None:
    deploy(small_bundle(definition=WAITING))
    made = deployer()
    run = made.start("quote", {})
    made.cancel(run)
    assert ended(made, run).status == "cancelled"


def test_the_log_of_a_run_holds_its_lines_only(aws: AwsAccount) -> None:
    deploy(small_bundle())
    made = deployer()
    began = time.time() - 60
    runs = [made.start("quote", {"run": f"run-{number}"}) for number in range(2)]
    for run in runs:
        ended(made, run)
    every = made.logs(None, began)
    assert {"called for run-0", "called for run-1"} <= {line.text for line in every}
    assert {line.source for line in every} == {"price"}
    assert made.logs(None, time.time() + 60) == []


# --- the account ----------------------------------------------------------------------------------------------------


def test_an_environment_is_deployed_to_its_own_account_only(aws: AwsAccount) -> None:
    with pytest.raises(ConfigError) as raised:
        deployer(account="123456789012").plan(small_bundle())
    assert code_of(raised.value) == "SKY647"
    assert inventory(aws) == {}


def test_the_environment_says_where(aws: AwsAccount) -> None:
    made = deployer(region="eu-central-1", account=aws.id)
    list(made.apply(made.plan(small_bundle())))
    assert "eu-central-1" in made.status().place
    with pytest.raises(UserError) as raised:
        deployer().status()
    assert code_of(raised.value) == "SKY643"
