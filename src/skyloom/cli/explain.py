"""`skyloom explain`: what a cloud makes of a flow, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom.cli.compile import AppFile, To
from skyloom.cli.listings import show_listings
from skyloom.cli.output import show, show_diagnostics, show_json, show_table
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import Environment, choose
from skyloom.errors import Diagnostic, UserError


def explain(
    source: AppFile,
    to: To,
    flow: Annotated[
        str | None, typer.Option("--flow", "-f", metavar="FLOW", help="Only this flow.", show_default="all")
    ] = None,
    beside: Annotated[
        bool, typer.Option("--source", help="Show the compiled lines beside the lines of the source they come from.")
    ] = False,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Show what each flow becomes in a cloud: its states, what they cost, and what had to go elsewhere and why.

    With --source the whole definition, line by line beside the flow's source. Calls no cloud.
    """
    chosen = choose(to, source, environment)
    compiled = chosen.compiled()
    show_diagnostics(compiled.diagnostics)
    flows = list(dict.fromkeys(found.flow for found in compiled.explanations))
    if flow is not None and flow not in flows:
        raise UserError(
            Diagnostic("SKY005", f"the app has no flow {flow}", source, hint=f"its flows: {', '.join(flows) or 'none'}")
        )
    wanted = [found for found in compiled.explanations if flow in (None, found.flow)]
    names = flows if flow is None else [flow]
    if beside:
        show_listings(chosen, compiled, names, as_json=as_json)
        return
    if as_json:
        show_json(
            [
                {"flow": e.flow, "place": e.place, "what": e.what, "name": e.name, "why": e.why, "cost": e.cost}
                for e in wanted
            ]
        )
        return
    for name in names:
        show(name, "bold")
        rows = ((e.place, e.name, e.what, e.cost, e.why) for e in wanted if e.flow == name)
        show_table(("PLACE", "NAME", "BECOMES", "COSTS", "WHY"), rows)
        show()
