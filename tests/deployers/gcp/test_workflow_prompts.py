"""Prompts that workflows ask by themselves, on the tests' Workflows and a server that speaks Vertex AI."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from conformance.on_gcp import in_process
from conformance.on_gcp.case_run import environment, error_of
from engines.gcp.engine import Engine
from engines.gcp.requests import Answer, Request

from skyloom.deployers.gcp.workflow import (
    HELPER,
    AskModel,
    Invoke,
    VertexModel,
    Workflow,
    WorkflowSettings,
    compile_workflow,
)
from skyloom.flows.frontend import load_file

Json = Any

SOURCE = """
from skyloom.flows import *

@prompt("Say {text} in {language}", system="Be kind.", model="fast", temperature=0.5, max_tokens=100)
def say(text: str, language: str = "German") -> str: ...

@flow
def f(a: str) -> str:
    return say(a)
"""


class Model:
    """Stands for the endpoint of models, and for the function that asks instead."""

    def __init__(self, workflow: Workflow, folder: Path, *answers: Answer) -> None:
        self.asked: list[Json] = []
        self.urls: list[str] = []
        self.in_function = 0
        self._answers = list(answers)
        self.engine = Engine(time_scale=0.01)
        self.engine.route("https://aiplatform.googleapis.com/", self._model)
        self.engine.route("https://prompts.run.app", self._function)
        self.engine.route(f"https://{HELPER}.run.app", in_process.helper(workflow.hoisted, folder))
        self.engine.deploy("f", workflow.definition, environment(workflow))

    def _model(self, request: Request) -> Answer:
        assert request.headers["Authorization"].startswith("Bearer OAuth2:")
        self.urls.append(request.url)
        self.asked.append(json.loads(request.body))
        return self._answers.pop(0)

    def _function(self, request: Request) -> Answer:
        self.in_function += 1
        assert json.loads(request.body)["arguments"] == {"text": "hello"}
        return Answer(200, {"Content-Type": "application/json"}, b'"by the function"')

    def run(self) -> Json:
        execution = self.engine.start("f", {"a": "hello"}).wait(30)
        assert error_of(execution) is None, execution.error
        return execution.result


def said(*parts: Json, finish: str = "STOP", **more: Json) -> Answer:
    """An answer of the model."""
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish}
    return as_json({"candidates": [candidate], **more})


def as_json(body: Json, code: int = 200) -> Answer:
    return Answer(code, {"Content-Type": "application/json"}, json.dumps(body).encode())


@pytest.fixture
def make(tmp_path: Path) -> Any:
    """The workflow of a source whose prompts it asks."""

    def compiled(source: str = SOURCE, location: str = "global") -> Workflow:
        path = tmp_path / "asking.py"
        path.write_text(textwrap.dedent(source))
        program = load_file(path).f.program
        models = {"fast": VertexModel(model="gemini-3.5-flash-lite", provider="vertex", location=location)}
        prompts = dict.fromkeys(program.prompts, "prompts")
        return compile_workflow(program, WorkflowSettings(app="a", prompts=prompts, models=models))

    return compiled


def test_the_workflow_asks_by_itself(make: Any, tmp_path: Path) -> None:
    workflow = make()
    assert workflow.uses == {AskModel("gemini-3.5-flash-lite"), Invoke("prompts"), Invoke(HELPER)}
    model = Model(workflow, tmp_path, said({"text": " Hallo!\n"}))
    assert model.run() == "Hallo!" and model.in_function == 0
    assert model.asked == [
        {
            "contents": [{"role": "user", "parts": [{"text": "Say hello in German"}]}],
            "systemInstruction": {"parts": [{"text": "Be kind."}]},
            "generationConfig": {"temperature": 0.5, "maxOutputTokens": 100},
        }
    ]
    assert model.urls[0].endswith(
        "/projects/skyloom-tests/locations/global/publishers/google/models/gemini-3.5-flash-lite:generateContent"
    )


@pytest.mark.parametrize("location", ["europe-west4", "us"])
def test_a_model_is_asked_where_the_configuration_says(make: Any, tmp_path: Path, location: str) -> None:
    workflow = make(location=location)
    model = Model(workflow, tmp_path, said({"text": "Hallo!"}))
    host = VertexModel(model="", provider="", location=location).host
    model.engine.route(f"https://{host}/", model._model)
    assert model.run() == "Hallo!"
    assert f"https://{host}/v1/projects/skyloom-tests/locations/{location}/publishers/google/models/" in model.urls[0]


@pytest.mark.parametrize("text", ["schöne Grüße", "Übrigens: ä", "\u00a0x\u2003", "日本語。", "a\u000b"])
def test_blanks_are_those_of_python(make: Any, tmp_path: Path, text: str) -> None:
    model = Model(make(), tmp_path, said({"text": f" {text} "}))
    assert model.run() == text.strip() and model.in_function == 0


@pytest.mark.parametrize(
    "answer",
    [
        as_json({"promptFeedback": {"blockReason": "SAFETY"}}),
        as_json({"candidates": []}),
        as_json({"candidates": [{"finishReason": "STOP"}]}),
        said({"text": "half a"}, finish="MAX_TOKENS"),
        said({"text": "no"}, finish="SAFETY"),
        said({"text": "one "}, {"text": "two"}),
        said({"text": "hm", "thought": True}),
        said({"text": " \n"}),
        said({"text": "<think>hm</think> Hallo"}),
        said({"inlineData": {}}),
        as_json({"error": {"code": 403, "message": "no"}}, 403),
    ],
)
def test_what_is_no_text_is_asked_by_the_function(make: Any, tmp_path: Path, answer: Answer) -> None:
    model = Model(make(), tmp_path, answer)
    assert model.run() == "by the function" and model.in_function == 1 and len(model.asked) == 1


def test_a_throttled_question_is_asked_again(make: Any, tmp_path: Path) -> None:
    model = Model(make(), tmp_path, as_json({"error": {}}, 429), said({"text": "Hallo"}))
    assert model.run() == "Hallo" and len(model.asked) == 2


def test_a_typed_answer_is_the_functions(make: Any) -> None:
    workflow = make(
        SOURCE.replace('language: str = "German") -> str', 'language: str = "German") -> list[str]').replace(
            "def f(a: str) -> str", "def f(a: str) -> list[str]"
        )
    )
    assert workflow.uses == {Invoke("prompts")}
