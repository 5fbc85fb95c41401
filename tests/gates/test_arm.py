"""The ARM templates of the examples pass every gate; each control that is taken away is missed by one."""

from __future__ import annotations

import copy
import json
import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import NAMES, app_of
from gates.arm.checking import problems, references, unread
from gates.arm.controls import BUS, CONTROLS, EVENTS, QUEUE, SITE
from gates.arm.relations import written_id
from gates.arm.rules import rules
from gates.arm.scanning import Scanned, at, checkov
from gates.arm.schemas import SOURCES, known
from gates.controls import broken, by_control
from gates.scanners import Finding

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings
from skyloom.deployers.azure.kinds import KINDS
from skyloom.deployers.azure.resources.arm import API
from skyloom.deployers.azure.resources.exceptions import ACCEPTED
from skyloom.deployers.azure.resources.layout import TRACKED

ROOT = Path(__file__).parents[2]
SETTINGS = FunctionSettings(python="3.13", pinned=False)

pytestmark = pytest.mark.timeout(300)

Json = Any
Found = dict[str, set[Finding]]


def compiled(name: str) -> Json:
    return json.loads(compile_app(app_of(name, "azure"), "dev", SETTINGS).bundle.files["template.json"])


@pytest.fixture(scope="module")
def templates() -> dict[str, Json]:
    return {name: compiled(name) for name in NAMES}


@pytest.fixture(scope="module")
def all_of_them(templates: dict[str, Json]) -> dict[str, Json]:
    """Controls are taken away in as few templates as show which one is missed: of a resource one in each."""
    return {**templates, **broken(templates["everything"], CONTROLS)}


