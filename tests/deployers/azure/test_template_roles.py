"""Who may do what: roles at single resources; and what runs are told of."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import app_of
from gates.arm.checking import problems
from gates.arm.rules import rules

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.resources.words import ROLES
from skyloom.deployers.functions import load_app
from skyloom.flows.app import App

SETTINGS = FunctionSettings(python="3.13", pinned=False)

Json = Any


def template_of(app: App) -> Json:
    return json.loads(compile_app(app, "dev", SETTINGS).bundle.files["template.json"])


@pytest.fixture(scope="module")
def template() -> Json:
    return template_of(app_of("everything", "azure"))


def of(template: Json, type_: str) -> dict[str, Json]:
    """The resources of a type by name."""
    return {made["name"]: made for made in template["resources"] if made["type"].endswith(type_)}


_ROLE_NAMES = {role.id: role.name for role in ROLES}


def granted(template: Json, who: str, app: str = "everything") -> set[tuple[str, str]]:
    """Which roles an identity has, and at what: the last name of the resource."""
    principal = f"'{app}-dev-{who}')"
    found = set()
    for made in of(template, "/roleAssignments").values():
        if principal in made["properties"]["principalId"]:
            role = made["properties"]["roleDefinitionId"].rpartition("', '")[2][:-3]
            found.add((_ROLE_NAMES[role], re.findall(r"'([^']*)'", made["scope"])[-1]))
    return found


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


# --- what runs are told of -----------------------------------------------------------------------------------------

WAITING = """
from skyloom.flows import flow, wait_for
from skyloom.flows.app import App, Bucket, Queue

@flow
def listen(name: str) -> str:
    {waits}
    return name

app = App("listener", flows=[listen], resources=[Bucket("files"), Queue("unread")])
"""


@pytest.mark.parametrize(
    ("waits", "types"),
    [
        ('wait_for("b", str)\n    wait_for("a", str)', ["a", "b"]),
        # Whatever comes is told where a name is known only while the flow runs, or a filter would not hold all.
        ("wait_for(name, str)", None),
        ("\n    ".join(f'wait_for("event {number}", str)' for number in range(26)), None),
        ('wait_for("[odd]", str)', ["[[odd]"]),
    ],
)
def test_runs_are_told_what_they_wait_for(tmp_path: Path, waits: str, types: list[str] | None) -> None:
    file = tmp_path / "listener.py"
    file.write_text(WAITING.format(waits=waits))
    made = template_of(load_app(file))
    (subscription,) = of(made, "topics/eventSubscriptions").values()
    assert subscription["properties"]["filter"].get("includedEventTypes") == types
    assert subscription["properties"]["filter"]["advancedFilters"]
    # A queue that nothing reads keeps its messages for who fetches them.
    receives = {at for role, at in granted(made, "app-main", "listener") if "Receiver" in role}
    assert receives == {"skyloom-events"}
    assert len(of(made, "namespaces/queues")) == 2
    assert "Microsoft.KeyVault/vaults" not in {one["type"] for one in made["resources"]}
    assert list(problems(made)) == []
    assert rules(made) == set()
