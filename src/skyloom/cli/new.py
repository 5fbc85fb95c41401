"""`skyloom new`: a small project to start from."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from skyloom.cli.output import clean, say, show
from skyloom.errors import Diagnostic, UserError

_SUFFIX = ".template"
"""At the end of every file of a template, so that no tool takes them for files of Skyloom's own."""


def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make; it must be empty or not there.")],
    template: Annotated[str, typer.Option("--template", "-t", metavar="NAME", help="What to start from.")] = "ticket",
) -> None:
    """Make a small project: a flow with its test, configuration and README."""
    source = _template(template)
    _make_empty(folder)
    name = project_name(folder)
    for path, text in _files(source):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(text).substitute(name=name), encoding="utf-8")
        say(f"  {target}", "dim")
    from shlex import quote

    show("next:", "bold")
    for line in _next_steps(source):
        show(f"  {line}".replace("DIR", quote(clean(str(folder)))))


def templates() -> list[str]:
    """The names of the templates that come with Skyloom."""
    return sorted(entry.name for entry in _root().iterdir() if entry.is_dir() and not entry.name.startswith("__"))


def project_name(folder: Path) -> str:
    """The folder's name as the name of a distribution."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")
    return name or "flow"


def _root() -> Traversable:
    return files("skyloom.cli") / "templates"


def _template(name: str) -> Traversable:
    if name not in templates():
        raise typer.BadParameter(f"no template {name!r}; there is: {', '.join(templates())}", param_hint="--template")
    return _root() / name


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        problem = f"the folder cannot be made: {error.strerror or error}"
        raise UserError(Diagnostic("SKY627", problem, str(folder), hint="choose another one")) from None
    if taken:
        problem = "the folder is not empty, and nothing in it was changed"
        raise UserError(Diagnostic("SKY627", problem, str(folder), hint="choose a new one"))


def _files(source: Traversable, below: Path = Path()) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for entry in sorted(source.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _files(entry, below / entry.name)
        elif entry.name.endswith(_SUFFIX):
            found.append((below / entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")))
    return found


def _next_steps(source: Traversable) -> list[str]:
    return (source / "next.txt").read_text(encoding="utf-8").splitlines()
