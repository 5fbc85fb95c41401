"""What the template makes, the code of the function apps finds: queues, settings, roles."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from clouds.apps import app_of

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.resources.words import BUS_RECEIVER
from skyloom.deployers.bundle import Bundle

Json = Any


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return compile_app(app_of("everything", "azure"), "dev", FunctionSettings(python="3.13", pinned=False)).bundle


@pytest.fixture(scope="module")
def template(bundle: Bundle) -> Json:
    return json.loads(bundle.files["template.json"])


def of(template: Json, type_: str) -> list[Json]:
    return [made for made in template["resources"] if made["type"].endswith(type_)]


def settings(template: Json, site: str) -> set[str]:
    (found,) = [made for made in of(template, "Web/sites") if made["tags"]["skyloom-name"] == site]
    return {one["name"] for one in found["properties"]["siteConfig"]["appSettings"]}


def taken(template: Json) -> set[str]:
    """The queues from which somebody may take."""
    roles = [made for made in of(template, "/roleAssignments") if BUS_RECEIVER.id in json.dumps(made)]
    return {re.findall(r"'([^']*)'", made["scope"])[-1] for made in roles}


def test_every_trigger_has_its_queue_and_may_take_from_it(bundle: Bundle, template: Json) -> None:
    source = bundle.files["app/function_app.py"].decode()
    read = set(re.findall(r'queue_name="([^"]+)"', source))
    made = {one["name"].rpartition("/")[2].partition("'")[0] for one in of(template, "namespaces/queues")}
    assert read == made
    assert read == taken(template)
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
    known |= set(re.findall(r'environ(?:\.get)?[\[(]"(SKYLOOM_\w+|AZURE_CLIENT_ID)"[\])](?! or )', code))
    assert known - _ELSEWHERE <= settings(template, site)
    assert known


_ELSEWHERE = {"SKYLOOM_BUCKET"}
"""Of other clouds."""
