"""`skyloom explain`: what a cloud makes of a flow, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.compile import AppFile, To
from skyloom.cli.listings import show_listings
from skyloom.cli.output import show, show_diagnostics, show_json, show_table
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import Chosen, Environment, choose
from skyloom.errors import CheckFailed, Diagnostic, UserError

if TYPE_CHECKING:
    from skyloom.deployers.base import Compiled, Explanation
    from skyloom.deployers.saving import Saving
    from skyloom.flows.outcome import Json


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
    """Show what each flow becomes in a cloud: its states, what they cost, what had to go elsewhere and why, and what
    passes have saved.

    With --source the whole definition, line by line beside the flow's source. Calls no cloud.
    """
    chosen = choose(to, source, environment)
    compiled = _compiled(chosen, flow)
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
    saved = [saving for saving in compiled.savings() if saving.flow in names]
    if as_json:
        show_json({"steps": [_step(one) for one in wanted], "savings": [_saving(one) for one in saved]})
        return
    for name in names:
        show(name, "bold")
        rows = ((e.place, e.name, e.what, e.cost, e.why) for e in wanted if e.flow == name)
        show_table(("PLACE", "NAME", "BECOMES", "COSTS", "WHY"), rows)
        show()
        _show_savings([saving for saving in saved if saving.flow == name])


def _compiled(chosen: Chosen, flow: str | None) -> Compiled:
    """What was compiled. Where the app is refused, the flow that is asked for is compiled without the others: what is
    wrong with these is not its own."""
    try:
        return chosen.compiled()
    except CheckFailed:
        alone = chosen.alone(flow)
        if alone is None:
            raise
    return alone.compiled()


def _step(one: Explanation) -> dict[str, Json]:
    return {"flow": one.flow, "place": one.place, "what": one.what, "name": one.name, "why": one.why, "cost": one.cost}


def _saving(one: Saving) -> dict[str, Json]:
    """A saving as JSON; the total of a flow has no pass."""
    return {
        "flow": one.flow,
        "pass": one.rewrite or None,
        "saves": one.saves,
        "before": dict(one.before),
        "after": dict(one.after),
    }


def _show_savings(saved: Sequence[Saving]) -> None:
    """What each pass saves, in its order, and the total below."""
    if not saved:
        return
    show_table(
        ("PASS", "SAVES IN THE DEFINITION (a step in a loop counts once)", "BILLED"),
        ((one.rewrite or "together", one.saves, _change(one)) for one in saved),
    )
    show()


def _change(one: Saving) -> str:
    return ", ".join(f"{count} -> {one.after[unit]} {unit}" for unit, count in one.before.items())
