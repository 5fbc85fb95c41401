"""`skyloom destroy`: everything of an app, away."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom.cli.changes import show_plan
from skyloom.cli.deploy import carry_out
from skyloom.cli.output import say, show_json
from skyloom.cli.run import JSON_HELP, QUIET_HELP
from skyloom.cli.target import Deployed, Environment, Target, Yes, ask, choose


def destroy(
    target: Target,
    source: Deployed,
    environment: Environment = None,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete also what the environment keeps: buckets, tables.")
    ] = False,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET_HELP)] = False,
) -> None:
    """Delete an app from a cloud, with its runs, its code and, where it is not to be kept, its data.

    Exit code: 0 done or nothing there, 1 something could not be deleted or was not wanted, 2 the call is wrong.
    """
    chosen = choose(target, source, environment)
    plan = chosen.deployer.removal(delete_data=delete_data)
    if not as_json:
        show_plan(plan)
    kept = [change for change in plan.changes if change.action == "keep"]
    if plan.is_empty:
        say(f"nothing of {chosen.name} is deployed in {chosen.environment}" + (" but what is kept" if kept else ""))
    else:
        ask(f"Delete all this from {plan.environment} ({plan.place})?", yes=yes)
    ended = carry_out(chosen, plan, quiet=quiet)
    if as_json:
        show_json(plan.to_json() | {"status": "destroyed"})
    elif ended is not None and not plan.is_empty:
        say(f"destroyed {chosen.name} in {chosen.environment}; {ended.text}", "green")
    if kept and not as_json:
        say("what is kept goes with --delete-data", "yellow")
