"""Approvals in a cloud, for `skyloom approvals --target`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skyloom.cli.output import deadline_text, duration, iso, moment, say, show, show_json, show_table
from skyloom.cli.target import PLACE, choose_running
from skyloom.errors import Diagnostic, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.cli.target import Chosen
    from skyloom.deployers.base import CloudApproval


def list_approvals(target: str, app: str | None, environment: str | None, *, as_json: bool) -> None:
    """As `skyloom approvals list`, for a deployed app."""
    found = choose_running(target, app, environment).deployer.approvals()
    if as_json:
        show_json([_json(approval) for approval in found])
    elif found:
        show_table(
            ("ID", "RUN", "ASKED", "TIME", "FOR", "QUESTION"),
            ((a.id, a.run, _asked(a), deadline_text(a.deadline), a.to or "", a.message) for a in found),
        )
    else:
        say("no open approvals")


def show_approval(target: str, app: str | None, environment: str | None, approval_id: str, *, as_json: bool) -> None:
    """As `skyloom approvals show`, for a deployed app."""
    chosen = choose_running(target, app, environment)
    found = _found(chosen, approval_id)
    if as_json:
        show_json(_json(found))
        return
    show(found.message, "bold")
    show(f"id       {found.id}")
    show(f"run      {found.run}, step {found.step}")
    if found.opened is not None:
        show(f"asked    {moment(found.opened)}")
    if found.to:
        show(f"for      {found.to}")
    if found.show is not None:
        show("\nto look at")
        show_json(found.show)
    if found.form is not None:
        show("\nform")
        show_json(found.form)
    show(f"\n{deadline_text(found.deadline)}")
    for verb in ("approve", "reject"):
        show(f"skyloom approvals {verb} {found.id} --target {target} --app {chosen.name} --env {chosen.environment}")


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What somebody decides. `bare`: the form is left out."""

    approved: bool
    comment: str
    by: str
    form: Json = None
    bare: bool = False


def decide(target: str, app: str | None, environment: str | None, approval_id: str, decided: Decided) -> None:
    """As `skyloom approvals approve` and `reject`, for a deployed app. A form is asked for on a terminal."""
    chosen = choose_running(target, app, environment)
    found = _found(chosen, approval_id)
    form = decided.form
    if decided.approved:
        from skyloom.cli.forms import form_to_approve_with

        form = form_to_approve_with(found.form, form, without=decided.bare, approval=found.id)
    chosen.deployer.decide(found.id, approved=decided.approved, comment=decided.comment, by=decided.by, form=form)
    say(f"{'approved' if decided.approved else 'rejected'}: {found.message}", "green")


def _found(chosen: Chosen, approval_id: str) -> CloudApproval:
    found = [approval for approval in chosen.deployer.approvals() if approval.id.startswith(approval_id)]
    if len(found) == 1:
        return found[0]
    message = f"{len(found)} approvals begin with {approval_id}" if found else f"no open approval {approval_id}"
    hint = f"`skyloom approvals list --target {chosen.deployer.target}` shows the open ones"
    raise UserError(Diagnostic("SKY611", message, PLACE, hint=hint))


def _json(approval: CloudApproval) -> dict[str, Json]:
    return {
        "id": approval.id,
        "run": approval.run,
        "flow": approval.flow,
        "step": approval.step,
        "message": approval.message,
        "show": approval.show,
        "to": approval.to,
        "form": approval.form,
        "opened": iso(approval.opened),
        "deadline": iso(approval.deadline),
        "state": "open",
    }


def _asked(approval: CloudApproval) -> str:
    return "" if approval.opened is None else f"{duration(time.time() - approval.opened)} ago"
