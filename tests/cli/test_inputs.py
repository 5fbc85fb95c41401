"""JSON from the command line."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from skyloom.cli.inputs import read_json, read_object
from skyloom.errors import Diagnostic, InvalidInput, Span


def refused(given: str, *, whole: bool = False) -> Diagnostic:
    """The one diagnostic with which the text is refused."""
    with pytest.raises(InvalidInput) as caught:
        (read_object if whole else read_json)(given, "--input")
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ('{"a": [1, 2.5, null, true, "x"]}', {"a": [1, 2.5, None, True, "x"]}),
        ("3", 3),
        ('"@not-a-file"', "@not-a-file"),
        (" null ", None),
    ],
)
def test_text_is_read(given: str, value: Any) -> None:
    assert read_json(given, "--input") == value


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_bytes('{"name": "Zoë"}'.encode())
    assert read_json(f"@{file}", "--input") == {"name": "Zoë"}
    file.write_bytes('{"name": "Zoë"}'.encode("utf-8-sig"))
    assert read_json(f"@{file}", "--input") == {"name": "Zoë"}


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}')))
    assert read_json("-", "--input") == {"a": 1}


def test_a_mistake_has_its_place_in_the_text(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_text('{\n  "a": 1,\n  "b": oops\n}')
    diagnostic = refused(f"@{file}")
    assert diagnostic.code == "SKY620"
    assert diagnostic.message == "this is not JSON: expecting value"
    assert diagnostic.file == str(file)
    assert diagnostic.span == Span(3, 8, 3, 9)
    assert diagnostic.render().splitlines()[1:] == ['    3 |   "b": oops', "      |        ^"]


def test_a_long_line_is_quoted_only_around_the_mistake() -> None:
    diagnostic = refused('{"a": "' + "x" * 5000 + '", "b": oops, "c": 1}')
    assert diagnostic.span == Span(1, 5016, 1, 5017)
    assert diagnostic.source is None
    assert diagnostic.message.endswith('xxxx", "b": oops, "c": 1}`')
    assert len(diagnostic.message) < 120


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (
            "{name: 1}",
            """the shell has taken the double quotes away: put single quotes around it, --input '{"name": 1}'""",
        ),
        ("hello", """strings need double quotes, and the whole of it single ones: --input '{"name": "text"}'"""),
        ("", "it is empty; an empty object is {}"),
    ],
)
def test_the_hint_says_what_the_shell_did(given: str, hint: str) -> None:
    assert refused(given).hint == hint


def test_a_file_without_its_at_sign_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.json").write_text("{}")
    assert refused("in.json").hint == "to read that file, write --input @in.json"


@pytest.mark.parametrize("given", ["NaN", "[1, Infinity]", '{"a": -Infinity}'])
def test_numbers_that_are_no_json_are_refused(given: str) -> None:
    diagnostic = refused(given)
    assert diagnostic.code == "SKY620"
    assert diagnostic.message.endswith("is no JSON number")


def test_what_python_cannot_hold_is_refused() -> None:
    assert refused("[" * 200_000).message == "this is not JSON: it is nested too deeply"
    assert refused("9" * 5000).code == "SKY620"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    diagnostic = refused(f"@{tmp_path}/none.json")
    assert diagnostic.code == "SKY621"
    assert diagnostic.file == f"{tmp_path}/none.json"
    assert diagnostic.message == "it cannot be read: No such file or directory"


@pytest.mark.parametrize("given", ["@", "@.", "@\0"])
def test_what_is_no_file_is_refused(given: str) -> None:
    assert refused(given).code == "SKY621"


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "in.json"
    file.write_bytes('{"name": "Zoë"}'.encode("latin-1"))
    diagnostic = refused(f"@{file}")
    assert (diagnostic.code, diagnostic.message) == ("SKY621", "it is not UTF-8 text (byte 12)")


@pytest.mark.parametrize(
    ("given", "kind"),
    [("[1]", "an array"), ("3", "a number"), ("true", "a boolean"), ("null", "null"), ('"x"', "a string")],
)
def test_the_arguments_must_be_an_object(given: str, kind: str) -> None:
    diagnostic = refused(given, whole=True)
    assert diagnostic.code == "SKY622"
    assert diagnostic.message == f"--input must be a JSON object, and this is {kind}"
    assert diagnostic.hint == """give each parameter by its name: '{"parameter": value}'"""
