"""Runs in a cloud, for `skyloom invoke` and `skyloom runs --target`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from skyloom.cli import cloud_steps
from skyloom.cli.edge import FAILED
from skyloom.cli.output import clean, duration, iso, moment, say, show, show_json, show_table
from skyloom.cli.target import choose_running
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.cli.target import Chosen
    from skyloom.deployers.base import CloudRun, CloudStep


# --- following ------------------------------------------------------------------------------------------------------


def follow_run(chosen: Chosen, run: CloudRun, *, quiet: bool) -> CloudRun:
    """Shows the steps of a run on stderr until it has ended, and gives it as it then is."""
    from skyloom.deployers.base import CloudRun

    ended = run
    try:
        for seen in chosen.deployer.follow(run):
            if isinstance(seen, CloudRun):
                ended = seen
            elif not quiet and cloud_steps.shown([seen], everything=False):
                say(f"  {_told(seen)}", "red" if seen.error else "")
    except KeyboardInterrupt:
        say(f"stopped watching; run {run.id} goes on: {_command(chosen, 'runs show', run)}")
        raise typer.Exit(FAILED) from None
    return ended


def _told(step: CloudStep) -> str:
    took = "" if step.ended is None else f" ({duration(step.ended - step.started)})"
    if step.error:
        return f"{cloud_steps.label(step)}: {'failed' if step.ended else 'attempt failed'}, {step.error}{took}"
    return f"{cloud_steps.label(step)}: {'started' if step.ended is None else 'done'}{took}"


def show_ended(chosen: Chosen, run: CloudRun, *, as_json: bool) -> None:
    """Prints what came of a run, and leaves the command unless the run is done."""
    if as_json:
        show_json(_ended_json(run))
    elif run.status == "done":
        show_json(run.result)
    elif run.error is not None:
        took = duration((run.ended or run.started) - run.started)
        say(f"{run.flow} failed after {took}: {run.error.type}: {run.error.message}", "red")
        more = f"to see more: {_command(chosen, 'logs', run)}"
        say(f"{more}; to go on: {_command(chosen, 'runs resume', run)}" if chosen.deployer.resumes else more)
    else:
        say(f"run {run.id} is {run.status}", "yellow")
    if run.status != "done":
        raise typer.Exit(FAILED)


def _ended_json(run: CloudRun) -> dict[str, Json]:
    outcome = {"result": run.result} if run.status == "done" else {"error": run.error and run.error.to_json()}
    return {
        "run": run.id,
        "flow": run.flow,
        "status": run.status,
        **outcome,
        "seconds": None if run.ended is None else round(run.ended - run.started, 3),
        "ui": run.url or None,
    }


def _command(chosen: Chosen, what: str, run: CloudRun) -> str:
    target = chosen.deployer.target
    if what == "logs":
        return f"skyloom logs {target} {chosen.name} {run.id} --env {chosen.environment}"
    return f"skyloom {what} {run.id} --target {target} --app {chosen.name} --env {chosen.environment}"


# --- `skyloom runs --target` ------------------------------------------------------------------------------------------


def list_runs(target: str, app: str | None, environment: str | None, limit: int, *, as_json: bool) -> None:
    """As `skyloom runs list`, for the runs of a deployed app."""
    chosen = choose_running(target, app, environment)
    found = chosen.deployer.runs(limit)
    if as_json:
        show_json([_run_json(chosen, run) for run in found])
    elif found:
        rows = ((run.id, run.status, moment(run.started), _took(run), run.flow) for run in found)
        show_table(("RUN", "STATUS", "STARTED", "TOOK", "FLOW"), rows)
    else:
        say(f"no runs yet; start one with `skyloom invoke {target} {chosen.name}:FLOW`")


def show_run(
    target: str, app: str | None, environment: str | None, run_id: str, *, everything: bool, as_json: bool
) -> None:
    """As `skyloom runs show`, for a run of a deployed app."""
    chosen = choose_running(target, app, environment)
    run = chosen.deployer.run(run_id)
    steps = cloud_steps.shown(chosen.deployer.steps(run), everything=everything)
    waits = [approval for approval in chosen.deployer.approvals() if approval.run == run.id]
    if as_json:
        show_json(
            _run_json(chosen, run)
            | {
                "input": run.input,
                "result": run.result,
                "error": run.error and run.error.to_json(),
                "steps": [cloud_steps.step_json(step) for step in steps],
                "waits": [{"id": wait.id, "kind": "approval", "name": wait.message} for wait in waits],
                "ui": run.url or None,
            }
        )
        return
    show(f"{run.id}  {run.status}", "bold")
    show(f"flow     {run.flow} of {run.app} ({chosen.environment}, {target})")
    show(f"started  {moment(run.started)}, took {_took(run)}")
    show(f"input    {clean(json.dumps(run.input, ensure_ascii=False))}")
    if run.url:
        show(f"page     {run.url}")
    if steps:
        show()
        show_table(("STEP", "KIND", "TOOK", "ATTEMPTS", "OUTCOME"), cloud_steps.rows(steps, everything=everything))
    if run.status == "done":
        show("\nresult")
        show_json(run.result)
    elif run.error is not None:
        show(f"\n{run.error.type}: {run.error.message}", "red")
    for wait in waits:
        show(f"\nwaiting  {wait.message}", "yellow")
        place = f"--target {target} --app {chosen.name} --env {chosen.environment}"
        show(f"         skyloom approvals approve {wait.id} {place}")
    if run.status in ("failed", "cancelled") and chosen.deployer.resumes:
        say(f"to go on from there: {_command(chosen, 'runs resume', run)}")


def cancel_run(target: str, app: str | None, environment: str | None, run_id: str) -> None:
    """As `skyloom runs cancel`, for a run of a deployed app."""
    chosen = choose_running(target, app, environment)
    run = chosen.deployer.run(run_id)
    chosen.deployer.cancel(run)
    stopped = f"run {run.id} is stopped"
    say(f"{stopped}; to go on later: {_command(chosen, 'runs resume', run)}" if chosen.deployer.resumes else stopped)


def resume_run(
    target: str, app: str | None, environment: str | None, run_id: str, *, as_json: bool, quiet: bool
) -> None:
    """As `skyloom runs resume`, for a run of a deployed app."""
    chosen = choose_running(target, app, environment)
    going = chosen.deployer.resume(chosen.deployer.run(run_id))
    show_ended(chosen, follow_run(chosen, going, quiet=quiet), as_json=as_json)


def _run_json(chosen: Chosen, run: CloudRun) -> dict[str, Json]:
    return {
        "run": run.id,
        "flow": run.flow,
        "app": run.app,
        "environment": chosen.environment,
        "status": run.status,
        "started": iso(run.started),
        "ended": iso(run.ended),
        "engine_run": run.handle,
    }


def _took(run: CloudRun) -> str:
    import time

    return duration((run.ended or time.time()) - run.started)
