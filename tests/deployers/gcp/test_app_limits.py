"""What an app may not be on Google Cloud, and what is told of one that may."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from skyloom.deployers.functions import load_app
from skyloom.deployers.gcp.client import Google
from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.functions import FunctionSettings
from skyloom.deployers.gcp.resources.accounts import account_id
from skyloom.errors import CheckFailed, ConfigError, Diagnostic
from skyloom.flows.app import App, Environment, Schedule, Secret, WebhookNotifier

SETTINGS = FunctionSettings(python="3.13", pinned=False)
SOURCE = """
from skyloom.flows import App, flow, task


@task
def notify_chat(text: str) -> str:
    return text


@flow
def tell(text: str = "") -> str:
    return notify_chat(text)


app = App("small", flows=[tell])
"""


@pytest.fixture
def app(tmp_path: Path) -> App:
    file = tmp_path / "small.py"
    file.write_text(SOURCE)
    return load_app(file)


def refused(app: App) -> Diagnostic:
    with pytest.raises(CheckFailed) as caught:
        compile_app(app, "dev", SETTINGS)
    (found,) = caught.value.diagnostics
    assert found.hint and found.span
    return found


def test_two_functions_of_one_name(app: App) -> None:
    found = refused(replace(app, notify=[WebhookNotifier(url=Secret("chat"), alarms=True)]))
    assert found.code == "SKY727"
    assert found.message == "the function of `notify_chat` and that of the webhook `chat` are both `notify-chat`"
    compile_app(replace(app, notify=[WebhookNotifier(url=Secret("room"), alarms=True)]), "dev", SETTINGS)


ASKING = """
from skyloom.flows import App, approval, flow


@flow
def ask(text: str) -> bool:
    return approval(text, to="leads").approved


app = App("asking", flows=[ask])
"""


@pytest.fixture
def asking(tmp_path: Path) -> App:
    file = tmp_path / "asking.py"
    file.write_text(ASKING)
    return load_app(file)


def test_one_address_serves_several_audiences(asking: App) -> None:
    def hooks(*names: str | None) -> list[WebhookNotifier]:
        return [WebhookNotifier(url=Secret("chat"), to=name, alarms=True) for name in names]

    def filters(notify: list[WebhookNotifier]) -> dict[str, str | None]:
        made = compile_app(replace(asking, notify=notify), "dev", SETTINGS).bundle.files["main.tf.json"]
        found = json.loads(made)["resource"]["google_pubsub_subscription"]
        return {name: body.get("filter") for name, body in found.items() if name.startswith("approvals")}

    other = WebhookNotifier(url=Secret("room"), to="board")
    leads, team = 'attributes.to = "leads"', 'attributes.to = "team"'
    assert filters(hooks("team", "leads")) == {"approvals_chat": f"{leads} OR {team}"}
    assert filters([*hooks("leads", None), other]) == {
        "approvals_chat": 'NOT attributes.to = "board"',
        "approvals_room": 'attributes.to = "board"',
    }
    found = refused(replace(asking, notify=hooks(*(f"audience-number-{n}" for n in range(10)))))
    assert found.code == "SKY741" and "256 bytes" in found.message


@pytest.mark.parametrize("region", ["europe-west3-a", "eu", "europe_west3", "Europe-West3", "global"])
def test_a_region_that_there_cannot_be(app: App, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = refused(replace(app, environments={"dev": Environment(region=region)}))
    assert (found.code, found.message) == ("SKY728", f"{region} is no region of Google Cloud")
    monkeypatch.setenv("GOOGLE_CLOUD_REGION", region)
    with pytest.raises(ConfigError, match=f"SKY728 {region} is no region"):
        Google()


def test_a_schedule_whose_input_no_run_takes(app: App) -> None:
    def daily(letters: int) -> App:
        return replace(app, triggers=[Schedule(app.flows[0], "0 8 * * *", input={"text": "x" * letters})])

    found = refused(daily(32_768 - len('{"text": ""}') + 1))
    assert (found.code, "32,769 bytes" in found.message) == ("SKY765", True)
    compile_app(daily(32_768 - len('{"text": ""}')), "dev", SETTINGS)


def test_a_processor_that_there_is_not_is_told(app: App) -> None:
    def told(settings: Environment) -> list[str]:
        changed = replace(app, environments={"dev": settings})
        return [one.message for one in compile_app(changed, "dev", SETTINGS).diagnostics if one.code == "SKY742"]

    assert told(Environment(architecture="arm64")) == ["functions in dev run on x86-64, not on arm64"]
    assert told(Environment()) == told(Environment(architecture="x86_64")) == []


def test_accounts_say_what_they_are_for() -> None:
    assert account_id("shop-dev", "flow-order") == "shop-dev-flow-order"
    made = account_id("ticket-triage-dev", "function-search-articles")
    assert made.startswith("tick-fn-search-articles-") and len(made) == 30
    assert account_id("ticket-triage-dev", "flow-answer_draft").startswith("ticket-fl") is False
    names = {account_id(prefix, key) for prefix in ("a" * 32, "b" * 32) for key in ("x", "y" * 40, "y" * 41)}
    assert len(names) == 6 and all(len(name) <= 30 for name in names)
