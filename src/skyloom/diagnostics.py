"""What is wrong in what the user wrote, and where: `skyloom.errors` gives both names too."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source: 1-based lines and columns, counted in characters; the end column is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem in what the user wrote: a code, a place, what is wrong and how to mend it."""

    code: str
    """`SKY` and three digits; `docs/diagnostics.md` lists them all."""
    message: str
    file: str
    span: Span | None = None
    hint: str | None = None
    source: str | None = None
    """The line of source at `span.line`, without its line end."""

    def render(self) -> str:
        """The diagnostic as text: place, code, message, the source line with a caret, and the hint."""
        if self.span is None:
            lines = [f"{self.file}: {self.code} {self.message}"]
        else:
            lines = [f"{self.file}:{self.span.line}:{self.span.column}: {self.code} {self.message}"]
            if self.source is not None:
                lines += self._excerpt(self.source, self.span)
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    @staticmethod
    def _excerpt(source: str, span: Span) -> list[str]:
        text = source.replace("\t", " ")
        last = span.end_column if span.end_line == span.line else len(text) + 1
        width = max(1, last - span.column)
        margin = f"{span.line:>5} | "
        return [margin + text, " " * (len(margin) - 2) + "| " + " " * (span.column - 1) + "^" * width]
