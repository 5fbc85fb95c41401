"""Places inside string literals."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from skyloom.errors import Span
from skyloom.flows.frontend.literals import LiteralText
from skyloom.flows.frontend.source import SourceFile

FALLBACK = Span(9, 9, 9, 9)

CASES = [
    ('x = "ab{c}"', "{c}", (1, 8, 1, 11)),
    ("x = '{c}'", "{c}", (1, 6, 1, 9)),
    ('x = r"\\n{c}"', "{c}", (1, 9, 1, 12)),
    ('x = "\\n\\x41\\u00e9\\N{BULLET}\\101\\q{c}"', "{c}", (1, 34, 1, 37)),
    ('x = "é😀{c}"', "{c}", (1, 8, 1, 11)),
    ('x = """a\n  {c}\n"""', "{c}", (2, 3, 2, 6)),
    ('x = """a\\\n  {c}\n"""', "{c}", (2, 3, 2, 6)),
    ('x = ("a"\n     "{c}")', "{c}", (2, 7, 2, 10)),
    ('x = "a" \'{c}\' # "{c}"', "{c}", (1, 10, 1, 13)),
    ('x = """{a\nb}"""', "{a\nb}", (1, 8, 2, 3)),
    ('x = "{c}"', "{c}", (1, 6, 1, 9)),
]


@pytest.mark.parametrize(("text", "wanted", "place"), CASES)
def test_places(text: str, wanted: str, place: tuple[int, int, int, int]) -> None:
    source = SourceFile(Path("x.py"), text)
    node = source.tree.body[0]
    assert isinstance(node, ast.Assign)
    assert isinstance(node.value, ast.Constant)
    start = str(node.value.value).index(wanted)
    assert LiteralText(source, node.value, FALLBACK).span(start, start + len(wanted)) == Span(*place)


def test_what_is_no_literal_is_one_place() -> None:
    source = SourceFile(Path("x.py"), "x = TEXT")
    node = source.tree.body[0]
    assert isinstance(node, ast.Assign)
    assert LiteralText(source, node.value, FALLBACK).span(3, 5) == Span(1, 5, 1, 9)
    assert LiteralText(source, None, FALLBACK).span(3, 5) == FALLBACK
