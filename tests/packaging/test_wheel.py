"""The distributions: what is in them, and that what is in them works without the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
PARTS = {"src/skyloom": "skyloom", "tests/conformance/cases": "skyloom/conformance/cases"} | {
    part: f"skyloom/{part}" for part in ("flows", "adapters", "deployers", "patterns")
}
"""Folders of the repository, and where they are in the wheel."""


def built(kind: str, project: Path, folder: Path) -> Path:
    """Builds a distribution of the project."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    (found,) = folder.iterdir()
    return found


def sources() -> Iterator[tuple[str, Path]]:
    """Every file that belongs into the wheel: its name there, and where it is here."""
    for part, there in PARTS.items():
        for folder, inner, names in os.walk(ROOT / part, followlinks=False):
            # The links in src/skyloom make the repository importable; a wheel has the folders themselves.
            inner[:] = [name for name in inner if name != "__pycache__" and not (Path(folder) / name).is_symlink()]
            if part == "tests/conformance/cases":
                # Cases that are made of an example stay here.
                inner[:] = []
            for name in names:
                path = Path(folder) / name
                yield f"{there}/{path.relative_to(ROOT / part).as_posix()}", path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the repository."""
    return built("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the wheel is installed into, without its dependencies."""
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return target


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a folder with the installed wheel in front of everything, the repository included."""
    environment = os.environ | {"PYTHONPATH": str(installed), "SKYLOOM_HOME": str(folder / "home")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_holds_the_sources_once_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == f"skyloom-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        info = f"skyloom-{VERSION}.dist-info"
        own = {name for name in names if not name.startswith(f"{info}/")}
        expected = dict(sources())
        assert own == set(expected)
        assert {name for name in own if archive.read(name) != expected[name].read_bytes()} == set()
        assert f"{info}/licenses/LICENSE" in names
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
        metadata = archive.read(f"{info}/METADATA").decode()
    assert "skyloom = skyloom.cli:main" in entry_points
    assert "llm.offline = skyloom.adapters.llm.offline:OfflineModel" in entry_points
    assert "License-Expression: Apache-2.0" in metadata


def test_the_wheel_has_what_each_part_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {
        "skyloom/py.typed",
        "skyloom/flows/__init__.py",
        "skyloom/flows/runner/server.py",
        "skyloom/adapters/llm/offline.py",
        "skyloom/deployers/__init__.py",
        "skyloom/patterns/__init__.py",
        "skyloom/cli/templates/ticket/ticket.py.template",
        "skyloom/cli/templates/ticket/tests/test_ticket.py.template",
    } <= names
    assert [name for name in names if name.startswith(("tests/", "flows/", "examples/", "src/"))] == []
    assert [name for name in names if name.endswith(".pyc")] == []


def test_a_source_distribution_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    archive = built("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(archive) as packed:
        names = packed.getnames()
        packed.extractall(tmp_path / "unpacked", filter="data")
    assert len(names) == len(set(names))
    top = f"skyloom-{VERSION}"
    assert {f"{top}/README.md", f"{top}/CHANGELOG.md", f"{top}/flows/__init__.py", f"{top}/tests/conftest.py"} <= set(
        names
    )
    again = built("wheel", tmp_path / "unpacked" / top, tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert sorted(second.namelist()) == sorted(first.namelist())


def test_the_installed_package_is_the_one_that_runs(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "-c", "import skyloom.flows; print(skyloom.flows.__file__)")
    assert where.stdout.strip() == str(installed / "skyloom" / "flows" / "__init__.py")
    version = run(installed, tmp_path, "-m", "skyloom", "--version")
    assert (version.returncode, version.stdout) == (0, f"skyloom {VERSION}\n"), version.stderr


def test_the_installed_package_makes_checks_and_draws_a_project(installed: Path, tmp_path: Path) -> None:
    for arguments in (
        ["new", "project"],
        ["check", "project/ticket.py"],
        ["graph", "project/ticket.py", "--out", "t.svg"],
    ):
        ended = run(installed, tmp_path, "-m", "skyloom", *arguments)
        assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "t.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_the_installed_package_finds_its_adapters(installed: Path, tmp_path: Path) -> None:
    code = (
        "from skyloom import plugins\n"
        "print(plugins.load('skyloom.adapters', 'llm.offline').__module__, plugins.__file__)"
    )
    found = run(installed, tmp_path, "-c", code)
    assert found.stdout.split() == ["skyloom.adapters.llm.offline", str(installed / "skyloom" / "plugins.py")], (
        found.stderr
    )


def test_a_deployer_of_somebody_else_is_tried_with_the_cases_of_the_package(installed: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "tests/conformance/elsewhere.py", tmp_path / "elsewhere_engine.py")
    info = tmp_path / "elsewhere-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[skyloom.conformance]\nelsewhere = elsewhere_engine:Elsewhere\n")
    chosen = ("--deployer", "elsewhere", "--cases", "branches/*", "--json")
    ended = run(installed, tmp_path, "-m", "skyloom", "conformance", *chosen)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert len(found["cases"]) > 10
    assert {verdict for row in found["cases"].values() for verdict in row.values()} == {"same"}
