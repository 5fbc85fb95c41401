"""`skyloom compile`: an app as the files that a cloud takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skyloom.cli.output import diagnostic_json, say, show_diagnostics, show_json
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import Environment, choose
from skyloom.errors import CheckFailed

AppFile = Annotated[str, typer.Argument(metavar="FILE[:APP]", help="The app's file.")]
To = Annotated[str, typer.Option("--to", metavar="TARGET", help="The cloud: aws, azure or gcp.")]


def compile_(
    source: AppFile,
    to: To,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="The folder to write.", show_default="build/TARGET"),
    ] = None,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Compile an app to native definitions, function code and infrastructure. Calls no cloud.

    The same app gives the same bytes; `skyloom plan` and `skyloom deploy` take the folder in the place of the file.
    Exit code: 0 done, 2 the app cannot be compiled for that cloud.
    """
    folder = out or Path("build") / to
    try:
        chosen = choose(to, source, environment)
        compiled = chosen.compiled()
    except CheckFailed as error:
        if as_json:
            show_json({"status": "invalid", "diagnostics": [diagnostic_json(d) for d in error.diagnostics]})
        raise
    bundle = compiled.bundle
    bundle.write(folder)
    show_diagnostics(compiled.diagnostics)
    if as_json:
        show_json(
            {
                "status": "compiled",
                "target": bundle.target,
                "app": bundle.app,
                "environment": bundle.environment,
                "version": bundle.version,
                "out": str(folder),
                "files": len(bundle.files) + 1,
                "bytes": sum(map(len, bundle.files.values())),
                "diagnostics": [diagnostic_json(diagnostic) for diagnostic in compiled.diagnostics],
            }
        )
        return
    flows = len(bundle.below("workflows")) if compiled.flows is None else compiled.flows
    functions = len(bundle.folders("functions")) if compiled.functions is None else compiled.functions
    counted = f"{_count(flows, 'flow')}, {_count(functions, 'function')}"
    say(
        f"wrote {folder}: {bundle.app} for {bundle.target} in {bundle.environment}, version {bundle.version}; {counted}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
