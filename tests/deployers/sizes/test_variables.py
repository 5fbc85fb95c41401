"""What is known of the values of flows before a run."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from skyloom.deployers.sizes.variables import Variables
from skyloom.flows.frontend import load_file

HEAD = """
from typing import Annotated, Any
from pydantic import BaseModel, Field
from skyloom.flows import *

class Doc(BaseModel):
    title: str = Field(max_length=10)
    body: str
    pages: list[Annotated[str, Field(max_length=100)]] = Field(max_length=3)

@task
def read() -> Doc: ...
@task
def short() -> Annotated[str, Field(max_length=10)]: ...
@task
def text() -> str: ...
@task
def use(value: Any) -> int: ...
@prompt("Say {word}", model="fast", max_tokens=10)
def say(word: str) -> str: ...
class Said(BaseModel):
    word: str = Field(max_length=5)

@prompt("Say {word}", model="fast")
def say_all(word: str) -> Said: ...

@flow
def inner(given: str, other: int = 3) -> str:
    return given + "!"
"""


def found(tmp_path: Path, body: str, parameters: str = "") -> dict[str, tuple[int, int | None]]:
    """The extents of the variables of a flow."""
    path = tmp_path / "sized.py"
    source = f"{HEAD}\n@flow\ndef sized({parameters}) -> Any:\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    path.write_text(source, encoding="utf-8")
    known = Variables.of(load_file(path).sized.program).known
    return {name: (extent.least, extent.most) for (flow, name), extent in known.items() if flow == "sized"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('x = "a" * 300000', (300_002, 300_002)),
        ('x = ["ab", 1]', (8, 10)),
        ('x = ["ab"] * 3', (16, 16)),
        ("x = [1 for n in range(4)]", (9, 17)),
        ('x = {"a": "b", "c": None}', (18, 18)),
        ("x = text()", (2, None)),
        ("x = short()", (2, 62)),
        ("x = short() + short()", (2, 122)),
        ('x = f"{short()}: {3}"', (5, 67)),
        ("x = [short(), *[short()]]", (7, 127)),
        ("doc = read()\nx = doc.title", (2, 62)),
        ("doc = read()\nx = doc.pages[0]", (2, 602)),
        ("doc = read()\nx = doc.pages", (2, 1810)),
        ("doc = read()\nx = [use(page) for page in doc.pages]", (2, 61)),
        ("doc = read()\nx = 1\nfor page in doc.pages:\n    x = page", (1, 602)),
        ('x = say("a")', (2, None)),
        ('x = say_all("a")', (11, 41)),
        ('x = inner("abc")', (6, 6)),
        ("x = now()", (29, 29)),
        ("x = parallel(short(), short())", (7, 127)),
        ('x = short() if use(1) else "abc"', (2, 62)),
        ('x = "a"\nwhile use(x):\n    x = x + "a"', (1, None)),
        ('x = "a"\nwhile use(x):\n    x = "bc"', (3, 4)),
        ('x = ["abc"]\nx.append("d")', (7, None)),
        ('x = {"a": "abc"}\nx["a"] = "b"', (2, None)),
    ],
)
def test_what_is_known_of_a_variable(body: str, expected: tuple[int, int | None], tmp_path: Path) -> None:
    assert found(tmp_path, f"{body}\nreturn 1\n")["x"] == expected


def test_what_is_declared_of_the_input_is_known_inside(tmp_path: Path) -> None:
    known = found(tmp_path, "return [word, words]\n", "word: Annotated[str, Field(max_length=4)], words: list[str]")
    assert known["word"] == (2, 26)
    assert known["words"] == (2, None)
    assert known["return"][1] is None


def test_a_flow_gives_null_at_its_end(tmp_path: Path) -> None:
    assert found(tmp_path, 'if use(1):\n    return "abcdef"\n')["return"] == (4, 8)
