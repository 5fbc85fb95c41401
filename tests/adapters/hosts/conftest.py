"""Fixtures: packages of sources, and functions that run them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from engines.aws.environment import Environment, FunctionCode, Nursery
from engines.aws.runtime import BROUGHT_ALONG, folder_of, interpreter
from servers.cloud_run_function import Function as CloudRunFunction
from servers.cloud_run_function import Start as StartCloudRun
from servers.lambda_function import Function, Packed, Start

from skyloom.deployers.aws.functions import FunctionSettings, packages_of_file
from skyloom.deployers.packaging import Package, running_python

SETTINGS = FunctionSettings(python=running_python(), architecture="x86_64")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a function from its package."""
    runtime = folder_of(BROUGHT_ALONG, tmp_path / "runtime")
    numbers = itertools.count()
    started: list[tuple[Environment, Nursery]] = []

    def begin(package: Package, timeout: float = 30, **variables: str) -> Function:
        folder = tmp_path / f"function{next(numbers)}"
        for path, content in package.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        code = FunctionCode(
            name="f",
            arn="arn:aws:lambda:us-east-1:123456789012:function:f",
            handler=package.handler,
            folder=folder,
            runtime=(runtime,),
            python=interpreter(),
            variables={"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", **variables},
            timeout=timeout,
        )
        nursery = Nursery(code, tmp_path / f"{folder.name}-nursery.log")
        environment = Environment(code, nursery, tmp_path / f"{folder.name}.log")
        started.append((environment, nursery))
        return Function(environment)

    yield begin
    for environment, nursery in started:
        environment.close()
        nursery.close()


@pytest.fixture
def start_cloud_run(tmp_path: Path) -> Iterator[StartCloudRun]:
    """Starts a function of Cloud Run from its package."""
    numbers = itertools.count()
    started: list[CloudRunFunction] = []

    def begin(package: Package, **variables: str) -> CloudRunFunction:
        started.append(CloudRunFunction(package, tmp_path / f"service{next(numbers)}", variables))
        return started[-1]

    yield begin
    for function in started:
        function.close()


@pytest.fixture
def packed(tmp_path: Path) -> Packed:
    """The packages of a file with this source."""

    def build(source: str, name: str = "work", config: str = "") -> dict[str, Package]:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        (folder / "skyloom.toml").write_text(config, encoding="utf-8")
        return dict(packages_of_file(folder / f"{name}.py", settings=SETTINGS).packages)

    return build
