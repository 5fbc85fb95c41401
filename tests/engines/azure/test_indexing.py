"""Apps are loaded by Azure's own worker library, and broken ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines.azure.indexing import AppRefused, check

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.functions import load_app
from skyloom.deployers.packaging import running_python

EXAMPLES = Path(__file__).parents[3] / "examples"
SOURCES = sorted(path for path in EXAMPLES.glob("*/*.py") if not path.name.startswith("test_"))

HEAD = """
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
"""
GOOD = (
    HEAD
    + """
@app.orchestration_trigger(context_name="context")
def answer(context):
    found = yield context.call_activity("search", context.get_input())
    return (yield context.call_sub_orchestrator("tell", found))

@app.orchestration_trigger(context_name="context")
def tell(context):
    return context.get_input()

@app.activity_trigger(input_name="topic")
def search(topic: str) -> list:
    return [topic]

@app.route("start", trigger_arg_name="request", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(request: func.HttpRequest, client) -> func.HttpResponse:
    return client.create_check_status_response(request, await client.start_new("answer"))
"""
)

BROKEN = {
    "two functions of one name": (
        GOOD + '\n@app.function_name("search")\n@app.activity_trigger(input_name="n")\ndef other(n):\n    return n\n',
        "search",
    ),
    "names that differ in case alone": (
        GOOD + '\n@app.function_name("Search")\n@app.activity_trigger(input_name="n")\ndef other(n):\n    return n\n',
        "differ",
    ),
    "a parameter that no binding has": (GOOD.replace("def search(topic: str)", "def search(topic: str, more)"), "more"),
    "a binding that no parameter has": (GOOD.replace('input_name="topic"', 'input_name="subject"'), "topic"),
    "a module that is not there": ("import no_such_module\n" + GOOD, "Cannot find module"),
    "a module of its own that is not there": ("from flows import answer\n" + GOOD, "Cannot find module"),
    "no Python": (GOOD + "\ndef (:\n", "SyntaxError"),
    "code that fails": (GOOD + "\n1 / 0\n", "ZeroDivisionError"),
    "no app": ("x = 1\n", "Could not find top level function app"),
    "two apps": (GOOD + "\nsecond = df.DFApp()\n", "More than one"),
    "no trigger": (
        GOOD + '\n@app.function_name("none")\ndef none():\n    return 1\n',
        "does not have a trigger",
    ),
    "two triggers": (
        GOOD + '\n@app.activity_trigger(input_name="n")\n@app.route("x")\ndef both(n, req):\n    return 1\n',
        "A trigger was already registered",
    ),
    "a method that HTTP has not": (GOOD.replace('"POST"', '"SEND"'), "SEND"),
    "a request of a wrong type": (GOOD.replace("request: func.HttpRequest", "request: int"), "do not match"),
    "an activity that is not there": (GOOD.replace('call_activity("search"', 'call_activity("serach"'), "serach"),
    "an orchestrator that is not there": (GOOD.replace('"tell", found', '"tel", found'), "tel is called"),
    "an activity called as an orchestrator": (GOOD.replace('"tell", found', '"search", found'), "search is called"),
    "a start of what is not there": (GOOD.replace('start_new("answer")', 'start_new("anwser")'), "anwser"),
    "a name that the host does not take": (
        GOOD + '\n@app.function_name("no way")\n@app.activity_trigger(input_name="n")\ndef way(n):\n    return n\n',
        "no way",
    ),
}


def app_of(source: str, folder: Path) -> Path:
    (folder / "function_app.py").write_text(source, encoding="utf-8")
    return folder


def test_a_good_app(tmp_path: Path) -> None:
    functions = {one.name: one.trigger for one in check(app_of(GOOD, tmp_path))}
    assert functions == {
        "answer": "orchestrationTrigger",
        "tell": "orchestrationTrigger",
        "search": "activityTrigger",
        "start": "httpTrigger",
    }


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_app(name: str, tmp_path: Path) -> None:
    source, reason = BROKEN[name]
    with pytest.raises(AppRefused, match=reason):
        check(app_of(source, tmp_path))


def test_no_function_app(tmp_path: Path) -> None:
    with pytest.raises(AppRefused, match="no function_app"):
        check(tmp_path)


FLOW = """
from skyloom.adapters.hosts.durable import flow, orchestrated, prompt, task

SEARCH = task("search", 60, attempts=3)
SORT = prompt("sort", 60, function="prompt-sort")


@flow("answer")
def answer(run, topic):
    found = yield from run.call("search", SEARCH, topic=topic)
    yield from run.approval("approval", "Send it?", show=found)
    yield from run.emit("emit", "sent", found)
    return (yield from run.call("sort", SORT, found=found))
"""


@pytest.mark.parametrize("missing", ["search", "prompt-sort", "skyloom_waits", "skyloom_emit"])
def test_a_generated_flow_that_calls_what_is_not_there(missing: str, tmp_path: Path) -> None:
    functions = [
        f'@app.function_name("{name}")\n@app.activity_trigger(input_name="call")\ndef f{number}(call: str) -> str:\n'
        "    return call\n"
        for number, name in enumerate(["search", "prompt-sort", "skyloom_waits", "skyloom_emit"])
        if name != missing
    ]
    (tmp_path / "flows.py").write_text(FLOW, encoding="utf-8")
    with pytest.raises(AppRefused, match=f"{missing} is called"):
        check(app_of(HEAD + "\n\n" + "\n\n".join(functions), tmp_path))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_examples(source: Path, tmp_path: Path) -> None:
    """What the examples compile to is loaded, with the code of Skyloom's that it carries."""
    app = load_app(source)
    settings = FunctionSettings(python=running_python(), pinned=False)
    compile_app(app, "dev", settings).bundle.write(tmp_path / "bundle")
    for folder in (tmp_path / "bundle" / "app", *(tmp_path / "bundle").glob("apps/*")):
        assert check(folder)
