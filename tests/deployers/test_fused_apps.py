"""Apps whose calls share invocations, as they are deployed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from skyloom.deployers.aws import compiling as aws
from skyloom.deployers.aws.functions import FunctionSettings as OnAws
from skyloom.deployers.azure import compiling as azure
from skyloom.deployers.azure.functions import FunctionSettings as OnAzure
from skyloom.deployers.functions import load_app
from skyloom.deployers.gcp import compiling as gcp
from skyloom.deployers.gcp.functions import FunctionSettings as OnGoogle
from skyloom.deployers.packaging import running_python
from skyloom.flows.app import App

SOURCE = """
from skyloom.flows import App, Bucket, Retry, flow, task


@task(FUSE, timeout=20, retry=Retry(attempts=3, delay=1.0, jitter=0.0))
def clean(text: str) -> str:
    return text.strip()


@task(FUSE, timeout=20, retry=Retry(attempts=3, delay=1.0, jitter=0.0))
def weigh(text: str, factor: float) -> float:
    return len(text) * factor


@task(timeout=20)
def alone(value: float) -> float:
    return value


@flow
def weights(texts: list[str], factor: float) -> float:
    first = clean(texts[0])
    one = weigh(first + "!", factor)
    all_ = [weigh(text, factor) for text in texts]
    return alone(one + sum(all_))


app = App("weighing", flows=[weights], resources=[RESOURCES])
"""


def app_of(folder: Path, fuse: str = "fuse=True", resources: str = "") -> App:
    path = folder / "weighing.py"
    path.write_text(SOURCE.replace("FUSE", fuse).replace("RESOURCES", resources))
    return load_app(path)


def bundle(cloud: str, app: App) -> Mapping[str, bytes]:
    python = running_python()
    match cloud:
        case "aws":
            return aws.compile_app(app, "dev", OnAws(python=python, bytecode=False)).bundle.files
        case "gcp":
            return gcp.compile_app(app, "dev", OnGoogle(python=python, pinned=False)).bundle.files
        case _:
            return azure.compile_app(app, "dev", OnAzure(python=python, pinned=False, bytecode=False)).bundle.files


def modules(files: Mapping[str, bytes]) -> list[str]:
    return sorted(path for path in files if path.endswith(("skyloom_fused.py", "hosts/fused.py")))


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_only_functions_with_such_calls_carry_what_makes_them(cloud: str, tmp_path: Path) -> None:
    files = bundle(cloud, app_of(tmp_path))
    places = {path.rpartition("/skyloom_fused.py")[0] for path in files if path.endswith("/skyloom_fused.py")}
    assert len(places) == 1
    (place,) = places
    assert modules(files) == [f"{place}/skyloom/adapters/hosts/fused.py", f"{place}/skyloom_fused.py"]
    source = files[f"{place}/skyloom_fused.py"].decode()
    assert 'one = call("weigh", text=first + "!", factor=factor)' in source
    assert modules(bundle(cloud, app_of(tmp_path, fuse="memory=None"))) == []


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_the_package_imports_what_it_needs(cloud: str, tmp_path: Path) -> None:
    files = bundle(cloud, app_of(tmp_path))
    place = next(path.rpartition("/")[0] for path in files if path.endswith("/skyloom_fused.py"))
    for path, content in files.items():
        if path.startswith(f"{place}/") and path.endswith(".py"):
            file = tmp_path / "package" / path.removeprefix(f"{place}/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from skyloom.adapters.hosts import invocation
class Host:
    root, keeps_numbers = ".", False
    left = lambda self: None
    log = lambda self, failed: {}
    def write(self, line, failed):
        print(line)
kinds = invocation.jobs({"clean": "weighing:clean", "weigh": "weighing:weigh"}, None, None, "skyloom_fused")
event = {"fused": "weights_clean", "arguments": {"texts": [" ab "], "factor": 2}}
event["context"] = {"run": "r", "flow": "weights", "step": "weights/clean", "attempt": 1}
print(invocation.outcome(event, Host(), True, kinds))
"""
    command = [sys.executable, "-I", "-S", "-c", code, str(tmp_path / "package")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    *records, result = told.stdout.splitlines()
    assert result in ("6.0", "['ab', 6.0]")
    first, second = map(json.loads, records)
    assert (first["step"], first["task"], first["attempt"], first["cold"]) == ("weights/clean", "clean", 1, True)
    assert (second["step"], second["task"], second["outcome"]) == ("weights/weigh", "weigh", "done")
    assert "cold" not in second or second["cold"] is False


WORST = 630
"""Seconds of ten items: three attempts of 20 seconds, and pauses of 1 and 2, for each; two calls take 126."""


def test_functions_may_run_as_long_as_their_longest_step_on_aws(tmp_path: Path) -> None:
    template = json.loads(bundle("aws", app_of(tmp_path))["template.json"])
    limits = {
        name: resource["Properties"]["Timeout"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    assert max(limits.values()) == WORST + 10
    assert sorted(limits.values()).count(WORST + 10) == 1


def test_functions_may_run_as_long_as_their_longest_step_on_google_cloud(tmp_path: Path) -> None:
    found = json.loads(bundle("gcp", app_of(tmp_path))["main.tf.json"])
    functions = found["resource"]["google_cloudfunctions2_function"]
    limits = [config["service_config"]["timeout_seconds"] for config in map(_one, functions.values())]
    assert max(limits) == WORST + 10


def _one(of: Any) -> Any:
    config = of[0] if isinstance(of, list) else of
    service = config["service_config"]
    return {**config, "service_config": service[0] if isinstance(service, list) else service}


def test_functions_may_run_as_long_as_their_longest_step_on_azure(tmp_path: Path) -> None:
    host = json.loads(bundle("azure", app_of(tmp_path))["app/host.json"])
    hours, minutes, seconds = map(int, host["functionTimeout"].split(":"))
    assert hours * 3600 + minutes * 60 + seconds >= WORST + 10


def test_calls_share_an_invocation_of_another_function_app_on_azure(tmp_path: Path) -> None:
    files = bundle("azure", app_of(tmp_path, resources='Bucket("kept", readers=[clean, weigh])'))
    (place,) = {path.rpartition("/")[0] for path in files if path.endswith("/skyloom_fused.py")}
    assert place.startswith("apps/")
    assert '"weights_clean": 126.0' in files["app/function_app.py"].decode()
    assert 'fused="skyloom_fused"' in files[f"{place}/function_app.py"].decode()
    flow = next(text.decode() for path, text in files.items() if path.startswith("app/flows/weights"))
    assert 'fused("weights_clean", 126, function="clean")' in flow


def test_the_same_app_is_the_same_bytes(tmp_path: Path) -> None:
    app = app_of(tmp_path)
    before = bundle("aws", app)
    assert bundle("aws", replace(app)) == before
