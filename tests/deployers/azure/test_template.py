"""The ARM template: what is in it, who may do what, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import app_of
from engines.azure_account.expressions import evaluate
from engines.azure_account.templates import Context, Template
from gates.arm.checking import problems

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.resources.arm import value
from skyloom.deployers.azure.resources.layout import at_once
from skyloom.deployers.azure.resources.names import plain_name
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app
from skyloom.flows.app import App, Queue

SAGA = Path(__file__).parents[3] / "examples/order_saga/order_saga.py"
SETTINGS = FunctionSettings(python="3.13", pinned=False)

Json = Any


def compiled(app: App, environment: str = "dev") -> Bundle:
    return compile_app(app, environment, SETTINGS).bundle


def template_of(bundle: Bundle) -> Json:
    return json.loads(bundle.files["template.json"])


@pytest.fixture(scope="module")
def app() -> App:
    return app_of("everything", "azure")


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


def settings(template: Json, site: str) -> dict[str, str]:
    config = of(template, "Web/sites")[site]["properties"]["siteConfig"]
    return {one["name"]: one["value"] for one in config["appSettings"]}


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


def test_environments_differ_in_what_they_keep_and_log_and_how_far_they_grow(app: App) -> None:
    values = "AzureFunctionsJobHost__extensions__durableTask__tracing__traceInputsAndOutputs"
    for environment, kept in (("dev", False), ("prod", True)):
        made = template_of(compiled(app, environment))
        assert (values in settings(made, "main")) is kept
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


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("westeurope", "Europe"),
        ("swedencentral", "Europe"),
        ("austriaeast", "Europe"),
        ("australiaeast", "Australia"),
        ("eastus2", "United States"),
        ("southcentralus", "United States"),
        ("uksouth", "UK"),
        ("southeastasia", "Asia Pacific"),
        ("centralindia", "India"),
        ("uaenorth", "UAE"),
    ],
)
def test_mails_are_kept_near_the_app(template: Json, region: str, place: str) -> None:
    (service,) = [made for made in template["resources"] if made["type"].endswith("/emailServices")]
    context = Context("s", "g", region, "t", {"location": region}, {}, lambda id_, full: None)
    assert evaluate(service["properties"]["dataLocation"], context) == place
