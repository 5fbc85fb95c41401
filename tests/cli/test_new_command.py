"""`skyloom new`: the project that it makes is complete and works."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from skyloom.cli.new import project_name, templates

FILES = ["README.md", "pyproject.toml", "skyloom.toml", "tests/test_ticket.py", "ticket.json", "ticket.py"]


@pytest.fixture
def project(invoke: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "My Tickets"
    assert invoke("new", str(folder)).exit_code == 0
    return folder


def test_what_is_made_and_what_to_do_next(invoke: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke("new", "my tickets")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [f"  my tickets/{name}" for name in FILES]
    assert result.stdout.splitlines() == [
        "next:",
        "  cd 'my tickets'",
        "  skyloom check ticket.py",
        "  python -m pytest",
        "  skyloom run ticket.py --input @ticket.json",
    ]
    made = sorted(str(path.relative_to("my tickets")) for path in Path("my tickets").rglob("*") if path.is_file())
    assert made == FILES


def test_the_project_has_the_folder_s_name(project: Path) -> None:
    assert tomllib.loads((project / "pyproject.toml").read_text())["project"]["name"] == "my-tickets"
    assert (project / "README.md").read_text().startswith("# my-tickets\n")
    assert not [path for path in project.rglob("*") if path.is_file() and "$name" in path.read_text()]


@pytest.mark.parametrize(
    ("folder", "name"), [("a/My Flow_2", "my-flow-2"), ("a/-x-", "x"), ("a/ß", "flow"), ("a/.hidden", "hidden")]
)
def test_names_of_projects(folder: str, name: str) -> None:
    assert project_name(Path(folder)) == name


def test_an_empty_folder_is_taken(invoke: Any, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    assert invoke("new", str(tmp_path / "here")).exit_code == 0
    assert (tmp_path / "here" / "ticket.py").is_file()


def test_a_folder_with_something_in_it_is_left_alone(invoke: Any, tmp_path: Path) -> None:
    (tmp_path / "ticket.py").write_text("mine")
    result = invoke("new", str(tmp_path))
    assert result.exit_code == 2
    assert "SKY627 the folder is not empty, and nothing in it was changed" in result.stderr
    assert (tmp_path / "ticket.py").read_text() == "mine"
    assert not (tmp_path / "README.md").exists()


def test_a_folder_that_cannot_be_made(invoke: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = invoke("new", str(tmp_path / "file" / "project"))
    assert result.exit_code == 2
    assert "SKY627 the folder cannot be made: Not a directory" in result.stderr


def test_an_unknown_template(invoke: Any, tmp_path: Path) -> None:
    assert templates() == ["ticket"]
    result = invoke("new", str(tmp_path / "x"), "--template", "nothing")
    assert result.exit_code == 2
    assert "no template 'nothing'; there is: ticket" in result.stderr
    assert not (tmp_path / "x").exists()


def test_its_own_test_passes(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_it_checks(invoke: Any, project: Path) -> None:
    result = invoke("check", str(project / "ticket.py"))
    assert result.exit_code == 0, result.stderr
    assert result.stderr.endswith("1 flow checked (answer), no problems\n")


@pytest.mark.parametrize("tool", [["ruff", "check", "--isolated", "--line-length", "120"], ["mypy", "ticket.py"]])
def test_it_is_written_as_it_should_be(tool: list[str], project: Path) -> None:
    done = subprocess.run([sys.executable, "-m", *tool], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
