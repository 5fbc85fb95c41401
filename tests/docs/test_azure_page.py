"""The page on Azure tells of every role that the template gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import app_of

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.resources.arm import API
from skyloom.deployers.azure.resources.words import ROLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/azure.md").read_text(encoding="utf-8")
Json = Any


def rows() -> set[tuple[str, str]]:
    """The identities of the table of permissions and their roles."""
    found, who = set(), ""
    section = PAGE.partition("## Permissions")[2].partition("###")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and not cells[1].startswith(("role", "-")):
            who = cells[0] or who
            found.add((who, cells[1]))
    return found


@pytest.fixture(scope="module")
def template() -> Json:
    """The template of an app that has everything."""
    app = compile_app(app_of("everything", "azure"), "dev", FunctionSettings(python="3.13", pinned=False))
    return json.loads(app.bundle.files["template.json"])


def test_the_page_tells_of_every_role_and_of_no_other(template: Json) -> None:
    names = {role.id: role.name for role in ROLES}
    given = set()
    for made in template["resources"]:
        if made["type"] == "Microsoft.Authorization/roleAssignments":
            (who,) = re.findall(r"'everything-dev-([\w-]+)'", made["properties"]["principalId"])
            role = names[re.findall(r"'([^']+)'", made["properties"]["roleDefinitionId"])[-1]]
            given.add((_told(who, role), role))
    assert given == rows()


def _told(who: str, role: str) -> str:
    if role in ("Storage Blob Data Owner", "Monitoring Metrics Publisher"):
        return "every function app"
    known = {"app-main", "event-grid", "alarms"}
    return f"`<app>-<env>-{who}`" if who in known else "`<app>-<env>-app-<further app>`"


def test_things_are_kept_as_long_as_the_page_says(template: Json) -> None:
    properties = {made["type"].rpartition("/")[2]: made["properties"] for made in template["resources"]}
    (runs,) = properties["retentionPolicies"]["retentionPolicies"]
    rules = {
        rule["name"]: rule["definition"]["actions"] for rule in properties["managementPolicies"]["policy"]["rules"]
    }
    days = {
        "runs that are over": f"{runs['retentionPeriodInDays']} days",
        "large values, waits, what was started": f"{_after(rules['runs']['baseBlob'])} days after their last change; "
        "replaced versions a day",
        "what further apps were asked": f"{_after(rules['calls']['baseBlob'])} days",
        "objects of buckets": "until they are deleted; replaced versions "
        f"{_after(rules['old-versions']['version'])} days, and what was deleted "
        f"{properties['blobServices']['deleteRetentionPolicy']['days']} days",
        "messages": f"{properties['queues']['defaultMessageTimeToLive'].strip('PD')} days, then they are dead letters",
    }
    section = PAGE.partition("## What is kept")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| (.*?) \| (.*?) \|$", section, re.MULTILINE))
    assert {what: told[what] for what in days} == days
    assert _after(rules["runs"]["version"]) == 1
    kept = f"{properties['vaults']['softDeleteRetentionInDays']} days"
    assert told["a vault that was deleted"].startswith(kept)


def _after(action: Json) -> int:
    (days,) = action["delete"].values()
    return int(days)


def test_the_page_names_every_provider() -> None:
    # Flex Consumption plans need that of container apps too.
    named = set(re.findall(r"`(Microsoft\.\w+)`", PAGE.partition("### Who deploys")[2].partition("##")[0]))
    assert named == {type_.partition("/")[0] for type_ in API} - {"Microsoft.Authorization"} | {"Microsoft.App"}
