"""The packages of functions on Google Cloud: entries, requirements, what is carried."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from skyloom.deployers.aws.functions import packages_of_file as aws_packages
from skyloom.deployers.functions import function_groups, load_app, programs
from skyloom.deployers.gcp.functions import (
    FunctionSettings,
    helper_package,
    native_models,
    packages_of_file,
    service_package,
)
from skyloom.deployers.packaging import running_python
from skyloom.errors import CheckFailed
from skyloom.flows.app import Environment
from skyloom.flows.config import load_config

AWS_FLOW = """
@flow
def run(n: int) -> int:
    return double(n)
"""
UNPINNED = FunctionSettings(python=running_python(), pinned=False)

SOURCE = """
from skyloom.flows import *

@task
def double(n: int) -> int:
    return 2 * n

@prompt("Sum up: {text}", model="fast")
def sum_up(text: str) -> str: ...

@flow
def run(n: int, text: str) -> str:
    double(n)
    return sum_up(text)
"""


def written(folder: Path, source: str = SOURCE, name: str = "work", config: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "skyloom.toml").write_text(config, encoding="utf-8")
    file = folder / f"{name}.py"
    file.write_text(source, encoding="utf-8")
    return file


def packages(file: Path, settings: FunctionSettings = UNPINNED) -> dict[str, Any]:
    return dict(packages_of_file(file, settings=settings).packages)


def requirements(package: Any) -> list[str]:
    return str(package.files["requirements.txt"].decode()).splitlines()


def test_every_version_is_pinned_with_the_digest_of_its_wheel(tmp_path: Path) -> None:
    file = written(tmp_path / "project")
    settings = FunctionSettings(python="3.13")
    package = packages(file, settings)["double"]
    lines = requirements(package)
    assert all(re.fullmatch(r"[a-z0-9.-]+==\S+ --hash=sha256:[0-9a-f]{64}", line) for line in lines)
    names = [line.partition("==")[0] for line in lines]
    assert {"functions-framework", "flask", "gunicorn"} <= set(names)
    assert names == sorted(names)
    assert packages(file, settings)["double"].zipped() == package.zipped()


def test_a_function_of_prompts_requires_what_asks_models_and_no_other_sdk(tmp_path: Path) -> None:
    package = packages(written(tmp_path / "project"))["sum-up"]
    assert [line.partition("==")[0] for line in requirements(package)] == ["functions-framework", "google-genai"]
    assert 'adapter="skyloom.adapters.llm.vertex:VertexModel"' in package.files["prompts.py"].decode()
    assert "skyloom/adapters/llm/vertex.py" in package.files
    assert not [path for path in package.files if "bedrock" in path or "aws_lambda" in path]


def test_a_function_carries_nothing_of_other_clouds(tmp_path: Path) -> None:
    source = SOURCE.replace("    return 2 * n", '    Secret("k").read()\n    return 2 * n')
    carried = packages(written(tmp_path / "project", source))["double"].files
    assert {"skyloom/adapters/google_apis.py", "skyloom/adapters/secrets/google_secret_manager.py"} <= carried.keys()
    assert not [path for path in carried if "aws" in path]
    (package,) = aws_packages(written(tmp_path / "aws", source.partition("@prompt")[0] + AWS_FLOW)).packages.values()
    assert "skyloom/adapters/secrets/aws_secrets_manager.py" in package.files
    assert not [path for path in package.files if "google" in path]


def test_what_aws_has_in_its_runtime_is_required_here(tmp_path: Path) -> None:
    source = SOURCE.replace("from skyloom.flows import *", "import boto3\nfrom skyloom.flows import *")
    package = packages(written(tmp_path / "project", source))["double"]
    assert any(line.startswith("boto3==") for line in requirements(package))


def test_the_users_main_keeps_its_name(tmp_path: Path) -> None:
    package = packages(written(tmp_path / "project", name="main"))["double"]
    assert package.handler == "skyloom_main.handler"
    assert b"def double" in package.files["main.py"]
    assert b'"double": "main:double"' in package.files["skyloom_main.py"]


def test_requirements_without_wheels_are_refused(tmp_path: Path) -> None:
    source = SOURCE.replace("@task", '@task(requires=["functions-framework==0.0.1"])')
    with pytest.raises(CheckFailed, match=r"SKY531 function `double`: .* no wheels for Python 3\.13 on x86-64"):
        packages(written(tmp_path / "project", source), FunctionSettings(python="3.13"))


def test_the_python_is_that_of_the_environment() -> None:
    assert FunctionSettings.of(Environment(python="3.12")).runtime == "python312"
    assert FunctionSettings.of(Environment()).python == running_python()


def test_helper_and_services_need_the_framework_alone() -> None:
    for package in (helper_package([], UNPINNED), service_package({"main.py": b""}, UNPINNED)):
        assert [line.partition("==")[0] for line in requirements(package)] == ["functions-framework"]
        assert package.handler == "main.handler"


VERTEX = '[models.gcp]\nfast = "vertex:gemini-x"\n[providers.vertex]\nkind = "vertex"\n'


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ("", "aiplatform.googleapis.com"),
        ('[models.gcp]\nfast = "vertex:gemini-x"\n', "aiplatform.googleapis.com"),
        (VERTEX + 'location = "europe-west4"\n', "europe-west4-aiplatform.googleapis.com"),
        (VERTEX + 'location = "eu"\n', "aiplatform.eu.rep.googleapis.com"),
        (VERTEX + 'location = "eu/../x"\n', None),
        (VERTEX + 'location = "eu"\nproject = "other"\n', None),
        (VERTEX + 'via = "function"\n', None),
        ('[models.gcp]\nfast = "offline"\n', None),
    ],
)
def test_models_that_workflows_may_ask_by_themselves(tmp_path: Path, config: str, host: str | None) -> None:
    file = written(tmp_path / "project", config=config)
    app = load_app(file)
    settings = load_config(file)
    function_groups(app, programs(app), settings, "gcp")
    found = native_models(settings, ["fast"]).get("fast")
    assert (None if found is None else found.host) == host
