"""Source files as the front end reads them, and the report in which it collects what is wrong with them."""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skyloom.errors import CheckFailed, Diagnostic, Span


class SourceFile:
    """One parsed file.

    Attributes:
        path: where it is, absolute.
        name: how it is shown to the user: relative to the working folder when it stands below it.
        text: its content, line ends as `\\n`.
        tree: its syntax tree.
    """

    def __init__(self, path: Path, text: str) -> None:
        """Parses `text`. Raises CheckFailed (SKY001) where it is no Python."""
        self.path = path
        self.name = shown(path)
        self.text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._lines = self.text.split("\n")
        self.tree = self._parse()
        self._functions: dict[tuple[int, str], ast.FunctionDef | ast.AsyncFunctionDef] | None = None

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        """The file at `path`, parsed; the same object as long as the file does not change.

        Raises:
            CheckFailed: SKY001 where it is no Python, SKY002 where it cannot be read or is not UTF-8.
        """
        path = path.resolve()
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = _files.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            text = path.read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            raise _unreadable(path, "there is no such file", _hint_missing(path)) from None
        except OSError as error:
            raise _unreadable(path, f"the file cannot be read: {error.strerror or error}", None) from None
        except UnicodeDecodeError as error:
            problem = f"the file is not UTF-8 text (byte {error.start} is 0x{error.object[error.start]:02x})"
            raise _unreadable(path, problem, "save the file as UTF-8") from None
        source = cls(path, text)
        _files[path] = (stamp, source)
        return source

    def span(self, node: ast.AST) -> Span:
        """Where `node` stands, in characters. A node without a place (a module) is the file's first character."""
        line = getattr(node, "lineno", None)
        if line is None:
            return Span(1, 1, 1, 1)
        end = getattr(node, "end_lineno", line)
        return Span(
            line,
            self._characters(line, getattr(node, "col_offset", 0)) + 1,
            end,
            self._characters(end, getattr(node, "end_col_offset", 0)) + 1,
        )

    def line(self, number: int) -> str:
        """The line `number` (from 1) without its end; empty outside the file."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    def function(self, function: Callable[..., Any]) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """The definition of `function` in this file. Raises LookupError where there is none (a lambda)."""
        if self._functions is None:
            self._functions = {
                (min([node.lineno, *(d.lineno for d in node.decorator_list)]), node.name): node
                for node in ast.walk(self.tree)
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            }
        code = getattr(inspect.unwrap(function), "__code__", None)
        found = self._functions.get((code.co_firstlineno, code.co_name)) if code is not None else None
        if found is None:
            raise LookupError(f"{self.name} has no definition of {function!r}")
        return found

    def _characters(self, line: int, offset: int) -> int:
        text = self.line(line)
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))

    def _parse(self) -> ast.Module:
        try:
            with warnings.catch_warnings():
                # Python itself says them again when the file is imported.
                warnings.simplefilter("ignore")
                # Some of what is no Python only the compiler finds: `return *xs + 1`, a `break` outside a loop.
                compile(self.text, str(self.path), "exec", dont_inherit=True)
                return ast.parse(self.text, filename=str(self.path))
        except SyntaxError as error:
            raise CheckFailed(self._syntax_error(error)) from None
        except (ValueError, RecursionError, MemoryError) as error:
            problem = str(error) or "the source is nested too deeply"
            raise CheckFailed(Diagnostic("SKY001", f"this is not Python: {problem}", self.name)) from None

    def _syntax_error(self, error: SyntaxError) -> Diagnostic:
        line = min(error.lineno or 1, len(self._lines))
        text = self.line(line)
        column = max(1, error.offset or 1)
        end_line, end_column = error.end_lineno or line, error.end_offset or 0
        if (end_line, end_column) <= (line, column):
            end_line, end_column = line, column + 1
        span = Span(line, column, end_line, end_column)
        return Diagnostic("SKY001", f"this is not Python: {error.msg}", self.name, span, None, text)


_files: dict[Path, tuple[tuple[int, int], SourceFile]] = {}


def source_of(function: Callable[..., Any]) -> SourceFile:
    """The file that `function` was written in.

    Raises:
        CheckFailed: SKY004, its source is nowhere to be found (typed at a prompt, made by `exec`); SKY001, SKY002.
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is not None and Path(code.co_filename).is_file():
        return SourceFile.read(Path(code.co_filename))
    name = getattr(function, "__qualname__", repr(function))
    where = code.co_filename if code is not None else getattr(function, "__module__", None) or "<unknown>"
    hint = "write it in a file, as a function of its own"
    raise CheckFailed(Diagnostic("SKY004", f"the source of `{name}` cannot be found", where, hint=hint))


def shown(path: Path) -> str:
    """How `path` is shown to the user: relative to the working folder when it stands below it."""
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except (ValueError, OSError):
        return str(path)


def _unreadable(path: Path, problem: str, hint: str | None) -> CheckFailed:
    return CheckFailed(Diagnostic("SKY002", problem, shown(path), hint=hint))


def _hint_missing(path: Path) -> str | None:
    from difflib import get_close_matches

    try:
        siblings = sorted(p.name for p in path.parent.glob("*.py"))
    except OSError:
        return None
    close = get_close_matches(path.name, siblings, n=1)
    if close:
        return f"did you mean {shown(path.parent / close[0])}?"
    return None if path.parent.is_dir() else f"the folder {shown(path.parent)} does not exist either"


class Report:
    """Collects the diagnostics of one compile."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}
        self._muted = 0

    def add(self, code: str, message: str, source: SourceFile, where: ast.AST | Span, hint: str | None = None) -> None:
        """Records a problem at `where` in `source`. An exact repetition counts once."""
        span = where if isinstance(where, Span) else source.span(where)
        self.include(Diagnostic(code, message, source.name, span, hint, source.line(span.line)))

    def include(self, *diagnostics: Diagnostic) -> None:
        """Records diagnostics that exist already."""
        if not self._muted:
            self._found.update(dict.fromkeys(diagnostics))

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Records nothing within the block: for passes over code that is looked at again."""
        self._muted += 1
        try:
            yield
        finally:
            self._muted -= 1

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Records within the block, whatever is muted around it: for what is looked at once."""
        around, self._muted = self._muted, 0
        try:
            yield
        finally:
            self._muted = around

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Everything recorded, by file and place."""
        start = Span(0, 0, 0, 0)
        return sorted(self._found, key=lambda d: (d.file, d.span or start, d.code, d.message))

    def raise_if_any(self) -> None:
        """Raises CheckFailed with every diagnostic, where there is one."""
        if self._found:
            raise CheckFailed(*self.diagnostics)
