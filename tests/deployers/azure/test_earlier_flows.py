"""Runs that are under way when a changed flow is published: they go on as they began."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from engines.azure.indexing import check

from skyloom.adapters.hosts.azure_versions import Versions
from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.earlier import version_of, with_earlier
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app
from skyloom.deployers.packaging import running_python

FIRST = """
from skyloom.flows import App, flow, hours, sleep, task


@task
def one(n: int) -> int:
    return n + 1


@task
def two(n: int) -> int:
    return n * 10


@flow
def main(n: int) -> int:
    a = one(n)
    sleep(hours(1))
    return two(a)


app = App("work", flows=[main])
"""
SECOND = FIRST.replace("a = one(n)", "a = two(n)").replace("return two(a)", "return one(a)")
DRIVER = """
import json, os, sys
sys.path[:0] = [sys.argv[1]]
sys.path.append(sys.argv[3])
from pathlib import Path
from engines.azure.functions import loaded
from engines.azure.host import DurableHost

# Two apps, one after the other; between them a run waits for its timer.
before, after, version, later = sys.argv[1], sys.argv[2], sys.argv[4], sys.argv[5]
with loaded(Path(before)) as functions:
    host = DurableHost(functions, 1)
    run = host.hub.start("main", json.dumps(json.dumps({"n": 3})), "r1")
    run.inbox[0]["Version"] = version
    while not host.hub.timers:
        host.advance()
for name in [name for name in sys.modules if name.partition(".")[0] in ("skyloom", "flows", "work")]:
    del sys.modules[name]
sys.path[0] = after
with loaded(Path(after)) as functions:
    host.hub.functions = functions
    ended = host.finish(run)
    fresh = host.hub.start("main", json.dumps(json.dumps({"n": 3})), "r2")
    fresh.inbox[0]["Version"] = later
    new = host.finish(fresh)
print(json.dumps([ended.status, ended.output or ended.error, new.output]))
"""


def compiled(folder: Path, source: str, python: str = running_python()) -> Bundle:
    folder.mkdir()
    (folder / "work.py").write_text(source, encoding="utf-8")
    return compile_app(load_app(folder / "work.py"), "dev", FunctionSettings(python=python, pinned=False)).bundle


def declared(files: dict[str, bytes]) -> str:
    durable = json.loads(files["host.json"])["extensions"]["durableTask"]
    assert durable["versionMatchStrategy"] == "None"
    version: str = durable["defaultVersion"]
    return version


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("apps")
    first, second = compiled(folder / "a", FIRST).below("app"), compiled(folder / "b", SECOND).below("app")
    return dict(first), dict(second)


def published(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def went_on(first: Path, second: Path, version: str, later: str) -> list[str]:
    """How the run ended that began in the first app, and what one gave that began in the second."""
    command = [sys.executable, "-P", "-c", DRIVER, str(first), str(second), str(Path(__file__).parents[2]), version]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([*command, later], capture_output=True, text=True, env=kept)
    assert done.returncode == 0, done.stderr[-4000:]
    told: list[str] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_a_version_is_that_of_the_flows_and_nothing_else(
    apps: tuple[dict[str, bytes], dict[str, bytes]], tmp_path: Path
) -> None:
    first, second = apps
    assert declared(first) == version_of(first) != declared(second) == version_of(second)
    other_task = compiled(tmp_path / "c", FIRST.replace("return n * 10", "return n * 20")).below("app")
    assert declared(dict(other_task)) == declared(first)
    changed = {**first, "skyloom/adapters/hosts/durable.py": b"# another one"}
    assert version_of(changed) != version_of(first)


def test_a_run_goes_on_as_it_began(apps: tuple[dict[str, bytes], dict[str, bytes]], tmp_path: Path) -> None:
    first, second = apps
    before = published(tmp_path / "first", first)
    after = published(tmp_path / "second", with_earlier(second, [first]))
    assert went_on(before, after, declared(first), declared(second)) == ["Completed", "40", "31"]


def test_a_changed_run_time_changes_nothing_for_it(
    apps: tuple[dict[str, bytes], dict[str, bytes]], tmp_path: Path
) -> None:
    """The flow is the same; what Skyloom's own modules do with it is another thing."""
    first, _ = apps
    broken = {
        path: (data + b"\n\ndef orchestrated(*given, **named):\n    raise AssertionError\n    yield\n")
        if path == "skyloom/adapters/hosts/durable.py"
        else data
        for path, data in first.items()
        if not path.endswith(".pyc")
    }
    version = version_of(broken)
    assert version != declared(first)
    broken["host.json"] = broken["host.json"].replace(declared(first).encode(), version.encode())
    broken["function_app.py"] = broken["function_app.py"].replace(declared(first).encode(), version.encode())
    before = published(tmp_path / "first", first)
    after = published(tmp_path / "second", with_earlier(broken, [first]))
    assert went_on(before, after, declared(first), declared(first)) == ["Completed", "40", "40"]


