"""`skyloom deploy`: an app, into a cloud."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.changes import follow, show_plan
from skyloom.cli.edge import FAILED
from skyloom.cli.output import say, show_diagnostics, show_json, show_table
from skyloom.cli.run import JSON_HELP, QUIET_HELP
from skyloom.cli.target import Environment, Source, Target, Yes, ask, choose
from skyloom.errors import EngineError

if TYPE_CHECKING:
    from skyloom.cli.target import Chosen
    from skyloom.deployers.events import Finished
    from skyloom.deployers.plan import Plan


def deploy(
    target: Target,
    source: Source,
    environment: Environment = None,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET_HELP)] = False,
) -> None:
    """Bring an app into a cloud, or what is there up to date.

    The plan is shown, and applied after a yes. A change that fails is taken back, and what was there before answers
    on. A deploy that was stopped half-way is finished by the same command.
    Exit code: 0 done or nothing to do, 1 the deploy failed or was not wanted, 2 the app or the call is wrong.
    """
    chosen = choose(target, source, environment)
    compiled = chosen.compiled()
    show_diagnostics(compiled.diagnostics)
    apply(
        chosen,
        lambda: chosen.deployer.plan(compiled.bundle),
        lambda plan: f"Deploy {plan.app} to {plan.environment} ({plan.place})?",
        yes=yes,
        as_json=as_json,
        quiet=quiet,
    )


def apply(
    chosen: Chosen,
    make: Callable[[], Plan],
    question: Callable[[Plan], str],
    *,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Repairs what was left half-way, makes a plan, shows it, and applies it after a yes."""
    try:
        follow(chosen.deployer.repair(), quiet=quiet)
        plan = make()
        if not as_json:
            show_plan(plan)
        if not plan.is_empty:
            _ask(chosen, plan, question(plan), yes=yes)
        ended = carry_out(chosen, plan, quiet=quiet)
    except EngineError as error:
        if as_json:
            show_json({"status": "failed", "app": chosen.name, "environment": chosen.environment, "error": str(error)})
        raise
    if as_json:
        show_json(
            plan.to_json()
            | {
                "status": "unchanged" if plan.is_empty else "deployed",
                "outputs": {} if ended is None else {**ended.outputs},
            }
        )
    elif ended is not None:
        say(f"{plan.app} is up to date" if plan.is_empty else f"deployed {plan.app}, version {plan.version}", "green")
        if ended.outputs:
            show_table(("OUTPUT", "VALUE"), ended.outputs.items())


def carry_out(chosen: Chosen, plan: Plan, *, quiet: bool) -> Finished | None:
    """Applies a plan and shows what happens. Ctrl-C leaves the command, not the change."""
    try:
        return follow(chosen.deployer.apply(plan), quiet=quiet)
    except KeyboardInterrupt:
        say("stopped watching; what has begun goes on. The same command waits for its end, and goes on from there")
        raise typer.Exit(FAILED) from None


def _ask(chosen: Chosen, plan: Plan, question: str, *, yes: bool) -> None:
    try:
        ask(question, yes=yes)
    except BaseException:
        chosen.deployer.discard(plan)
        raise
