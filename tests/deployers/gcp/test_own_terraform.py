"""A bundle is deployed by the user's own Terraform, from its folder alone, as docs/gcp.md says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from clouds.apps import NAMES, app_of
from engines.gcp_account.account import GoogleProject
from engines.gcp_account.names import PROJECT, REGION
from engines.gcp_account.terraform.configuration import configuration as configuration_of

from skyloom.deployers.bundle import Bundle
from skyloom.deployers.functions import load_app
from skyloom.deployers.gcp.artifacts import configuration
from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.functions import FunctionSettings
from skyloom.deployers.gcp.resources.code import OVERRIDE, SOURCES
from skyloom.flows.app import App

HERE = FunctionSettings(python=f"3.{sys.version_info.minor}", pinned=False)
VARIABLES = {"project": PROJECT, "region": REGION, "artifacts": "code-of-orders"}
ORDER = {
    "id": "o1",
    "customer": "Ada",
    "card": "4000-0001",
    "lines": [{"sku": "lamp", "quantity": 2, "price": 20.0}, {"sku": "desk", "quantity": 1, "price": 99.5}],
}


def written(folder: Path, app: App | None = None) -> Bundle:
    """The bundle of the example, in the folder."""
    bundle = compile_app(app or app_of("order_saga", "gcp"), "dev", HERE).bundle
    bundle.write(folder)
    return bundle


def result(gcp: GoogleProject, workflow: str, argument: Any) -> Any:
    """What a run gives that is started as `gcloud workflows run` does."""
    body = {"argument": json.dumps(argument)}
    name = gcp.http.post(f"/v1/{workflow}/executions", json=body).raise_for_status().json()["name"]
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = gcp.http.get(f"/v1/{name}").raise_for_status().json()
        if found["state"] != "ACTIVE":
            assert found["state"] == "SUCCEEDED", found
            return json.loads(found["result"])
        time.sleep(0.1)
    raise AssertionError("the run did not end")


def test_the_folder_is_enough(gcp: GoogleProject, tmp_path: Path) -> None:
    folder = tmp_path / "build"
    written(folder)
    # Whoever deploys has the folder, and not the program that wrote it.
    for path in (folder / "functions").iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    made = gcp.terraform("apply", folder, **VARIABLES)
    assert made["failures"] == []
    workflow = json.loads(made["outputs"]["flows"])["place_order"]
    receipt = result(gcp, workflow, {"order": ORDER})
    assert (receipt["status"], receipt["total"], receipt["tracking"]) == ("shipped", 139.5, "track-o1")
    again = gcp.terraform("apply", folder, **VARIABLES)
    assert (again["failures"], again["changes"]) == ([], [])
    gone = gcp.terraform("destroy", folder, **VARIABLES)
    assert gone["failures"] == []
    assert gcp.inventory() == {}


def test_a_changed_function_is_uploaded_and_deployed(gcp: GoogleProject, tmp_path: Path) -> None:
    folder = tmp_path / "build"
    before = written(folder)
    assert gcp.terraform("apply", folder, **VARIABLES)["failures"] == []
    source = (Path(__file__).parents[3] / "examples/order_saga/order_saga.py").read_text()
    changed = tmp_path / "order_saga.py"
    changed.write_text(source.replace('return f"{order}/{sku}"', 'return f"{order}-{sku}"'))
    after = written(folder, load_app(changed))
    changed_zips = {path for path in after.files if path.endswith(".zip") and after.files[path] != before.files[path]}
    done = gcp.terraform("apply", folder, **VARIABLES)
    assert done["failures"] == []
    changes = {(intent, address) for intent, address in done["changes"]}
    objects = {address for intent, address in changes if intent == "recreate"}
    assert {address.partition(".")[0] for address in objects} == {"google_storage_bucket_object"}
    assert 0 < len(objects) == len(changed_zips)
    assert ("update", "google_cloudfunctions2_function.tasks") in changes


@pytest.mark.parametrize("missing", [SOURCES, "functions"])
def test_without_its_sources_a_configuration_cannot_be_applied(
    gcp: GoogleProject, tmp_path: Path, missing: str
) -> None:
    folder = tmp_path / "build"
    written(folder)
    shutil.rmtree(folder / missing) if missing == "functions" else (folder / missing).unlink()
    done = gcp.terraform("apply", folder, **VARIABLES)
    assert done.get("problem") or done["failures"]


def test_what_takes_code_waits_until_it_is_there(tmp_path: Path) -> None:
    """Terraform does at once whatever need not wait."""
    files = {path: data.decode(errors="replace") for path, data in written(tmp_path / "build").files.items()}
    wanted = configuration_of(files, VARIABLES)
    functions = {address for address in wanted.resources if address.startswith("google_cloudfunctions2_function.")}
    assert functions
    for address in functions:
        assert {need.partition(".")[0] for need in wanted.needs[address]} >= {"google_storage_bucket_object"}
    assert "google_storage_bucket.artifacts" in wanted.needs["google_storage_bucket_iam_member.build_artifacts"]


def test_infrastructure_manager_gets_the_main_file_alone(tmp_path: Path) -> None:
    """What is uploaded for it makes no bucket, and waits for no object: both are there."""
    bundle = written(tmp_path / "build")
    assert {SOURCES, OVERRIDE} <= bundle.files.keys()
    files = configuration(bundle)
    assert sorted(path for path in files if "/" not in path) == ["main.tf.json"]
    assert "google_storage_bucket_object" not in files["main.tf.json"].decode()


# --- the real Terraform ---------------------------------------------------------------------------------------------


def stood_in(bundle: Bundle) -> dict[str, str]:
    """The configuration with `terraform_data` instead of every resource, for Terraform has no provider here: all
    else, from references to functions, cycles and overrides, is looked at as it is."""
    found: dict[str, str] = {}
    for path, data in bundle.files.items():
        text = data.decode(errors="replace")
        if path.endswith(".tf.json"):
            document = json.loads(text)
            types = [*json.loads(bundle.files["main.tf.json"])["resource"], "google_storage_bucket_object"]
            document.pop("provider", None)
            document.get("terraform", {}).pop("required_providers", None)
            blocks = document.pop("resource", {}), document.pop("data", {})
            made = {
                f"{prefix}{type_}__{name}": _stand_in(body)
                for prefix, block in zip(("", "data__"), blocks, strict=True)
                for type_, named in block.items()
                for name, body in named.items()
            }
            document |= {"resource": {"terraform_data": made}} if made else {}
            text = json.dumps(document)
            for type_ in sorted(types, key=len, reverse=True):
                text = re.sub(rf"(?<![\w.]){type_}\.(\w+)\.", rf"terraform_data.{type_}__\1.output.", text)
                text = re.sub(rf'"{type_}\.(\w+)"', rf'"terraform_data.{type_}__\1"', text)
            text = re.sub(r"(?<![\w.])data\.(google_\w+)\.(\w+)\.", r"terraform_data.data__\1__\2.output.", text)
        found[path] = text
    return found


def _stand_in(body: Any) -> Any:
    meta = {key: body[key] for key in ("depends_on", "lifecycle") if key in body}
    return {"input": {key: value for key, value in body.items() if key not in (*meta, "provider", "//")}, **meta}


def terraform(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["terraform", *command, "-no-color"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on this machine")
@pytest.mark.parametrize("name", NAMES)
def test_the_real_terraform_finds_nothing_wrong(tmp_path: Path, name: str) -> None:
    app = app_of(name, "gcp")
    files = stood_in(compile_app(app, "dev", HERE).bundle)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    begun = terraform(tmp_path, "init", "-input=false")
    assert begun.returncode == 0, begun.stderr[:2000]
    checked = terraform(tmp_path, "validate")
    assert checked.returncode == 0, checked.stderr[:2000]
    # It does look: a reference that leads nowhere is found.
    broken = files["main.tf.json"].replace("terraform_data.google_service_account__", "terraform_data.none__", 1)
    (tmp_path / "main.tf.json").write_text(broken)
    assert "undeclared resource" in terraform(tmp_path, "validate").stderr
