"""`skyloom check`: everything that is wrong with a file, at once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.edge import MISTAKE
from skyloom.cli.output import diagnostic_json, say, show_diagnostics, show_json
from skyloom.cli.ported import ported, report_json, show_report
from skyloom.cli.target import Environment, split_app
from skyloom.errors import Diagnostic, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.deployers.portability import Portability
    from skyloom.flows.frontend import CheckedFile


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE[:FLOW]", help="A Python file with flows, or one of them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print flows and diagnostics as one JSON document.")] = False,
    targets: Annotated[
        str | None,
        typer.Option("--targets", metavar="TARGETS", help="Say what these clouds make of each flow: aws,azure,gcp."),
    ] = None,
    runs: Annotated[
        int | None,
        typer.Option(
            "--runs", min=1, metavar="N", help="With --targets: measure sizes by the newest N runs of each flow here."
        ),
    ] = None,
    environment: Environment = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schemas of each flow's input and output.")
    ] = False,
) -> None:
    """Check every flow, task and prompt of a file. Nothing is run, except the file's import.

    With --targets every flow is compiled for these clouds: whether it runs by itself, calls the helper function, or is
    refused, and how near it comes to their limits: with --runs also by the values of runs that are recorded on this
    machine. Exit code: 0 nothing is wrong, 2 there are problems.
    """
    from skyloom.flows.frontend import check_file

    if runs is not None and targets is None:
        raise UserError(Diagnostic("SKY770", "--runs needs --targets", "command line", hint="--targets aws,azure,gcp"))
    path, name = split_app(str(file))
    with redirect_stdout(sys.stderr):
        checked = check_file(path)
        if name is not None and not checked.diagnostics:
            checked = _only(checked, path, name)
    schemas = _schemas(checked) if schema and not checked.diagnostics else None
    found = () if targets is None or checked.diagnostics else ported(path, name, targets, environment, runs)
    if as_json:
        document: dict[str, Json] = {
            "file": str(file),
            "flows": sorted(checked.flows),
            "diagnostics": [diagnostic_json(diagnostic) for diagnostic in checked.diagnostics],
        }
        if targets is not None:
            document["targets"] = [report_json(one) for one in found]
        show_json(document if schemas is None else document | {"schemas": schemas})
    else:
        show_diagnostics(checked.diagnostics)
        if schemas is not None:
            show_json(schemas)
        show_report(found)
        _say_summary(path, checked, found)
    if checked.diagnostics or any(one.verdict == "refused" for one in found):
        raise typer.Exit(MISTAKE)


def _only(checked: CheckedFile, file: Path, name: str) -> CheckedFile:
    """What was checked, with one flow only, or with those of an app. Raises UserError: SKY520, there is no such."""
    from skyloom.deployers.functions import load_app

    named = {flow.name for flow in load_app(file, name).flows}
    return replace(checked, flows={key: flow for key, flow in checked.flows.items() if key in named})


def _schemas(checked: CheckedFile) -> dict[str, Json]:
    definitions = {name: flow.program.flow for name, flow in checked.flows.items()}
    return {
        name: {"input": definition.input_schema, "output": definition.output_schema}
        for name, definition in definitions.items()
    }


def _say_summary(file: Path, checked: CheckedFile, found: Sequence[Portability]) -> None:
    problems = len(checked.diagnostics)
    refused = dict.fromkeys(one.target for one in found if one.verdict == "refused")
    names = ", ".join(checked.flows)
    flows = f"{len(checked.flows)} flow{'s' if len(checked.flows) > 1 else ''} checked ({names})"
    if problems:
        say(f"{problems} problem{'s' if problems > 1 else ''}", "bold red")
    elif refused:
        say(f"{file}: {flows}; not all run on {', '.join(refused)}", "bold red")
    elif checked.flows:
        say(f"{file}: {flows}, no problems")
    else:
        say(f"{file}: no problems, but no flow either; mark a function with @flow", "yellow")
