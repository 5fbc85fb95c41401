"""`skyloom rollback`: back to a version that was deployed before."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom.cli.deploy import apply
from skyloom.cli.run import JSON_HELP, QUIET_HELP
from skyloom.cli.target import Deployed, Environment, Target, Yes, choose


def rollback(
    target: Target,
    source: Deployed,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="VERSION",
            help="As `skyloom status` shows it.",
            show_default="the one before the current one",
        ),
    ] = None,
    environment: Environment = None,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET_HELP)] = False,
) -> None:
    """Deploy an earlier version again, as it was: code, definitions and infrastructure. Data is not touched.

    Exit code: as of `skyloom deploy`.
    """
    chosen = choose(target, source, environment)
    apply(
        chosen,
        lambda: chosen.deployer.plan_rollback(to),
        lambda plan: f"Go back to version {plan.version} of {plan.app} in {plan.environment} ({plan.place})?",
        yes=yes,
        as_json=as_json,
        quiet=quiet,
    )
