"""`skyloom invoke`: a run of a deployed flow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.cloud_runs import follow_run, show_ended
from skyloom.cli.inputs import read_object
from skyloom.cli.output import say, show, show_json
from skyloom.cli.run import JSON_HELP, QUIET_HELP
from skyloom.cli.target import PLACE, Environment, Target, choose, split_app
from skyloom.errors import Diagnostic, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.cli.target import Chosen


def invoke(
    target: Target,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE:FLOW",
            help="The flow; NAME:FLOW with the name of a deployed app. FLOW may go if it is the only one.",
        ),
    ],
    given: Annotated[
        str,
        typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="The flow's arguments by name, as a JSON object."),
    ] = "{}",
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The id of the run, once only.", show_default="a new one")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end, or only start it.")] = True,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET_HELP)] = False,
) -> None:
    """Start a deployed flow and print its result.

    With the app's file, the input is checked before anything starts. Ctrl-C leaves the run running.
    Exit code: 0 done, or started with --no-wait; 1 the run failed; 2 the flow or its input is wrong.
    """
    app, flow = _split(source)
    chosen = choose(target, app, environment)
    arguments = read_object(given, "--input")
    name = flow or _only_flow(chosen)
    if chosen.app is not None:
        arguments = _checked(chosen, name, arguments)
    started = chosen.deployer.start(name, arguments, run)
    if not quiet:
        say(f"run {started.id}")
        if started.url:
            say(started.url, "dim")
    if not wait:
        if as_json:
            show_json({"run": started.id, "flow": name, "status": started.status, "ui": started.url or None})
        else:
            show(started.id)
        return
    ended = follow_run(chosen, started, quiet=quiet)
    show_ended(chosen, ended, as_json=as_json)


def _split(source: str) -> tuple[str, str | None]:
    """`support.py:answer` and `support:answer` as app and flow."""
    if Path(source).is_dir():
        return source, None
    file, flow = split_app(source)
    return str(file), flow


def _only_flow(chosen: Chosen) -> str:
    names = [flow.flow for flow in chosen.deployer.status().flows]
    if len(names) == 1:
        return names[0]
    hint = f"its flows: {', '.join(names) or 'none'}"
    raise UserError(Diagnostic("SKY006", f"say which flow of {chosen.name} is meant", PLACE, hint=hint))


def _checked(chosen: Chosen, flow: str, arguments: dict[str, Json]) -> dict[str, Json]:
    """The input as the flow's signature reads it. Raises UserError (SKY005): the file has no such flow."""
    from skyloom.flows.frontend.body import did_you_mean
    from skyloom.flows.runner import launch

    assert chosen.app is not None
    found = next((candidate for candidate in chosen.app.flows if candidate.name == flow), None)
    if found is None:
        names = [candidate.name for candidate in chosen.app.flows]
        known = did_you_mean(flow, names) or f"its flows: {', '.join(names)}"
        hint = f"{known}; what only the deployed version has is started as {chosen.name}:{flow}"
        raise UserError(Diagnostic("SKY005", f"{chosen.name} has no flow `{flow}`", str(chosen.file), hint=hint))
    return launch.prepare(found, arguments).arguments
