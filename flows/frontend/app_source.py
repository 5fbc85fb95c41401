"""Where the parts of an app were written: `App(...)` in the source, and its arguments."""

from __future__ import annotations

import ast
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from skyloom.errors import CheckFailed, Diagnostic, Span
from skyloom.flows.app import App
from skyloom.flows.frontend.source import SourceFile, shown


class AppSource:
    """The call that made an app. Where it cannot be found, everything is at the place that the app remembers."""

    def __init__(self, app: App) -> None:
        written = app.written
        self._file = written.file if written is not None else "<unknown>"
        self._line = written.line if written is not None else 1
        self._source: SourceFile | None = None
        self._call: ast.Call | None = None
        try:
            self._source = SourceFile.read(Path(self._file))
        except CheckFailed:
            return
        calls = [node for node in ast.walk(self._source.tree) if isinstance(node, ast.Call) and self._is_app(node)]
        self._call = calls[0] if calls else None

    def problem(
        self,
        code: str,
        message: str,
        hint: str | None,
        option: str | None = None,
        index: int | str | None = None,
        part: str | None = None,
        value: Any = None,
    ) -> Diagnostic:
        """A problem with the app; with its argument `option`; with the element `index` of that, a position or a key;
        with the argument `part` of the call that the element, `value`, is."""
        node: ast.expr | None = self._call.func if self._call is not None else None
        if option is not None:
            node = self._option(option) or node
            node = _element(node, index) or node
            node = _part(node, part, value) or node
        if self._source is None:
            return Diagnostic(code, message, shown(Path(self._file)), None, hint)
        span = self._source.span(node) if node is not None else self._line_span()
        return Diagnostic(code, message, self._source.name, span, hint, self._source.line(span.line))

    def _option(self, name: str) -> ast.expr | None:
        if self._call is None:
            return None
        if name == "name" and self._call.args:
            return self._call.args[0]
        return next((keyword.value for keyword in self._call.keywords if keyword.arg == name), None)

    def _line_span(self) -> Span:
        assert self._source is not None
        return Span(self._line, 1, self._line, max(2, len(self._source.line(self._line)) + 1))

    def _is_app(self, node: ast.Call) -> bool:
        last = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return last == "App" and node.lineno <= self._line <= (node.end_lineno or node.lineno)


def _element(node: ast.expr | None, index: int | str | None) -> ast.expr | None:
    if isinstance(node, ast.List | ast.Tuple) and isinstance(index, int) and index < len(node.elts):
        return node.elts[index]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return next((value for key, value in pairs if isinstance(key, ast.Constant) and key.value == index), None)
    return None


def _part(node: ast.expr | None, part: str | None, value: Any) -> ast.expr | None:
    if part is None or not isinstance(node, ast.Call):
        return None
    named = next((keyword.value for keyword in node.keywords if keyword.arg == part), None)
    if named is not None or not is_dataclass(value):
        return named
    positions = [field.name for field in fields(value) if not field.kw_only]
    position = positions.index(part) if part in positions else len(node.args)
    return node.args[position] if position < len(node.args) else None
