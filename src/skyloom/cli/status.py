"""`skyloom status`: what is deployed of an app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.edge import FAILED
from skyloom.cli.output import iso, moment, say, show, show_json, show_table
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import Deployed, Environment, Target, choose
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.deployers.base import Status


def status(
    target: Target,
    source: Deployed,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Show what is deployed of an app: its state, version, flows with their runs, and addresses.

    Exit code: 0 it is as it should be, 1 its last change failed or is under way, 2 it is not deployed.
    """
    found = choose(target, source, environment).deployer.status()
    if as_json:
        show_json(_json(found))
    else:
        _show(found)
    if not found.ok:
        raise typer.Exit(FAILED)


def _json(found: Status) -> dict[str, Json]:
    return {
        "app": found.app,
        "environment": found.environment,
        "target": found.target,
        "place": found.place,
        "state": found.state,
        "ok": found.ok,
        "problem": found.problem or None,
        "version": found.version or None,
        "changed": iso(found.changed),
        "flows": [{"flow": flow.flow, "id": flow.id, "runs": {**flow.runs}} for flow in found.flows],
        "outputs": {**found.outputs},
        "versions": [
            {"version": version.version, "deployed": iso(version.deployed), "current": version.current}
            for version in found.versions
        ],
    }


def _show(found: Status) -> None:
    show(f"{found.app} in {found.environment} ({found.target}, {found.place})", "bold")
    changed = "" if found.changed is None else f" since {moment(found.changed)}"
    show(f"state    {found.state}{changed}", "" if found.ok else "yellow")
    if found.problem:
        show(f"problem  {found.problem}", "red")
    show(f"version  {found.version or 'not known'}")
    if found.flows:
        show()
        show_table(("FLOW", "NEWEST RUNS"), ((flow.flow, _counted(flow.runs)) for flow in found.flows))
    if found.outputs:
        show()
        show_table(("OUTPUT", "VALUE"), found.outputs.items())
    if found.versions:
        show()
        rows = ((v.version, moment(v.deployed), "current" if v.current else "") for v in found.versions)
        show_table(("VERSION", "DEPLOYED", ""), rows)
    if found.problem:
        say(f"to try again: skyloom deploy {found.target} FILE --env {found.environment}")


def _counted(runs: object) -> str:
    assert isinstance(runs, dict)
    return ", ".join(f"{count} {state}" for state, count in sorted(runs.items())) or "none"
