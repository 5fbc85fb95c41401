"""Apps are loaded by Azure's own worker library, and broken ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines.azure.indexing import AppRefused, check

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
