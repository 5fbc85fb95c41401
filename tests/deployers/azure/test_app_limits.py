"""What an app asks of Azure and does not get, or gets in another way; and the words of templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import app_of, file_of
from gates.arm.rules import rules

from skyloom.deployers.azure.app_limits import MOST_RESOURCES, too_large
from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.resources.arm import Address, Expression, call, joined
from skyloom.deployers.azure.resources.layout import Layout, Parts
from skyloom.deployers.azure.resources.names import plain_name
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app, programs
from skyloom.errors import CheckFailed
from skyloom.flows.app import App, Environment, Http, Queue

SETTINGS = FunctionSettings(python="3.13", pinned=False)

Json = Any


def compiled(app: App, environment: str = "dev") -> Bundle:
    return compile_app(app, environment, SETTINGS).bundle


def template_of(bundle: Bundle) -> Json:
    return json.loads(bundle.files["template.json"])


@pytest.fixture(scope="module")
def app() -> App:
    return app_of("everything", "azure")


# --- refusals -------------------------------------------------------------------------------------------------------


def queue_of_ours(app: App) -> App:
    return replace(app, resources=[*app.resources, Queue("skyloom-events")])


def tag_of_ours(app: App) -> App:
    return replace(app, tags={"Skyloom-App": "x"})


def tags_that_meet(app: App) -> App:
    return replace(app, tags={"Team": "a", "team": "b"})


def tags_alike(app: App) -> App:
    return replace(app, tags={"cost/center": "a", "cost-center": "b"})


def tag_of_azure(app: App) -> App:
    return replace(app, tags={"azure-thing": "x"})


def many_tags(app: App) -> App:
    return replace(app, tags={f"tag{number}": "x" for number in range(47)})


def route_of_azure(app: App) -> App:
    return replace(app, triggers=[Http(app.flows[1], "/admin/x")])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (queue_of_ours, "SKY751 queue `skyloom-events`: the app has queues of its own that are called so"),
        (tag_of_ours, "SKY751 the tag `Skyloom-App` has in Azure the name of one of Skyloom's own"),
        (tags_that_meet, "SKY751 the tag `team` has in Azure the name of `Team`"),
        (tags_alike, "SKY751 the tag `cost-center` has in Azure the name of `cost/center`"),
        (tag_of_azure, "SKY751 the tag `azure-thing` begins like those of Azure's own"),
        (many_tags, "SKY751 47 tags are too many: a resource has 50, and 4 are Skyloom's"),
        (route_of_azure, "SKY751 paths below /admin belong to Azure Functions"),
    ],
)
def test_what_azure_has_not_is_refused(app: App, change: Callable[[App], App], told: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        compiled(change(app))
    assert told in str(caught.value)


def test_what_is_kept_in_another_way_is_told(app: App) -> None:
    told = Environment(log_days=7, concurrency=3, architecture="arm64", tags={"a/b": "x"})
    found = compile_app(replace(app, environments={"dev": told}), "dev", SETTINGS).diagnostics
    assert [one.message for one in found if one.code == "SKY752"] == [
        "a function may run 40 times at once, not 3",
        "functions in dev run on x86-64, not on arm64",
        "logs are kept for 30 days, not 7",
        "the tag `a/b` is called `a-b`",
        "approvals are asked for in 10 mails an hour at most",
    ]


def test_what_people_have_to_do_is_told(app: App, tmp_path: Path) -> None:
    found = compile_app(app, "dev", SETTINGS).diagnostics
    (route,) = [one.message for one in found if one.code == "SKY754"]
    assert route.startswith("routes with `Iam()` answer whom an app registration with the identifier api://")
    file = tmp_path / "everything.py"
    file.write_text(file_of("everything").read_text())
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
    (tmp_path / "skyloom.toml").write_text(
        f'[providers.foundry]\nkind = "foundry"\nendpoint = "https://a.openai.azure.com"\nresource = "{account}"\n'
    )
    compiled_ = compile_app(load_app(file, "azure"), "dev", SETTINGS)
    (model,) = [one for one in compiled_.diagnostics if one.code == "SKY754" and "provider" in one.message]
    assert model.message == (
        "provider `foundry`: the identity `everything-dev-app-main` needs the role "
        "`Cognitive Services OpenAI User` there"
    )
    assert model.hint is not None
    assert model.hint.endswith(f"--scope {account}")
    types = {made["type"] for made in template_of(compiled_.bundle)["resources"]}
    assert not [type_ for type_ in types if "CognitiveServices" in type_]


def test_what_one_template_does_not_hold_is_refused(app: App) -> None:
    layout = Layout(Parts(app=app, environment="dev", programs=programs(app), python="3.13"))
    large: Json = {"resources": [{}] * (MOST_RESOURCES + 1), "variables": {}}
    (told,) = too_large(layout, large, 10)
    assert (told.code, told.message) == ("SKY753", "the app needs 801 resources; a template of Azure's holds 800")
    assert not list(too_large(layout, {"resources": [], "variables": {}}, 4 * 1024 * 1024))
    assert len(list(too_large(layout, {"resources": [], "variables": {}}, 4 * 1024 * 1024 + 1))) == 1


# --- words ----------------------------------------------------------------------------------------------------------


def test_expressions() -> None:
    unique = Expression("variables('unique')")
    assert joined("a", "b") == "ab"
    assert joined(unique) == unique
    assert joined('{"a": "', unique, '"}') == Expression("format('{{\"a\": \"{0}\"}}', variables('unique'))")
    assert call("f", "it's", unique) == Expression("f('it''s', variables('unique'))")
    below = Address("Microsoft.KeyVault/vaults", (unique,)).below("keys", "links")
    assert below.name == "[format('{0}/links', variables('unique'))]"
    assert below.id.text == "resourceId('Microsoft.KeyVault/vaults/keys', variables('unique'), 'links')"
    assert Address("Microsoft.Web/serverfarms", ("plan",)).name == "plan"


def test_names_keep_to_what_azure_takes() -> None:
    assert plain_name("start-a_b", 64) != plain_name("start-a-b", 64) == "start-a-b"
    assert len(plain_name("x" * 100, 64)) == 64


def test_names_keep_to_the_rules_in_the_longest_app_and_in_the_shortest(app: App) -> None:
    for name, environment in (("a" + "b" * 31, "e" * 32), ("a", "b")):
        named = replace(app, name=name, environments={environment: Environment()})
        assert rules(template_of(compiled(named, environment))) == set()