def test_a_task_that_is_gone_fails_where_it_is_called(
    apps: tuple[dict[str, bytes], dict[str, bytes]], tmp_path: Path
) -> None:
    """Durable would wait for an activity that the app has not, and never say so."""
    first, _ = apps
    without = FIRST.replace("def two(n", "def three(n").replace("return two(a)", "return three(a)")
    second = dict(compiled(tmp_path / "c", without).below("app"))
    files = with_earlier(second, [first])
    after = published(tmp_path / "second", files)
    names = {one.name for one in check(after)}
    assert {"one", "two", "three"} <= names
    status, said, new = went_on(published(tmp_path / "first", first), after, declared(first), declared(second))
    assert (status, new) == ("Failed", "40")
    error = json.loads(said[said.index("{") :])
    assert (error["type"], error["message"]) == (
        "TaskFailed",
        "two is no longer deployed: the run began with an earlier version of its flow",
    )
    # Published again with the first one's flows, it has its own task.
    assert with_earlier(first, [second])["function_app.py"].count(b'@app.function_name("two")') == 1


def test_without_them_it_fails_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    published(tmp_path, {"my_flows/__init__.py": b"", "my_flows/main.py": b""})
    monkeypatch.syspath_prepend(str(tmp_path))
    now, versions = importlib.import_module("my_flows.main"), Versions("v2")
    for current in ("v2", "", None):
        assert versions.of(SimpleNamespace(version=current), now) is now
    with pytest.raises(RuntimeError) as failed:
        versions.of(SimpleNamespace(version="v1"), now)
    error = json.loads(str(failed.value))
    assert error["type"] == "TaskFailed"
    assert error["message"] == "the run began with version v1 of its flow, which is no longer deployed"


def test_flows_that_cannot_be_loaded_say_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = {"our_flows/main.py": b"", "our_flows_v1/main.py": b"import nothing_of_this_name"}
    published(tmp_path, broken)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        Versions("v2").of(SimpleNamespace(version="v1"), importlib.import_module("our_flows.main"))


def test_a_published_app_is_loaded_with_all_of_them(
    apps: tuple[dict[str, bytes], dict[str, bytes]], tmp_path: Path
) -> None:
    first, second = apps
    files = with_earlier(second, [first, second])
    added = {path.partition("/")[0] for path in files.keys() - second.keys()}
    assert added == {f"flows_{declared(first)}"}
    assert any(path.startswith(f"flows_{declared(first)}/") and path.endswith(".pyc") for path in files)
    check(published(tmp_path / "app", files))


def test_an_app_of_before_there_were_versions_adds_nothing(apps: tuple[dict[str, bytes], dict[str, bytes]]) -> None:
    first, second = apps
    old = {**first, "host.json": b'{"extensions": {"durableTask": {}}}'}
    assert with_earlier(second, [old]) == dict(sorted(second.items()))
