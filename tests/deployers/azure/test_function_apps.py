"""Function apps: which there are, what lies in them, and how one calls another."""

from __future__ import annotations

import ast
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import NAMES, app_of
from engines.azure.indexing import check
from servers.azure_server import AzureServer
from servers.function_app import FunctionApp, FunctionRaised
from servers.function_app_calls import TRACE
from servers.openai_server import OpenAIServer

from skyloom.adapters.hosts import azure_workers
from skyloom.deployers.azure.apps import app_parts
from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.host_json import ACTIVITIES, ORCHESTRATORS, THREADS
from skyloom.deployers.azure.naming import FunctionNames
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import AskModel, FunctionGroup, ReadBucket, ReadSecret, load_app, programs
from skyloom.deployers.packaging import running_python
from skyloom.errors import CheckFailed

SETTINGS = FunctionSettings(python=running_python(), pinned=False)


def compiled(folder: Path, source: str, name: str = "work", settings: FunctionSettings = SETTINGS) -> Bundle:
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return compile_app(load_app(folder / f"{name}.py"), "dev", settings).bundle


def group(key: str, **more: Any) -> FunctionGroup:
    return FunctionGroup(key=key, tasks=(key,), **{"timeout": 300.0, **more})


# --- which apps there are -------------------------------------------------------------------------------------------


def keys(*groups: FunctionGroup) -> list[tuple[str, list[str], int]]:
    return [(part.key, [one.key for one in part.groups], part.memory) for part in app_parts(groups)]


def test_what_needs_nothing_of_its_own_is_together() -> None:
    asks = group("asks", permissions=(AskModel("foundry", "m"),))
    slow = group("slow", timeout=3000.0)
    small = group("small", memory=256)
    assert keys(slow, asks, small) == [("main", ["asks", "slow", "small"], 2048)]


def test_no_tasks_make_a_main_app_still() -> None:
    assert keys() == [("main", [], 2048)]


def test_what_may_do_more_stands_alone() -> None:
    reads = [group(key, permissions=(ReadBucket("in"),)) for key in ("b", "c")]
    secret = group("d", permissions=(ReadSecret("k"),))
    assert keys(group("a"), *reads, secret) == [("main", ["a"], 2048), ("b", ["b", "c"], 2048), ("d", ["d"], 2048)]


def test_what_needs_more_memory_stands_alone() -> None:
    assert keys(group("a"), group("b", memory=3000)) == [("main", ["a"], 2048), ("b", ["b"], 4096)]


def test_no_other_app_is_called_like_the_main_one() -> None:
    (first, _, _), (second, groups, _) = keys(group("a"), group("main", memory=3000))
    assert (first, groups) == ("main", ["main"])
    assert second.startswith("main-")


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("numpy>=2", "numpy<2", False),
        ("numpy==1.26", "numpy==2.0", False),
        ("numpy==2.0", "numpy>=1.26", True),
        ("Num_Py>=2", "num-py<2", False),
        ("numpy>=2", "pandas<2", True),
        ("numpy", "numpy<2", True),
        ("numpy>=1,<3", "numpy>=2", True),
    ],
)
def test_requirements_that_exclude_each_other_stand_apart(one: str, other: str, together: bool) -> None:
    assert (len(keys(group("a", requires=(one,)), group("b", requires=(other,)))) == 1) is together


def test_what_asks_models_stays_in_the_app_that_may() -> None:
    asks = group("z", requires=("openai==3.54",), permissions=(AskModel("foundry", "m"),))
    assert keys(group("a", requires=("openai<2",)), asks) == [("main", ["z"], 2048), ("a", ["a"], 2048)]


# --- names ----------------------------------------------------------------------------------------------------------

NAMED = """
from skyloom.flows import App, flow, task


@task
def Answer(n: int) -> int:
    return n


@task
def host(n: int) -> int:
    return n


@task
def _hidden(n: int) -> int:
    return n


@task
def skyloom_emit(n: int) -> int:
    return n


@task
def app(n: int) -> int:
    return n


@task
def übung(n: int) -> int:
    return n


@flow
def answer(n: int) -> int:
    a = Answer(n)
    b = host(a)
    c = _hidden(b)
    d = skyloom_emit(c)
    e = übung(d)
    return app(e)


work = App("work", flows=[answer])
"""