@pytest.fixture(scope="module")
def scanned(all_of_them: dict[str, Json], tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    return checkov(all_of_them, tmp_path_factory.mktemp("gates"))


@pytest.fixture(scope="module")
def found(all_of_them: dict[str, Json], scanned: Scanned) -> Found:
    said = {name: scanned.found[name] | rules(template) for name, template in all_of_them.items()}
    return said | by_control(said, CONTROLS)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_passes_every_gate(found: Found, name: str) -> None:
    assert found[name] == set()


def test_nothing_is_accepted_that_nobody_finds(scanned: Scanned) -> None:
    assert scanned.excused == {rule for one in ACCEPTED for rule in one.rules}


# --- schemas --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_schemas_know_everything_that_a_template_says(templates: dict[str, Json], name: str) -> None:
    assert list(problems(templates[name])) == []


@pytest.mark.parametrize("name", NAMES)
def test_resources_have_what_is_read_of_them(templates: dict[str, Json], name: str) -> None:
    text = json.dumps(templates[name])
    assert len(list(references(templates[name]))) == len(re.findall(r"\breference\(", text))
    assert list(unread(templates[name])) == []


def test_what_no_resource_has_is_found(templates: dict[str, Json]) -> None:
    text = json.dumps(templates["everything"]).replace(".clientId", ".clientID").replace(".vaultUri", ".uri")
    assert list(unread(json.loads(text))) == [
        "Microsoft.KeyVault/vaults has no uri",
        "Microsoft.ManagedIdentity/userAssignedIdentities has no clientID",
    ]


def test_there_is_a_schema_of_every_type_in_the_version_that_is_deployed() -> None:
    assert {type_: told["apiVersion"] for type_, told in known()["types"].items()} == API
    assert {type_: source.version for type_, source in SOURCES.items()} == API
    assert {type_: told["from"] for type_, told in known()["types"].items()} == {
        type_: source.requirement for type_, source in SOURCES.items()
    }


def test_the_templates_have_every_type_that_there_is_a_schema_of(templates: dict[str, Json]) -> None:
    assert {made["type"] for template in templates.values() for made in template["resources"]} == set(API)


def test_what_no_schema_knows_is_found(templates: dict[str, Json]) -> None:
    template = copy.deepcopy(templates["everything"])
    resources = at(template)
    site = resources[SITE]["properties"]
    site["siteConfig"]["minTlsVersions"] = "1.2"
    site["functionAppConfig"]["deployment"]["storage"]["type"] = "blob"
    site["httpsOnly"] = "yes"
    scheduler = resources["Microsoft.DurableTask/schedulers.everything-dev"]["properties"]
    del scheduler["sku"]
    scheduler["endpoint"] = "https://example.com"
    event = resources[EVENTS]["properties"]
    event["filter"]["advancedFilters"][0]["operatorType"] = "StringIsNot"
    event["deliveryWithResourceIdentity"]["destination"]["properties"]["resource"] = "a queue"
    resources[QUEUE]["properties"]["maxDeliveryCount"] = True
    resources[BUS]["apiVersion"] = "2017-04-01"
    told = [re.sub(r"^\S+ .*?(\.properties|: version)", r"\1", problem) for problem in problems(template)]
    assert sorted(told) == [
        ".properties.deliveryWithResourceIdentity.destination.properties: no property resource",
        ".properties.filter.advancedFilters[0].operatorType is none of " + ", ".join(_OPERATORS),
        ".properties.functionAppConfig.deployment.storage.type is none of blobContainer",
        ".properties.httpsOnly is no boolean",
        ".properties.maxDeliveryCount is no integer",
        ".properties.siteConfig: no property minTlsVersions",
        ".properties: endpoint can only be read",
        ".properties: sku is missing",
        ": version 2017-04-01, not 2026-01-01",
    ]


_OPERATORS = sorted(
    [
        *("BoolEquals", "IsNotNull", "IsNullOrUndefined"),
        *(f"Number{one}" for one in ("GreaterThan", "GreaterThanOrEquals", "In", "InRange")),
        *(f"Number{one}" for one in ("LessThan", "LessThanOrEquals", "NotIn", "NotInRange")),
        *(f"String{no}{one}" for no in ("", "Not") for one in ("BeginsWith", "Contains", "EndsWith", "In")),
    ]
)


# --- references -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_leads_somewhere_and_none_in_a_circle(templates: dict[str, Json], name: str) -> None:
    template = templates[name]
    needs = {written_id(made): set(_ids(made.get("dependsOn", []))) for made in template["resources"]}
    assert len(needs) == len(template["resources"])
    assert set().union(*needs.values()) <= needs.keys()
    assert set(TopologicalSorter(needs).static_order()) == needs.keys()
    for made in template["resources"]:
        # Whatever is read of another resource is there by then.
        own = written_id(made)
        read = {id_ for id_ in needs if f"reference({id_}," in json.dumps(made["properties"])}
        assert read <= needs[own], own
        # What something is about is there by then; of a secret, the vault.
        about = made.get("scope", "[]")[1:-1]
        outer = {id_ for id_ in needs if _lies_in(about, id_)}
        assert not about or (outer | ({about} & needs.keys())) & needs[own], own
    variables = set(re.findall(r"variables\('([^']+)'\)", json.dumps(template)))
    assert variables == template["variables"].keys()
    parameters = set(re.findall(r"parameters\('([^']+)'\)", json.dumps(template["resources"])))
    assert parameters == template["parameters"].keys()


def _ids(texts: list[str]) -> list[str]:
    return [text[1:-1] for text in texts]


def _lies_in(inner: str, outer: str) -> bool:
    """Whether a resource lies in another one, by their ids as the template writes them."""
    found, around = (re.fullmatch(r"resourceId\('([^']*)', (.*)\)", id_) for id_ in (inner, outer))
    if found is None or around is None:
        return False
    return found[1].startswith(f"{around[1]}/") and found[2].startswith(f"{around[2]}, ")


def test_people_have_a_word_for_every_type(templates: dict[str, Json]) -> None:
    found = {made["type"].lower() for template in templates.values() for made in template["resources"]}
    assert found <= KINDS.keys()


def test_what_has_a_place_has_tags(templates: dict[str, Json]) -> None:
    for made in (made for template in templates.values() for made in template["resources"]):
        assert ("tags" in made) == ("location" in made) == (made["type"] in TRACKED)


# --- controls -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_that_is_taken_away_is_missed(found: Found, control: str) -> None:
    assert found[control] & CONTROLS[control][1]
