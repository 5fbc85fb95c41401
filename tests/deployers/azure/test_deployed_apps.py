"""Deploying an app with a task in a function app of its own: one calls the other, with what the template gives them."""

from __future__ import annotations

import json
from pathlib import Path

from clouds.azure_deploys import deploy, deployer, ended
from clouds.deploys import APP, ENVIRONMENT
from engines.azure_account.account import AzureSubscription

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.functions import load_app
from skyloom.deployers.packaging import running_python

SOURCE = """
from skyloom.flows import App, Bucket, flow, task


@task
def plain(n: int) -> int:
    return n + 1


@task
def reads(n: int) -> int:
    if n > 100:
        raise LookupError(f"nothing at {n}")
    return 2 * n


@task
def large(n: int) -> str:
    return "x" * n


@task
def count(text: str) -> int:
    return len(text)


inbox = Bucket("inbox", readers=[reads, count])


@flow
def main(n: int) -> int:
    return reads(plain(n))


@flow
def carried(n: int) -> int:
    text = large(n)
    return count(text)


app = App("shop", flows=[main, carried], resources=[inbox])
"""


def test_one_function_app_calls_another(azure: AzureSubscription, tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(SOURCE, encoding="utf-8")
    settings = FunctionSettings(python=running_python(), pinned=False)
    bundle = compile_app(load_app(tmp_path / "work.py"), ENVIRONMENT, settings).bundle
    assert (bundle.app, len(bundle.folders("apps"))) == (APP, 1)
    deploy(bundle)
    run = ended(deployer().start("main", {"n": 3}))
    assert (run.status, run.result) == ("done", 8)
    failed = ended(deployer().start("main", {"n": 300}))
    assert failed.error is not None
    assert (failed.error.type, failed.error.message) == ("LookupError", "nothing at 301")
    # A large value of the one app waits in a blob, and the other fetches it.
    assert ended(deployer().start("carried", {"n": 50_000})).result == 50_000
    (other,) = bundle.folders("apps")
    lines = [(line.source, json.loads(line.text)) for line in deployer().logs(run, 0) if line.text.startswith("{")]
    assert {(source, record["task"], record["outcome"]) for source, record in lines} >= {
        ("main", "plain", "done"),
        (other, "reads", "done"),
    }
    assert deployer().plan(bundle).is_empty
