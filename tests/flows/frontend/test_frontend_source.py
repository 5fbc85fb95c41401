"""Source files and the report: places in characters, syntax errors, order."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from skyloom.errors import CheckFailed, Diagnostic, Span
from skyloom.flows.frontend.source import Report, SourceFile, shown, source_of


def read(tmp_path: Path, text: str | bytes, monkeypatch: pytest.MonkeyPatch) -> SourceFile:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "review.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return SourceFile.read(path)


def test_columns_count_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read(tmp_path, 'x = 1\nnäme = "é😀" + größe\n', monkeypatch)
    assignment = source.tree.body[1]
    assert isinstance(assignment, ast.Assign)
    assert isinstance(assignment.value, ast.BinOp)
    assert source.span(assignment.targets[0]) == Span(2, 1, 2, 5)
    assert source.span(assignment.value.right) == Span(2, 15, 2, 20)
    assert source.span(source.tree) == Span(1, 1, 1, 1)
    assert source.line(2) == 'näme = "é😀" + größe'
    assert source.line(99) == ""
    assert source.name == "review.py"


def test_line_ends_and_byte_order_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read(tmp_path, b"\xef\xbb\xbfx = 1\r\ny = 2\rz = 3 # \x0c \xe2\x80\xa8\n", monkeypatch)
    assert [source.span(node).line for node in source.tree.body] == [1, 2, 3]
    assert source.line(2) == "y = 2"
    assert source.line(3) == "z = 3 # \x0c \u2028"


SYNTAX = [
    ("def f(:\n    pass\n", "review.py:1:7: SKY001 this is not Python: invalid syntax", Span(1, 7, 1, 8)),
    ("x = 'é\n", "SKY001 this is not Python: unterminated string literal (detected at line 1)", Span(1, 5, 1, 6)),
    ("if x:\ny = 1\n", "expected an indented block after 'if' statement on line 1", Span(2, 1, 2, 2)),
    ("x = (1,\n", "'(' was never closed", Span(1, 5, 1, 6)),
]


@pytest.mark.parametrize(("text", "message", "span"), SYNTAX)
def test_a_syntax_error_is_one_diagnostic(
    text: str, message: str, span: Span, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CheckFailed) as failure:
        read(tmp_path, text, monkeypatch)
    (diagnostic,) = failure.value.diagnostics
    assert message in diagnostic.render()
    assert diagnostic.code == "SKY001"
    assert diagnostic.span == span


@pytest.mark.parametrize("text", ["x = 1\0", "(" * 5000, "x = " + "-" * 200_000 + "1"])
def test_what_breaks_the_parser_is_a_diagnostic(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckFailed) as failure:
        read(tmp_path, text, monkeypatch)
    assert failure.value.diagnostics[0].code == "SKY001"


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(tmp_path, "x = 1\n", monkeypatch)
    with pytest.raises(CheckFailed) as missing:
        SourceFile.read(Path("reviw.py"))
    assert str(missing.value) == "reviw.py: SKY002 there is no such file\nhint: did you mean review.py?"
    with pytest.raises(CheckFailed) as nowhere:
        SourceFile.read(Path("nowhere/review.py"))
    assert nowhere.value.diagnostics[0].hint == "the folder nowhere does not exist either"
    with pytest.raises(CheckFailed) as folder:
        SourceFile.read(tmp_path)
    assert folder.value.diagnostics[0].message == "the file cannot be read: Is a directory"
    with pytest.raises(CheckFailed) as latin:
        read(tmp_path, b"# caf\xe9\n", monkeypatch)
    assert str(latin.value) == (
        "review.py: SKY002 the file is not UTF-8 text (byte 5 is 0xe9)\nhint: save the file as UTF-8"
    )


def test_a_file_is_read_again_when_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(tmp_path, "x = 1\n", monkeypatch)
    assert SourceFile.read(first.path) is first
    first.path.write_text("x = 2\n")
    os.utime(first.path, ns=(1, 1))
    assert SourceFile.read(first.path).text == "x = 2\n"


def test_functions_are_found_by_their_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read(tmp_path, "import functools\n\n@functools.cache\ndef f(): ...\n\ng = lambda: 1\n", monkeypatch)
    names: dict[str, object] = {}
    exec(compile(source.text, str(source.path), "exec"), names)
    f, g = names["f"], names["g"]
    assert callable(f)
    assert callable(g)
    assert source.function(f) is source.tree.body[1]
    assert source_of(f) is source
    with pytest.raises(LookupError):
        source.function(g)


def test_a_function_without_a_file() -> None:
    names: dict[str, object] = {}
    exec("def f(): ...", names)
    function = names["f"]
    assert callable(function)
    with pytest.raises(CheckFailed) as failure:
        source_of(function)
    assert str(failure.value) == (
        "<string>: SKY004 the source of `f` cannot be found\nhint: write it in a file, as a function of its own"
    )
    with pytest.raises(CheckFailed, match="SKY004 the source of `len` cannot be found"):
        source_of(len)


def test_paths_outside_the_working_folder_are_shown_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown(tmp_path / "here" / "a" / "b.py") == "a/b.py"
    assert shown(tmp_path / "b.py") == str(tmp_path / "b.py")


def test_the_report_sorts_and_drops_repetitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = read(tmp_path, "a = 1\nb = 2\n", monkeypatch)
    report = Report()
    report.raise_if_any()
    report.add("SKY502", "second", source, source.tree.body[1])
    for _ in range(2):
        report.add("SKY501", "first", source, Span(1, 5, 1, 6), "a hint")
    with report.muted():
        report.add("SKY503", "never", source, source.tree.body[0])
    assert report.diagnostics == [
        Diagnostic("SKY501", "first", "review.py", Span(1, 5, 1, 6), "a hint", "a = 1"),
        Diagnostic("SKY502", "second", "review.py", Span(2, 1, 2, 6), None, "b = 2"),
    ]
    with pytest.raises(CheckFailed) as failure:
        report.raise_if_any()
    assert list(failure.value.diagnostics) == report.diagnostics
