"""Functions of an app: which tasks and prompts share one, what each needs and may do."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from skyloom.deployers.functions import (
    AskModel,
    FunctionGroup,
    ReadBucket,
    ReadSecret,
    SendQueue,
    WriteBucket,
    function_groups,
    group_of,
    load_app,
    object_parameter,
    programs,
)
from skyloom.errors import CheckFailed, ConfigError
from skyloom.flows.config import load_config
from skyloom.flows.triggers import ObjectCreated

PYDANTIC = f"pydantic=={version('pydantic')}"

SOURCE = """
from skyloom.flows import *


@task
def one(a: int) -> int:
    return a


@task
def two(a: list[str]) -> dict[str, float]:
    return {}


@task(timeout=seconds(20))
def quick(a: int) -> int:
    return a


@task(memory=1024, requires=["httpx>=0.27"])
def large(a: int) -> int:
    return a


@task
def dated(day: tuple[int, str]) -> int:
    return 1


@task
def reads(a: int) -> int:
    return a


@prompt("Say {word}.")
def say(word: str) -> str: ...


@prompt("Sing {word}.")
def sing(word: str) -> str: ...


@prompt("Think of {word}.", model="smart")
def think(word: str) -> list[str]: ...


@flow
def main(document: StoredObject, more: int = 1) -> str:
    one(1)
    two(["x"])
    quick(1)
    large(1)
    dated((1, "x"))
    reads(1)
    think("x")
    sing("x")
    return say("x")


inbox = Bucket("inbox", readers=[reads], writers=[reads])
app = App("demo", flows=[main], resources=[inbox, Queue("q", senders=[reads]), Secret("key", readers=[reads])])
"""


def built(tmp_path: Path, source: str = SOURCE, config: str = "") -> dict[str, FunctionGroup]:
    (tmp_path / "work.py").write_text(source, encoding="utf-8")
    (tmp_path / "skyloom.toml").write_text(config, encoding="utf-8")
    app = load_app(tmp_path / "work.py")
    groups = function_groups(app, programs(app), load_config(tmp_path))
    return {group.key: group for group in groups}


def test_tasks_with_the_same_needs_share_a_function(tmp_path: Path) -> None:
    groups = built(tmp_path)
    assert groups["tasks"] == FunctionGroup(key="tasks", tasks=("one", "two"), timeout=300.0)
    assert groups["quick"] == FunctionGroup(key="quick", tasks=("quick",), timeout=20.0)
    assert groups["large"] == FunctionGroup(
        key="large", tasks=("large",), timeout=300.0, memory=1024, requires=("httpx>=0.27",)
    )
    assert sorted(groups) == ["dated", "large", "prompts-nova-2-lite-v1", "quick", "reads", "tasks", "think"]


def test_types_that_need_pydantic_bring_it(tmp_path: Path) -> None:
    groups = built(tmp_path)
    assert groups["dated"].requires == (PYDANTIC,)
    assert groups["think"].requires == ()
    models = SOURCE.replace("from skyloom.flows import *", "import pydantic\nfrom skyloom.flows import *")
    groups = built(tmp_path, models)
    assert groups["large"].requires == ("httpx>=0.27", PYDANTIC)
    assert groups["prompts-nova-2-lite-v1"].requires == ()


def test_permissions_are_those_of_the_resources(tmp_path: Path) -> None:
    assert built(tmp_path)["reads"].permissions == (
        ReadBucket("inbox"),
        ReadSecret("key"),
        SendQueue("q"),
        WriteBucket("inbox"),
    )


def test_prompts_may_ask_their_model(tmp_path: Path) -> None:
    groups = built(tmp_path)
    assert groups["prompts-nova-2-lite-v1"].prompts == ("say", "sing")
    assert groups["prompts-nova-2-lite-v1"].permissions == (AskModel("bedrock", "global.amazon.nova-2-lite-v1:0"),)
    config = '[models.aws]\nsmart = "eu:x.y"\n[providers.eu]\nkind = "bedrock"\nregion = "eu-central-1"\n'
    assert built(tmp_path, config=config)["think"].permissions == (AskModel("eu", "x.y", "eu-central-1"),)


def test_a_provider_with_a_key_needs_its_secret(tmp_path: Path) -> None:
    config = '[models.aws]\nfast = "openai:gpt-5"\nsmart = "openai:gpt-5"\n'
    with pytest.raises(CheckFailed, match=r'SKY529 .*`openai` is kept nowhere\nhint: add `Secret\("openai-api-key"\)`'):
        built(tmp_path, config=config)
    source = SOURCE.replace('Secret("key"', 'Secret("openai-api-key"), Secret("key"')
    group = next(group for group in built(tmp_path, source, config).values() if group.prompts)
    assert group.permissions == (ReadSecret("openai-api-key", "OPENAI_API_KEY"),)
    assert any(text.startswith("openai==") or text == "openai" for text in group.requires)


def test_a_model_without_an_entry_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="SKY634"):
        built(tmp_path, SOURCE.replace('model="smart"', 'model="clever"'))


@pytest.mark.parametrize(("called", "kind"), [("say", "prompt"), ("other", "flow")])
def test_a_task_does_not_call_steps(tmp_path: Path, called: str, kind: str) -> None:
    source = f"""