def test_names_that_the_host_does_not_take_are_others(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, NAMED)
    names = FunctionNames.of(programs(load_app(tmp_path / "work.py")).values())
    assert names.orchestrator_name("answer") == "answer"
    assert names.activity_name("app") == "app"
    assert names.activity_name("host") == "task-host"
    assert names.activity_name("_hidden") == "task-hidden"
    assert names.activity_name("skyloom_emit") == "task-skyloom_emit"
    assert names.activity_name("Answer").startswith("Answer-")
    bundle.write(tmp_path / "bundle")
    indexed = check(tmp_path / "bundle" / "app")
    assert {one.name for one in indexed} >= {"answer", "app", *names.tasks.values()}


# --- what lies in an app --------------------------------------------------------------------------------------------

PLAIN = """
from pathlib import Path

from skyloom.flows import App, flow, minutes, task


@task(timeout=minutes(45))
def count(text: str) -> int:
    return len(text) + len((Path(__file__).parent / "words.txt").read_text())


@flow
def main(text: str) -> int:
    return count(text)


app = App("work", flows=[main])
"""


def test_an_app_carries_what_its_code_needs_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("abc")
    (tmp_path / "other.txt").write_text("abc")
    bundle = compiled(tmp_path, PLAIN, settings=FunctionSettings(python="3.12", pinned=False))
    files = bundle.below("app")
    tops = {path.partition("/")[0] for path in files}
    assert tops == {"flows", "function_app.py", "host.json", "requirements.txt", "skyloom", "words.txt", "work.py"}
    requirements = [line.partition("==")[0] for line in files["requirements.txt"].decode().splitlines()]
    assert sorted(requirements) == ["azure-functions", "azure-functions-durable"]
    # With nothing required there is no pydantic, and what needs it is not loaded.
    assert "skyloom/flows/converters.py" not in files
    assert json.loads(files["host.json"])["functionTimeout"] == "00:46:00"
    bundle.write(tmp_path / "bundle")
    with FunctionApp(tmp_path / "bundle" / "app") as app:
        assert app.task("count", {"text": "ab"}) == {"value": 5}


def test_modules_of_the_users_own_keep_their_names(tmp_path: Path) -> None:
    for name in ("flows", "prompts"):
        (tmp_path / f"{name}.py").write_text("SIZE = 3\n")
    source = PLAIN.replace("from pathlib import Path\n", "from pathlib import Path\n\nimport flows\nimport prompts\n")
    bundle = compiled(tmp_path, source.replace('len((Path(__file__).parent / "words.txt").read_text())', "flows.SIZE"))
    files = bundle.below("app")
    assert {"flows.py", "prompts.py", "skyloom_flows/main.py"} <= files.keys()
    bundle.write(tmp_path / "bundle")
    assert "main" in {one.name for one in check(tmp_path / "bundle" / "app")}
    with FunctionApp(tmp_path / "bundle" / "app") as app:
        assert app.task("count", {"text": "ab"}) == {"value": 5}


def test_a_module_called_function_app_is_refused(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text("SIZE = 3\n")
    with pytest.raises(CheckFailed, match=r"SKY756 .*a module is called `function_app`"):
        compiled(tmp_path, PLAIN.replace("from pathlib", "import function_app\nfrom pathlib"))


def test_more_memory_than_there_is_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match=r"SKY755 task `count` asks for 8192 MiB; an instance .* has 4096"):
        compiled(tmp_path, PLAIN.replace("minutes(45)", "minutes(45), memory=8192"))


def test_a_python_that_azure_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match=r"SKY757 function apps have no Python 3\.14"):
        compiled(tmp_path, PLAIN, settings=FunctionSettings(python="3.14", pinned=False))


def test_requirements_are_pinned_with_digests(tmp_path: Path) -> None:
    bundle = compiled(tmp_path, PLAIN, settings=FunctionSettings(python=running_python()))
    lines = bundle.below("app")["requirements.txt"].decode().splitlines()
    assert {line.partition("==")[0] for line in lines} >= {"azure-functions", "azure-functions-durable", "aiohttp"}
    assert all(len(line.partition(" --hash=sha256:")[2]) == 64 for line in lines)


def test_bytecode_is_that_of_the_python_of_the_functions(tmp_path: Path) -> None:
    tag = f"cpython-{running_python().replace('.', '')}"
    files = compiled(tmp_path, PLAIN).below("app")
    assert {f"__pycache__/work.{tag}.pyc", f"flows/__pycache__/main.{tag}.pyc"} <= files.keys()
    other = "3.12" if running_python() != "3.12" else "3.13"
    files = compiled(tmp_path, PLAIN, settings=FunctionSettings(python=other, pinned=False)).below("app")
    assert not [path for path in files if path.endswith(".pyc")]


def test_tasks_that_wait_leave_room_for_flows() -> None:
    assert ACTIVITIES + ORCHESTRATORS < THREADS


