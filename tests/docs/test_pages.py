"""All pages: generated parts are current, links lead somewhere, commands exist, the changelog knows the version."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
from docs.generated import DOCS, GENERATED, with_builtins
from docs.pages import PAGES, ROOT, anchors, blocks, code_spans, prose

from skyloom import __version__
from skyloom.cli.app import app

COMMAND: Any = typer.main.get_command(app)


def named(page: Path) -> str:
    """The page's name for the test's own."""
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_page_is_current(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == GENERATED[name](page), "write it anew: make docs"


def test_a_page_without_its_markers_is_told() -> None:
    with pytest.raises(ValueError, match="the page has no lines <!-- builtins: generated --> and <!-- end of builtins"):
        with_builtins("# The language\n")


LINKS = [(page, target) for page in PAGES for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))]


def test_there_are_links() -> None:
    assert len(LINKS) > 20


@pytest.mark.parametrize(("page", "target"), [pytest.param(*link, id=f"{named(link[0])}->{link[1]}") for link in LINKS])
def test_a_link_leads_somewhere(page: Path, target: str) -> None:
    if re.match(r"https?://", target):
        return
    file, _, anchor = target.partition("#")
    path = (page.parent / file).resolve() if file else page
    assert path.exists()
    assert path.is_relative_to(ROOT)
    if anchor:
        assert anchor in anchors(path)


def lines_with_commands(page: Path) -> set[str]:
    """Every `skyloom ...` of the page: in its prose, and in the blocks that show a shell."""
    shells = [
        line.partition("#")[0]
        for found in blocks(page)
        if found.language in {"", "sh", "bash", "console"}
        for line in found.text.splitlines()
    ]
    return {text.strip() for text in [*code_spans(prose(page)), *shells] if re.match(r"\s*(\$ )?skyloom [a-z]", text)}


@pytest.mark.parametrize("page", [pytest.param(page, id=named(page)) for page in PAGES])
def test_the_commands_exist(page: Path) -> None:
    for line in sorted(lines_with_commands(page)):
        shown = re.split(r"\s{3,}", line.removeprefix("$ "))[0]
        words = shlex.split(shown)[1:]
        command, path = COMMAND, ["skyloom"]
        choices = words[:1]
        while choices and getattr(command, "commands", None):
            choices, words = words[0].split("|"), words[1:]
            assert set(choices) <= set(command.commands), line
            command = command.commands[choices[0]]
            path += choices[:1]
            choices = words[:1]
        options = {option for parameter in command.params for option in parameter.opts} | {"-h", "--help"}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= options, line


def test_the_changelog_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert version == __version__
    first = re.search(r"(?m)^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert first
    assert re.fullmatch(rf"Unreleased|{re.escape(version)}( - \d{{4}}-\d\d-\d\d)?", first.group(1))