from skyloom.flows import flow, prompt, task


@prompt("Say {{word}}.")
def say(word: str) -> str: ...


@flow
def other(word: str) -> str:
    return word


@task
def work(word: str) -> str:
    return {called}(word)


@flow
def main() -> str:
    return work("x")
"""
    with pytest.raises(CheckFailed) as caught:
        built(tmp_path, source)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SKY530"
    assert diagnostic.message == f"task `work` calls the {kind} `{called}`, which is a step of a flow"
    assert diagnostic.source == f"    return {called}(word)"


def test_keys_of_the_apps_own_functions_are_not_taken(tmp_path: Path) -> None:
    source = """
from skyloom.flows import flow, task


@task
def helper() -> int:
    return 1


@flow
def main() -> int:
    return helper()
"""
    (key,) = built(tmp_path, source)
    assert key.startswith("helper-")
    assert list(built(tmp_path, source)) == [key]


def test_where_a_task_and_a_prompt_run(tmp_path: Path) -> None:
    tasks, prompts = group_of(built(tmp_path).values())
    assert (tasks["one"], tasks["quick"], prompts["say"]) == ("tasks", "quick", "prompts-nova-2-lite-v1")


def test_the_parameter_that_takes_an_object(tmp_path: Path) -> None:
    source = SOURCE.replace("flows=[main],", "flows=[main], triggers=[ObjectCreated(main, inbox)],")
    (tmp_path / "work.py").write_text(source, encoding="utf-8")
    app = load_app(tmp_path / "work.py")
    (trigger,) = app.triggers
    assert isinstance(trigger, ObjectCreated)
    assert object_parameter(trigger, programs(app)) == "document"


def test_a_wrong_app_is_refused_with_everything_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "work.py").write_text(SOURCE.replace('"demo"', '"De mo"').replace("one(1)", 'one("x")'))
    with pytest.raises(CheckFailed) as caught:
        load_app(tmp_path / "work.py")
    assert {"SKY522", "SKY209"} <= {diagnostic.code for diagnostic in caught.value.diagnostics}


def test_two_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    part = "from skyloom.flows import flow, task\n\n@task\ndef work() -> int:\n    return 1\n\n"
    (tmp_path / "part_a.py").write_text(part + "@flow\ndef a() -> int:\n    return work()\n")
    (tmp_path / "part_b.py").write_text(part + "@flow\ndef b() -> int:\n    return work()\n")
    whole = "from part_a import a\nfrom part_b import b\nfrom skyloom.flows import App\napp = App('x', flows=[a, b])\n"
    (tmp_path / "whole.py").write_text(whole)
    with pytest.raises(CheckFailed, match="SKY510 task `work` has the name of another one of the app"):
        programs(load_app(tmp_path / "whole.py"))


ASKING = """
from pydantic import BaseModel, Field, field_validator
from skyloom.flows import App, approval, flow

class Refund(BaseModel):
    amount: float = Field(gt=0, title="Amount to refund")

class Checked(BaseModel):
    amount: float

    @field_validator("amount")
    @classmethod
    def even(cls, value: float) -> float:
        return value

@flow
def ask() -> bool:
    return approval("Refund?", form=FORM).approved

app = App("asking", flows=[ask])
"""


def test_a_form_says_what_its_model_says_and_needs_no_python(tmp_path: Path) -> None:
    from skyloom.deployers.forms import form_schema

    (tmp_path / "asking_good.py").write_text(ASKING.replace("FORM", "Refund"))
    program = programs(load_app(tmp_path / "asking_good.py"))["ask"]
    schema = form_schema("Refund", program.models)
    amount = {"exclusiveMinimum": 0, "title": "Amount to refund", "type": "number"}
    assert schema["properties"] == {"amount": amount}
    (tmp_path / "asking_bad.py").write_text(ASKING.replace("FORM", "Checked"))
    with pytest.raises(CheckFailed, match="SKY533 of the form `Checked`, `Checked` has the validator `even`"):
        programs(load_app(tmp_path / "asking_bad.py"))
