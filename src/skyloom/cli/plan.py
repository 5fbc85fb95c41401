"""`skyloom plan`: what a deploy would change."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom.cli.changes import show_plan
from skyloom.cli.output import show_diagnostics, show_json
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import Environment, Source, Target, choose


def plan(
    target: Target,
    source: Source,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Show what a deploy would create, update, replace and delete. Changes nothing.

    Exit code: 0 also when there are changes, 1 the cloud refuses them, 2 the app or the call is wrong.
    """
    chosen = choose(target, source, environment)
    compiled = chosen.compiled()
    show_diagnostics(compiled.diagnostics)
    planned = chosen.deployer.plan(compiled.bundle)
    chosen.deployer.discard(planned)
    if as_json:
        show_json(planned.to_json())
    else:
        show_plan(planned)