def test_an_app_that_waits_for_another_has_the_time(tmp_path: Path) -> None:
    bundle = compiled(
        tmp_path, APART.replace("@task(timeout=seconds(20))\ndef reads", "@task(timeout=3600)\ndef reads")
    )
    limits = {key: json.loads(bundle.files[f"{key}/host.json"])["functionTimeout"] for key in ("app", "apps/reads")}
    assert limits == {"app": "01:03:00", "apps/reads": "01:01:00"}


# --- one calls another ----------------------------------------------------------------------------------------------

APART = '''
import time

from skyloom.flows import App, Bucket, flow, seconds, task


@task(timeout=seconds(20))
def plain(n: int) -> int:
    return n + 1


@task(timeout=seconds(20))
def reads(n: int) -> int:
    if n < 0:
        raise LookupError("below zero")
    time.sleep(n / 1000)
    return 2 * n


inbox = Bucket("inbox", readers=[reads])


@flow
def main(n: int) -> int:
    """One here, one there."""
    m = plain(n)
    return reads(m)


app = App("work", flows=[main], resources=[inbox])
'''


@contextmanager
def listening(app: FunctionApp, statuses: list[int], lost: list[bool]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The app behind an address; `statuses` are answered first, `lost` says for which calls the answer is lost."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
            if statuses:
                self.send_error(statuses.pop(0))
                return
            answer = app.answer("skyloom_run", request=body)
            if lost and lost.pop(0):
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(answer["status"])
            self.end_headers()
            self.wfile.write(answer["result"].encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


class Pair:
    """Both apps of APART; `call` calls `reads` in the main one."""

    def __init__(self, main: FunctionApp, around: AzureServer, statuses: list[int], lost: list[bool]) -> None:
        self.main, self.around, self.statuses, self.lost = main, around, statuses, lost
        self.seen: list[dict[str, str]] = []

    def call(self, n: int) -> Any:
        return self.main.task("reads", {"n": n})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apart")
    compiled(folder, APART).write(folder / "bundle")
    return folder / "bundle"


def patched(bundle: Path, folder: Path, **constants: float) -> Path:
    """The bundle with other numbers in `azure_workers`, in a folder of its own."""
    shutil.copytree(bundle, folder)
    for module in folder.rglob("azure_workers.py"):
        text = module.read_text()
        for name, value in constants.items():
            line = next(line for line in text.splitlines() if line.startswith(f"{name} = "))
            text = text.replace(line, f"{name} = {value}")
        module.write_text(text)
        for old in module.parent.rglob("__pycache__/azure_workers.*"):
            old.unlink()
    return folder


@contextmanager
def paired(folder: Path) -> Iterator[Pair]:
    statuses: list[int] = []
    lost: list[bool] = []
    with AzureServer() as around:
        there = {**around.variables, "SKYLOOM_CALLS": f"{around.url}/calls-reads"}
        with FunctionApp(folder / "apps" / "reads", there) as other, listening(other, statuses, lost) as (url, seen):
            here = {**around.variables, "SKYLOOM_WORKERS": json.dumps({"reads": url})}
            with FunctionApp(folder / "app", here) as main:
                pair = Pair(main, around, statuses, lost)
                pair.seen = seen
                yield pair


def test_what_may_do_more_is_an_app_of_its_own(bundle: Path) -> None:
    assert sorted(path.name for path in (bundle / "apps").iterdir()) == ["reads"]
    assert [one.name for one in check(bundle / "apps" / "reads")] == ["skyloom_run"]
    assert {one.name for one in check(bundle / "app")} >= {"main", "plain", "reads"}
    assert "durableTask" not in json.loads((bundle / "apps/reads/host.json").read_text())["extensions"]
    requirements = (bundle / "apps/reads/requirements.txt").read_text()
    assert "durable" not in requirements


def test_the_main_app_asks_the_other_one(bundle: Path) -> None:
    with paired(bundle) as pair:
        assert pair.main.task("plain", {"n": 1}) == {"value": 2}
        assert pair.call(2) == {"value": 4}
        error = pair.call(-1)["error"]
        assert (error["type"], error["bases"], error["message"]) == (
            "LookupError",
            ["Exception"],
            "below zero",
        )
        assert {name["path"] for name in pair.seen} == {"/skyloom_run"}
        assert pair.seen[0]["traceparent"] == TRACE
        assert "authorization" not in pair.seen[0]
        assert [container for container, _ in pair.around.blobs] == ["calls-reads"] * 2


def test_an_app_that_is_just_starting_is_asked_again(bundle: Path, tmp_path: Path) -> None:
    folder = patched(bundle, tmp_path / "fast", _PAUSE=0.05)
    with paired(folder) as pair:
        pair.statuses += [503, 404, 429]
        assert pair.call(2) == {"value": 4}
        assert len(pair.seen) == 4


def test_an_answer_that_comes_too_late_is_found_where_it_was_written(bundle: Path, tmp_path: Path) -> None:
    folder = patched(bundle, tmp_path / "long", _PAUSE=0.05, LONG=0.3)
    with paired(folder) as pair:
        pair.lost.append(True)
        assert pair.call(500) == {"value": 1000}
        assert sorted(name.partition(".")[2] for _, name in pair.around.blobs) == ["json", "result.json"]


def test_an_answer_that_is_lost_is_a_failure_of_the_platform(bundle: Path, tmp_path: Path) -> None:
    folder = patched(bundle, tmp_path / "lost", _PAUSE=0.05)
    with paired(folder) as pair:
        pair.lost.append(True)
        with pytest.raises(FunctionRaised, match="WorkerLost: reads: the function app reads gave no answer"):
            pair.call(2)
        assert pair.call(3) == {"value": 6}


def test_nobody_else_can_ask(bundle: Path) -> None:
    with AzureServer() as around:
        variables = {**around.variables, "SKYLOOM_CALLS": f"{around.url}/calls-reads"}
        with FunctionApp(bundle / "apps" / "reads", variables) as other:
            assert other.answer("skyloom_run", request='{"call": "%s"}' % ("0" * 32))["status"] == 403
            for body in ("", "[]", '{"call": 3}', '{"call": "../x"}', '{"call": "%s"}' % ("A" * 32)):
                assert other.answer("skyloom_run", request=body)["status"] == 400
            assert around.tokens == ["https://storage.azure.com"], "what is no id leads to no blob"


def test_all_generated_code_is_python_as_one_formats_it(bundle: Path) -> None:
    for path in (bundle / "app" / "function_app.py", bundle / "apps/reads/function_app.py"):
        text = path.read_text()
        ast.parse(text)
        assert all(len(line) <= 120 for line in text.splitlines())


def test_waiting_is_shorter_than_what_the_platform_waits() -> None:
    assert azure_workers.LONG < azure_workers.PATIENCE < 230


CALL = "0" * 32
WITH_KEY = """
from skyloom.flows import App, Secret, flow, prompt


@prompt("Say {text}.")
def say(text: str) -> str: ...


@flow
def main(text: str) -> str:
    return say(text)


app = App("work", flows=[main], resources=[Secret("openai-api-key")])
"""


def test_a_prompt_whose_model_has_a_key_is_asked_where_nothing_else_can_read_it(tmp_path: Path) -> None:
    (tmp_path / "skyloom.toml").write_text('[models.azure]\nfast = "openai:gpt-5"\n')
    compiled(tmp_path, WITH_KEY).write(tmp_path / "bundle")
    folder = tmp_path / "bundle" / "apps" / "say"
    assert [one.name for one in check(folder)] == ["skyloom_run"]
    with AzureServer() as around, OpenAIServer() as models:
        around.secrets["openai-api-key"] = "the key"
        around.blobs["calls-say", f"{CALL}.json"] = json.dumps({"prompt": "say", "arguments": {"text": "it"}}).encode()
        variables = {
            **around.variables,
            "SKYLOOM_CALLS": f"{around.url}/calls-say",
            "SKYLOOM_SECRET_OPENAI_API_KEY": "https://v.vault.azure.net/secrets/openai-api-key",
            "OPENAI_BASE_URL": models.url,
        }
        with FunctionApp(folder, variables) as app:
            answer = app.answer("skyloom_run", request=json.dumps({"call": CALL}))
        assert (answer["status"], json.loads(answer["result"])) == (200, {"value": "Answer to: Say it."})
        assert models.requests[0].headers["authorization"] == "Bearer the key"


# --- whole bundles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_app_is_loaded_by_the_worker(name: str, tmp_path: Path) -> None:
    """And the template says which functions there are, so that a deploy can tell when all of them are."""
    bundle = compile_app(app_of(name, "azure"), "dev", SETTINGS).bundle
    bundle.write(tmp_path / "bundle")
    told = json.loads(bundle.files["template.json"])["outputs"]["functions"]["value"]
    assert {one.name for one in check(tmp_path / "bundle" / "app")} == set(told["main"])
    others = bundle.folders("apps")
    assert set(told) == {"main", *others}
    for key in others:
        assert [one.name for one in check(tmp_path / "bundle" / "apps" / key)] == told[key]
