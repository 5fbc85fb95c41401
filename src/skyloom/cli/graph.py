"""`skyloom graph`: a flow as a picture."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.output import say, show_text
from skyloom.cli.run import TARGET_HELP
from skyloom.errors import Diagnostic, UserError

if TYPE_CHECKING:
    from skyloom.flows.ir.program import Program


class Format(StrEnum):
    """What the picture is written as."""

    MERMAID = "mermaid"
    SVG = "svg"


_BY_SUFFIX = {".svg": Format.SVG, ".mmd": Format.MERMAID, ".mermaid": Format.MERMAID, ".md": Format.MERMAID}


def graph(
    target: Annotated[str, typer.Argument(metavar="FILE:FLOW", help=TARGET_HELP)],
    format_: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="Mermaid text or an SVG picture. [default: by --out's suffix, or mermaid]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file to write. [default: stdout]")
    ] = None,
) -> None:
    """Draw a flow, as Mermaid text or as an SVG picture."""
    from skyloom.flows.frontend import load_file, pick_flow, split_target

    chosen = format_ or _format_of(out)
    with redirect_stdout(sys.stderr):
        file, name = split_target(target)
        program = pick_flow(load_file(file), name).program
    text = _drawn(program, chosen)
    if out is None:
        show_text(text.rstrip("\n"))
        return
    if out.suffix == ".md":
        text = f"```mermaid\n{text.rstrip()}\n```\n"
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(Diagnostic("SKY621", f"it cannot be written: {error.strerror or error}", str(out))) from None
    say(f"wrote {out}")


def _format_of(out: Path | None) -> Format:
    if out is None:
        return Format.MERMAID
    if out.suffix in _BY_SUFFIX:
        return _BY_SUFFIX[out.suffix]
    suffixes = ", ".join(_BY_SUFFIX)
    raise typer.BadParameter(f"its suffix tells no format: use one of {suffixes}, or give --format", param_hint="--out")


def _drawn(program: Program, chosen: Format) -> str:
    match chosen:
        case Format.MERMAID:
            from skyloom.flows.graph.mermaid import mermaid

            return mermaid(program)
        case Format.SVG:
            from skyloom.flows.graph.svg import svg

            return svg(program)
