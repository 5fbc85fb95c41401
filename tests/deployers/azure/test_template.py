"""The ARM template: what is in it, who may do what, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engines.azure_account.templates import Context, Template
from gates.arm.checking import problems
from gates.arm.rules import rules

from skyloom.deployers.azure.app_limits import MOST_RESOURCES, too_large
from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.resources.arm import Address, Expression, call, joined, value
from skyloom.deployers.azure.resources.layout import Layout, Parts, at_once
from skyloom.deployers.azure.resources.names import plain_name
from skyloom.deployers.azure.resources.words import ROLES
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app, programs
from skyloom.errors import CheckFailed
from skyloom.flows.app import App, Environment, Http, Queue

EVERYTHING = Path(__file__).with_name("everything_azure.py")
SAGA = Path(__file__).parents[3] / "examples/order_saga/order_saga.py"
SETTINGS = FunctionSettings(python="3.13", pinned=False)

Json = Any


def compiled(app: App, environment: str = "dev") -> Bundle:
    return compile_app(app, environment, SETTINGS).bundle


def template_of(bundle: Bundle) -> Json:
    return json.loads(bundle.files["template.json"])


@pytest.fixture(scope="module")
def app() -> App:
    return load_app(EVERYTHING)


@pytest.fixture(scope="module")
def bundle(app: App) -> Bundle:
    return compiled(app)


@pytest.fixture(scope="module")
def template(bundle: Bundle) -> Json:
    return template_of(bundle)


def of(template: Json, type_: str) -> dict[str, Json]:
    """The resources of a type by what people call them."""
    found = [made for made in template["resources"] if made["type"].endswith(type_)]
    return {made.get("tags", {}).get("skyloom-name") or made["name"]: made for made in found}


_ROLE_NAMES = {role.id: role.name for role in ROLES}


def granted(template: Json, who: str) -> set[tuple[str, str]]:
    """Which roles an identity has, and at what: the last name of the resource."""
    principal = f"'everything-dev-{who}')"
    found = set()
    for made in of(template, "/roleAssignments").values():
        if principal in made["properties"]["principalId"]:
            role = made["properties"]["roleDefinitionId"].rpartition("', '")[2][:-3]
            found.add((_ROLE_NAMES[role], re.findall(r"'([^']*)'", made["scope"])[-1]))
    return found


def settings(template: Json, site: str) -> dict[str, str]:
    config = of(template, "Web/sites")[site]["properties"]["siteConfig"]
    return {one["name"]: one["value"] for one in config["appSettings"]}


# --- least privilege ------------------------------------------------------------------------------------------------


def test_the_main_app_may_do_what_its_services_do(template: Json) -> None:
    assert granted(template, "app-main") == {
        ("Storage Blob Data Owner", "host_main"),
        *(("Storage Blob Data Contributor", name) for name in ("claims", "waits", "starts")),
        *(("Storage Blob Data Contributor", f"calls-{key}") for key in ("notify-2e1206", "ship", "store")),
        ("Monitoring Metrics Publisher", "everything-dev"),
        ("Durable Task Data Contributor", "main"),
        ("Key Vault Crypto User", "links"),
        ("Key Vault Secrets User", "chat-hook"),
        ("EventGrid Data Sender", "worldwide"),
        ("Communication and Email Service Owner", "worldwide"),
        ("Cognitive Services OpenAI User", "worldwide"),
        ("Azure Service Bus Data Sender", "skyloom-events"),
        ("Azure Service Bus Data Sender", "skyloom-notices"),
        ("Azure Service Bus Data Receiver", "orders"),
        *(
            ("Azure Service Bus Data Receiver", name)
            for name in ("skyloom-events", "skyloom-notices", "start-follow_up-417851", "start-take_in-a6bf4a")
        ),
    }


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("ship", {("Azure Service Bus Data Sender", "orders")}),
        ("store", {("Storage Blob Data Contributor", "bucket-inbox")}),
        (
            "notify-2e1206",
            {("Storage Blob Data Reader", "bucket-inbox"), ("Key Vault Secrets User", "mail-key")},
        ),
    ],
)
def test_a_further_app_may_do_what_its_tasks_may(template: Json, key: str, more: set[tuple[str, str]]) -> None:
    assert granted(template, f"app-{key}") == more | {
        ("Storage Blob Data Owner", f"host_{key}"),
        ("Storage Blob Data Contributor", "claims"),
        ("Storage Blob Data Contributor", f"calls-{key}"),
        ("Monitoring Metrics Publisher", "everything-dev"),
    }


def test_event_grid_delivers_to_queues_and_chat_posts_know_one_secret(template: Json) -> None:
    delivered = ("skyloom-events", "start-follow_up-417851", "start-take_in-a6bf4a")
    assert granted(template, "event-grid") == {
        *(("Azure Service Bus Data Sender", name) for name in delivered),
        ("Storage Blob Data Contributor", "deadletters"),
    }
    assert granted(template, "alarms") == {("Key Vault Secrets User", "chat-hook")}


def test_no_role_is_at_the_group_and_every_role_says_what_for(template: Json) -> None:
    for made in of(template, "/roleAssignments").values():
        assert made["scope"].startswith("[resourceId('Microsoft.")
        assert made["properties"]["description"].count(": ") == 1
        assert made["name"].startswith("[guid(resourceId(")


# --- what there is --------------------------------------------------------------------------------------------------


def test_the_app_without_triggers_has_no_services() -> None:
    template = template_of(compiled(load_app(SAGA)))
    types = {made["type"] for made in template["resources"]}
    absent = ("KeyVault", "ServiceBus", "Communication", "Logic", "systemTopics", "eventSubscriptions")
    assert [type_ for type_ in types if any(one in type_ for one in absent)] == []
    assert "Microsoft.EventGrid/topics" in types, "its flows emit"
    assert template["parameters"].keys() == {"location"}


def test_a_function_app_finds_what_it_needs(template: Json) -> None:
    found = settings(template, "main")
    assert found["SKYLOOM_APP"] == "everything"
    assert found["SKYLOOM_ENV"] == "dev"
    assert found["TASKHUB_NAME"] == "main"
    assert found["AzureWebJobsStorage__credential"] == found["SKYLOOM_BUS__credential"] == "managedidentity"
    assert found["SKYLOOM_BUS__fullyQualifiedNamespace"] == (
        "[format('{0}.servicebus.windows.net', variables('worldwide'))]"
    )
    assert found["SKYLOOM_AUDIENCE"] == "[format('api://{0}/everything-dev', tenant().tenantId)]"
    assert found["DURABLE_TASK_SCHEDULER_CONNECTION_STRING"].startswith(
        "[format('Endpoint={0};Authentication=ManagedIdentity;ClientID={1}', reference("
    )
    assert found["SKYLOOM_WORKERS"].startswith(
        '[format(\'{{"notify-2e1206": "https://{0}", "ship": "https://{1}", "store": "https://{2}"}}\', reference('
    )
    others = {"SKYLOOM_TENANT", "SKYLOOM_LINK_KEY", "SKYLOOM_VAULT", "SKYLOOM_MAIL", "SKYLOOM_MAIL_FROM"}
    assert {*others, "SKYLOOM_SECRET_CHAT_HOOK", "SKYLOOM_STORAGE", "SKYLOOM_TOPIC", "SKYLOOM_MODELS"} <= found.keys()
    assert not found.keys() & {"SKYLOOM_BUCKET_INBOX", "SKYLOOM_QUEUE_ORDERS", "SKYLOOM_SECRET_MAIL_KEY"}


def test_a_further_app_finds_what_its_tasks_may_use(template: Json) -> None:
    own = {"AZURE_CLIENT_ID", "SKYLOOM_APP", "SKYLOOM_ENV", "SKYLOOM_STORAGE", "SKYLOOM_CALLS"}
    known = {name for name in settings(template, "ship") if name.startswith("SKYLOOM_") or name == "AZURE_CLIENT_ID"}
    assert known == own | {"SKYLOOM_QUEUE_ORDERS"}
    notify = settings(template, "notify-2e1206")
    assert notify["SKYLOOM_SECRET_MAIL_KEY"].startswith("[format('{0}secrets/mail-key', reference(")
    assert notify["SKYLOOM_BUCKET_INBOX"].startswith("[format('{0}bucket-inbox', reference(")


def test_code_is_read_and_run_as_the_app_itself(template: Json) -> None:
    for key, site in of(template, "Web/sites").items():
        properties = site["properties"]
        identity = f"[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'everything-dev-app-{key}')]"
        assert list(site["identity"]["userAssignedIdentities"]) == [identity]
        storage = properties["functionAppConfig"]["deployment"]["storage"]
        assert storage["authentication"]["userAssignedIdentityResourceId"] == identity
        assert f"variables('host_{key}')" in storage["value"]
        assert properties["functionAppConfig"]["runtime"] == {"name": "python", "version": "3.13"}


def test_events_from_outside_go_to_runs_and_all_events_to_triggers(template: Json) -> None:
    found = of(template, "topics/eventSubscriptions")
    waiting = found["[format('{0}/skyloom-events', variables('worldwide'))]"]["properties"]["filter"]
    assert waiting["includedEventTypes"] == ["payment"]
    (outside,) = waiting["advancedFilters"]
    assert outside == {"operatorType": "StringNotIn", "key": "source", "values": ["/skyloom/everything/dev"]}
    name = plain_name("start-follow_up-417851", 64)
    start = found[f"[format('{{0}}/{name}', variables('worldwide'))]"]["properties"]
    assert start["filter"] == {"includedEventTypes": ["shipped"]}
    assert (
        "'start-follow_up-417851'" in start["deliveryWithResourceIdentity"]["destination"]["properties"]["resourceId"]
    )


def test_new_objects_are_told_by_prefix_and_suffix(template: Json) -> None:
    (told,) = of(template, "systemTopics/eventSubscriptions").values()
    assert told["properties"]["filter"] == {
        "includedEventTypes": ["Microsoft.Storage.BlobCreated"],
        "subjectBeginsWith": "/blobServices/default/containers/bucket-inbox/blobs/in/",
        "subjectEndsWith": ".pdf",
        "isSubjectCaseSensitive": True,
    }


def test_a_queue_tries_as_often_as_it_says(app: App) -> None:
    changed = replace(app, resources=[*app.resources, Queue("few", attempts=2)])
    found = of(template_of(compiled(changed)), "namespaces/queues")
    attempts = {
        name.rpartition("/")[2].split("'")[0]: one["properties"]["maxDeliveryCount"] for name, one in found.items()
    }
    assert (attempts["few"], attempts["orders"], attempts["skyloom-events"]) == (2, 5, 10)


def test_alarms_reach_mails_and_chats_without_the_app(template: Json) -> None:
    (group,) = of(template, "/actionGroups").values()
    (mail,) = group["properties"]["emailReceivers"]
    assert mail["emailAddress"] == "ops@example.com"
    (chat,) = group["properties"]["logicAppReceivers"]
    assert chat["callbackUrl"].startswith("[listCallbackUrl(resourceId('Microsoft.Logic/workflows/triggers', ")
    (workflow,) = of(template, "Logic/workflows").values()
    read, post = (workflow["properties"]["definition"]["actions"][name]["inputs"] for name in ("address", "post"))
    assert read["authentication"]["type"] == "ManagedServiceIdentity"
    assert "secrets/chat-hook" in read["uri"]
    assert post["body"].keys() == {"text", "app", "environment"}
    assert post["uri"] == "@{body('address')['value']}"


def test_environments_differ_in_what_they_keep_and_how_far_they_grow(app: App) -> None:
    for environment, kept in (("dev", False), ("prod", True)):
        made = template_of(compiled(app, environment))
        (workspace,) = of(made, "/workspaces").values()
        assert workspace["properties"]["retentionInDays"] == (365 if kept else 30)
        assert made["outputs"]["keepData"]["value"] is kept
        scale = of(made, "Web/sites")["ship"]["properties"]["functionAppConfig"]["scaleAndConcurrency"]
        assert scale == {"maximumInstanceCount": 40 if kept else 100, "instanceMemoryMB": 2048}


@pytest.mark.parametrize(
    ("wanted", "instances", "activities"),
    [(None, 100, None), (1, 40, 1), (40, 40, 1), (41, 41, 1), (100, 50, 2), (81, 40, 2), (50_000, 40, 1250)],
)
def test_no_function_runs_more_often_at_once_than_it_may(
    wanted: int | None, instances: int, activities: int | None
) -> None:
    scale = at_once(wanted)
    assert (scale.instances, scale.activities) == (instances, activities)
    if wanted is not None and wanted >= 40:
        assert activities is not None
        assert instances * activities <= wanted


def test_what_holds_data_says_so(template: Json) -> None:
    kept = {made["type"] for made in template["resources"] if made.get("tags", {}).get("skyloom-keep") == "true"}
    assert kept == {
        "Microsoft.KeyVault/vaults",
        "Microsoft.ServiceBus/namespaces",
        "Microsoft.Storage/storageAccounts",
    }


def test_who_deploys_learns_what_is_there(template: Json) -> None:
    outputs = {name: one["value"] for name, one in template["outputs"].items()}
    assert outputs["apps"]["ship"] == "[variables('site_ship')]"
    assert outputs["flows"]["handle"] == "handle"
    assert outputs["functions"]["ship"] == ["skyloom_run"]
    assert {"handle", "ship", "skyloom_waits"} <= set(outputs["functions"]["main"])
    inputs = {flow: json.loads(text) for flow, text in template["metadata"]["inputs"].items()}
    assert inputs["digest"]["properties"]["days"]["type"] == "integer"


def test_same_app_same_text_and_no_secret_in_it(app: App, bundle: Bundle) -> None:
    assert compiled(app).files["template.json"] == bundle.files["template.json"]
    text = bundle.files["template.json"].decode()
    assert "listKeys" not in text
    assert "securestring" not in text.lower()


def test_text_of_the_users_is_never_an_expression(app: App) -> None:
    changed = replace(app, tags={"note": "[resourceGroup().id]"})
    made = template_of(compiled(changed))
    assert {one["tags"]["note"] for one in made["resources"] if "tags" in one} == {"[[resourceGroup().id]"}
    # A text with only one of the brackets is no expression.
    assert value("[open") == "[open"


def test_everything_is_found_out_when_it_is_deployed_and_fits_the_schemas_then(template: Json) -> None:
    there: dict[str, Json] = {}
    context = Context(
        subscription="s-1",
        group="everything-dev",
        location="westeurope",
        tenant="t-1",
        parameters={"location": "westeurope", "vaultMode": "default", "modelsRestore": False},
        variables=template["variables"],
        look=lambda id_, full: there.get(id_.lower()),
        lists=lambda function, id_: {"value": f"https://example.com/{function}"},
    )
    evaluated = Template(template, context)
    bodies = []
    for one in evaluated.in_order():
        body = evaluated.body(one)
        there[one.id.lower()] = _Answers(one.type)
        assert "Later" not in repr(body), one.id
        assert "[" not in {str(text)[:1] for text in _texts(body)}, one.id
        bodies.append({**body, "name": one.name})
    assert list(problems({"resources": bodies})) == []
    outputs = evaluated.outputs()
    assert outputs["url"]["value"] == "https://defaultHostName of Microsoft.Web/sites"
    (mail,) = [body for body in bodies if body["type"] == "Microsoft.Communication/emailServices"]
    assert mail["properties"]["dataLocation"] == "Europe"


class _Answers(dict[str, Any]):
    """What Azure says of a resource: every property, told by its name."""

    def __init__(self, type_: str) -> None:
        super().__init__()
        self.type = type_

    def __missing__(self, name: str) -> Json:
        return {"blob": "https://a.blob.core.windows.net/"} if name == "primaryEndpoints" else f"{name} of {self.type}"

    def __contains__(self, name: object) -> bool:
        return True


def _texts(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


# --- the code finds what the template makes -------------------------------------------------------------------------


def test_every_trigger_has_its_queue_and_may_take_from_it(bundle: Bundle, template: Json) -> None:
    source = bundle.files["app/function_app.py"].decode()
    read = set(re.findall(r'queue_name="([^"]+)"', source))
    made = {one["name"].rpartition("/")[2].partition("'")[0] for one in of(template, "namespaces/queues").values()}
    assert read == made
    assert read == {at for role, at in granted(template, "app-main") if role == "Azure Service Bus Data Receiver"}
    assert set(re.findall(r'connection="([^"]+)"', source)) == {"SKYLOOM_BUS"}


def test_the_host_finds_its_scheduler(bundle: Bundle, template: Json) -> None:
    storage = json.loads(bundle.files["app/host.json"])["extensions"]["durableTask"]
    found = settings(template, "main")
    assert storage["storageProvider"]["connectionStringName"] in found
    assert storage["hubName"].strip("%") in found


@pytest.mark.parametrize(
    ("folder", "site"), [("app/", "main"), ("apps/ship/", "ship"), ("apps/notify-2e1206/", "notify-2e1206")]
)
def test_the_code_finds_every_setting(bundle: Bundle, template: Json, folder: str, site: str) -> None:
    code = "".join(
        text.decode() for path, text in bundle.files.items() if path.startswith(folder) and path.endswith(".py")
    )
    # Carried modules know settings of apps that are otherwise than this one too.
    known = {f"SKYLOOM_{name}" for name in re.findall(r'variable\("([A-Z_]+)"\)', code)}
    known |= set(re.findall(r'environ(?:\.get)?[\[(]"(SKYLOOM_\w+|AZURE_CLIENT_ID)"', code))
    assert known - _ELSEWHERE <= settings(template, site).keys()
    assert known


_ELSEWHERE = {"SKYLOOM_BUCKET"}
"""Of other clouds."""


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
    file = tmp_path / "everything_azure.py"
    file.write_text(EVERYTHING.read_text())
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a"
    (tmp_path / "skyloom.toml").write_text(
        f'[providers.foundry]\nkind = "foundry"\nendpoint = "https://a.openai.azure.com"\nresource = "{account}"\n'
    )
    compiled_ = compile_app(load_app(file), "dev", SETTINGS)
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
