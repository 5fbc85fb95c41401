"""What people say about runs and flows of a deployed app that are not there, or not as they would have to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from skyloom.deployers.base import CloudRun
from skyloom.errors import Diagnostic, UserError

SEARCHED = 1000
"""How many of the newest runs are looked through for the beginning of an id."""


def only_one(run_id: str, runs: Iterable[CloudRun], *, app: str, place: str, target: str) -> CloudRun:
    """The only run whose id begins so. Raises UserError (SKY646)."""
    near = [run for run in runs if run.id.startswith(run_id)]
    if len(near) == 1:
        return near[0]
    if near:
        hint = "say more of it: " + ", ".join(run.id for run in near[:5])
        raise UserError(Diagnostic("SKY646", f"{len(near)} runs begin with {run_id}", place, hint=hint))
    hint = f"`skyloom runs list --target {target}` shows them"
    raise UserError(Diagnostic("SKY646", f"no run {run_id} of {app}", place, hint=hint))


def no_flow(flow: str, known: Collection[str], *, app: str, place: str) -> UserError:
    """The error that no such flow is deployed (SKY651)."""
    hint = f"deployed: {', '.join(known) or 'none'}"
    return UserError(Diagnostic("SKY651", f"no flow {flow} is deployed in {app}", place, hint=hint))


def not_now(run: CloudRun, why: str, place: str, hint: str | None = None) -> UserError:
    """The error that what is asked of a run cannot be done as it stands (SKY646)."""
    return UserError(Diagnostic("SKY646", f"run {run.id} {why}", place, hint=hint))
