"""Deploying changed flows while runs are under way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from clouds.azure_deploys import deploy, deployer, ended
from clouds.deploys import APP, ENVIRONMENT
from engines.azure_account.account import AzureSubscription

from skyloom.deployers.azure import kept_flows
from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.earlier import declared
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.kept_flows import code_with_earlier, unzipped
from skyloom.deployers.base import CloudRun
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app
from skyloom.deployers.packaging import running_python, zipped

SOURCE = """
from skyloom.flows import App, approval, flow, hours, task


@task
def one(n: int) -> int:
    return n + 1


@task
def two(n: int) -> int:
    return n * 10


@flow
def main(n: int) -> int:
    a = one(n)
    decision = approval("Go on?", timeout=hours(1))
    return two(a + (2 if decision.approved else 0))


app = App("shop", flows=[main])
"""
CHANGED = SOURCE.replace("a = one(n)", "a = two(n)").replace("return two(", "return one(")


def bundle(folder: Path, source: str) -> Bundle:
    folder.mkdir()
    (folder / "work.py").write_text(source, encoding="utf-8")
    settings = FunctionSettings(python=running_python(), pinned=False)
    made = compile_app(load_app(folder / "work.py"), ENVIRONMENT, settings).bundle
    assert (made.app, made.environment) == (APP, ENVIRONMENT)
    return made


def test_a_run_goes_on_with_the_flow_that_it_began_with(azure: AzureSubscription, tmp_path: Path) -> None:
    first, second = bundle(tmp_path / "a", SOURCE), bundle(tmp_path / "b", CHANGED)
    deploy(first)
    before = asking()
    deploy(second)
    after, later = asking(), asking()
    approve(before, after)
    assert (ended(before).result, ended(after).result) == (60, 33)
    # And back again, with one of the newer flow under way.
    made = deployer()
    list(made.apply(made.plan_rollback(None)))
    approve(later)
    assert ended(later).result == 33
    assert deployer().plan(first).is_empty, "what is carried besides changes nothing of a plan"


def asking() -> CloudRun:
    """A run that asks somebody."""
    run = deployer().start("main", {"n": 3})
    until = time.monotonic() + 60
    while run.id not in {one.run for one in deployer().approvals()}:
        assert time.monotonic() < until, f"{run.id} asks nobody"
        time.sleep(0.1)
    return run


def approve(*runs: CloudRun) -> None:
    wanted = {run.id for run in runs}
    for one in deployer().approvals():
        if one.run in wanted:
            deployer().decide(one.id, approved=True, comment="", by="tests", form=None)


class Kept:
    """Objects in memory."""

    prefix = ""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, float]] = {}
        self._clock = 0.0

    def get(self, key: str) -> bytes:
        return self.objects[key][0]

    def put(self, key: str, body: bytes) -> None:
        self._clock += 1
        self.objects[key] = (body, self._clock)

    def delete(self, key: str) -> None:
        del self.objects[key]

    def listed(self, prefix: str) -> list[tuple[str, float]]:
        return [(key, when) for key, (_, when) in self.objects.items() if key.startswith(prefix)]


def version(files: Mapping[str, bytes]) -> str:
    found = declared(files)
    assert found is not None
    return found


def test_versions_are_kept_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_flows, "KEPT", 3)
    kept = Kept()
    versions: list[str] = []
    for number in range(5):
        source = SOURCE.replace("return two(a + ", f"return two({number} + a + ")
        files = bundle(tmp_path / str(number), source).below("app")
        published = unzipped(code_with_earlier(kept, zipped(files)))
        carried = {path.partition("/")[0] for path in published if path.startswith("flows_")}
        assert carried == {f"flows_{earlier}" for earlier in versions[-2:]}
        versions.append(version(files))
        # The same once more: nothing changes.
        assert unzipped(code_with_earlier(kept, zipped(files))) == published
    assert sorted(kept.objects) == sorted(f"flows/{one}.zip" for one in versions[-3:])


def test_a_version_that_was_gone_back_to_is_young_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs begin with it from then on."""
    monkeypatch.setattr(kept_flows, "KEPT", 2)
    kept = Kept()
    sources = [SOURCE, SOURCE.replace("two(a + ", "two(1 + a + "), SOURCE, SOURCE.replace("two(a + ", "two(2 + a + ")]
    for number, source in enumerate(sources):
        files = bundle(tmp_path / str(number), source).below("app")
        published = unzipped(code_with_earlier(kept, zipped(files)))
    first = version(bundle(tmp_path / "again", SOURCE).below("app"))
    assert {path.partition("/")[0] for path in published if path.startswith("flows_")} == {f"flows_{first}"}


def test_an_app_without_a_version_is_published_as_it_is() -> None:
    code = zipped({"host.json": b'{"extensions": {}}', "function_app.py": b""})
    kept = Kept()
    assert code_with_earlier(kept, code) == code
    assert kept.objects == {}
