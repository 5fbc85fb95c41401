"""Facts about Workflows: an expression or a workflow, what it must give, and where Google says so.

Expressions are in facts_expressions.py and facts_library.py, workflows in facts_data/*.yaml. Each entry there has
`page` (below DOCS, or `samples/...` in SAMPLES), `source`, and one of
    gives         the result
    error         the tag of the error that the execution ends with
    fails         the payload of an error that is no map
    undocumented  true: no page says what happens
and, when it matters, `argument` and `environment` of the execution. Entries of refused_*.yaml have `name` and
`refused`, a regular expression for the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Value = Any
DOCS = "https://cloud.google.com/workflows/docs/"
SAMPLES = "https://github.com/GoogleCloudPlatform/workflows-samples/blob/main/"
DATA = Path(__file__).parent / "facts_data"


@dataclass(frozen=True)
class Undefined:
    """The outcome of something that no page describes."""


@dataclass(frozen=True)
class Error:
    """The outcome of something that fails with an error of a tag."""

    tag: str


@dataclass(frozen=True)
class Failed:
    """The outcome of an execution that fails with an error that is no map."""

    payload: Value


@dataclass(frozen=True)
class Refused:
    """The outcome of something that cannot be deployed, and a regular expression for the reason."""

    reason: str = ""


UNDEFINED = Undefined()


@dataclass(frozen=True)
class Fact:
    """An expression and its value.

    Attributes:
        text: The expression, without `${}`.
        gives: Its value, or how it fails.
        page: The page that says so; for what is undefined the page that leaves it open.
        variables: Variables that it reads.
    """

    text: str
    gives: Value
    page: str
    variables: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A workflow and how its execution ends.

    Attributes:
        name: Which one it is.
        source: Its YAML.
        gives: What it returns, or how it fails.
        page: The page that says so.
        argument: The argument of the execution.
        environment: Its environment variables.
    """

    name: str
    source: str
    gives: Value
    page: str
    argument: Value
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Wrong:
    """A source that cannot be deployed.

    Attributes:
        name: What is wrong.
        source: The source.
        reason: What the refusal says, as a regular expression.
        page: The page that says so, or leaves it open.
        undocumented: Whether it is refused because no page says what it does.
        environment: Its environment variables.
    """

    name: str
    source: str
    reason: str
    page: str
    undocumented: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


def entries(pattern: str) -> list[tuple[str, dict[str, Value]]]:
    """The entries of data files, with names."""
    found = []
    for path in sorted(DATA.glob(pattern)):
        for number, entry in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found.append((entry.pop("name", f"{path.stem}-{number + 1}"), entry))
    return found


def runs() -> list[Run]:
    """The workflows that run."""
    return [run(name, entry) for name, entry in entries("*.yaml") if "refused" not in entry]


def run(name: str, entry: dict[str, Value]) -> Run:
    """One of them."""
    kinds = {"gives", "error", "fails", "undocumented"} & set(entry)
    if len(kinds) != 1:
        raise ValueError(f"{name}: {sorted(kinds)}")
    kind = kinds.pop()
    gives = outcome(kind, entry.pop(kind))
    source, page = entry.pop("source"), entry.pop("page")
    argument, environment = entry.pop("argument", None), entry.pop("environment", {})
    if entry:
        raise ValueError(f"{name}: {sorted(entry)}")
    return Run(name, source, gives, page, argument, environment)


def outcome(kind: str, value: Value) -> Value:
    """How an execution ends."""
    match kind:
        case "error":
            return Error(value)
        case "fails":
            return Failed(value)
        case "undocumented":
            return UNDEFINED
        case _:
            return value


def wrong() -> list[Wrong]:
    """The workflows that cannot be deployed."""
    return [
        Wrong(name, entry["source"], entry["refused"], entry["page"], entry.get("undocumented", False))
        for name, entry in entries("refused_*.yaml")
    ]


def page(path: str) -> str:
    """The address of a page."""
    return SAMPLES + path.removeprefix("samples/") if path.startswith("samples/") else DOCS + path
