"""`skyloom approvals`: the decisions that runs wait for."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.help import examples
from skyloom.cli.inputs import read_json
from skyloom.cli.output import clean, deadline_text, duration, iso, moment, say, show, show_json, show_table
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import IN_A_CLOUD, LOCAL, Environment, RunsApp, RunsTarget
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.flows.runner.store import RunStore, Wait

app = typer.Typer(no_args_is_help=True, help="List, show and decide what runs ask people.")

ApprovalId = Annotated[str, typer.Argument(metavar="ID", help="Its id, as `skyloom approvals list` shows it.")]
Comment = Annotated[str, typer.Option("--comment", "-c", help="What the flow gets to read as `decision.comment`.")]
By = Annotated[str | None, typer.Option("--by", help="Who decides. [default: your user name]")]


@app.command(
    "list",
    epilog=examples("skyloom approvals list", "skyloom approvals list --json", f"skyloom approvals list {IN_A_CLOUD}"),
)
def list_approvals(
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """List the open approvals, oldest first."""
    if target != LOCAL:
        from skyloom.cli import cloud_approvals

        cloud_approvals.list_approvals(target, app_, environment, as_json=as_json)
        return
    from skyloom.flows.runner.store import RunStore

    found = RunStore().waits("approval")
    if as_json:
        show_json([_approval_json(wait) for wait in found])
    elif found:
        show_table(
            ("ID", "RUN", "ASKED", "TIME", "FOR", "QUESTION"),
            (
                (
                    wait.id,
                    wait.run,
                    f"{duration(time.time() - wait.opened)} ago",
                    deadline_text(wait.deadline),
                    wait.request["to"] or "",
                    wait.name,
                )
                for wait in found
            ),
        )
    else:
        say("no open approvals")


@app.command("show", epilog=examples("skyloom approvals show 1f0c2d3e"))
def show_approval(
    approval_id: ApprovalId,
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Show an approval: the question, what to look at, the form, and what was decided."""
    if target != LOCAL:
        from skyloom.cli import cloud_approvals

        cloud_approvals.show_approval(target, app_, environment, approval_id, as_json=as_json)
        return
    from skyloom.flows.runner.store import RunStore

    wait = _approval(RunStore(), approval_id)
    if as_json:
        show_json(_approval_json(wait))
        return
    show(wait.name, "bold")
    show(f"id       {wait.id}")
    show(f"run      {wait.run}, step {wait.path.partition('/')[2]}")
    show(f"asked    {moment(wait.opened)}")
    if wait.request["to"]:
        show(f"for      {wait.request['to']}")
    if wait.request["show"] is not None:
        show("\nto look at")
        show_json(wait.request["show"])
    if wait.request["form"] is not None:
        show("\nform")
        show_json(wait.request["form"])
    if wait.closed is not None:
        show(f"\n{wait.closed}: {clean(json.dumps(wait.answer, ensure_ascii=False))}")
        return
    show(f"\n{deadline_text(wait.deadline)}")
    show(f"skyloom approvals approve {wait.id}")
    show(f"skyloom approvals reject {wait.id}")


@app.command(
    epilog=examples(
        "skyloom approvals approve 1f0c2d3e --comment 'Looks good' --by maria",
        """skyloom approvals approve 1f0c2d3e --form '{"amount": 120}'""",
        f"skyloom approvals approve 1f0c2d3e {IN_A_CLOUD}",
    )
)
def approve(
    approval_id: ApprovalId,
    comment: Comment = "",
    by: By = None,
    form: Annotated[
        str | None,
        typer.Option(metavar="JSON|@FILE|-", help="The filled-in form. [default: asked for on a terminal]"),
    ] = None,
    without_form: Annotated[
        bool, typer.Option("--without-form", help="Say yes and leave the form out: the flow gets no answer to it.")
    ] = False,
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
) -> None:
    """Say yes. Where the approval has a form, it is filled in field by field, or given with --form.

    Exit code 2 where a form has fields that must be filled in, and there is neither --form nor a terminal to ask on.
    """
    given = None if form is None else read_json(form, "--form")
    if target != LOCAL:
        from skyloom.cli import cloud_approvals

        chosen = cloud_approvals.Decided(approved=True, comment=comment, by=_decider(by), form=given, bare=without_form)
        cloud_approvals.decide(target, app_, environment, approval_id, chosen)
        return
    from skyloom.cli.forms import form_to_approve_with
    from skyloom.flows.runner.store import NotOpen, RunStore

    store = RunStore()
    wait = _approval(store, approval_id)
    if given is None and wait.request["form"] is not None and wait.closed is not None:
        raise NotOpen(f"{wait.id} is {wait.closed} already")
    filled = form_to_approve_with(wait.request["form"], given, without=without_form, approval=wait.id)
    _decide(store, wait, approved=True, comment=comment, by=by, form=filled)


@app.command(epilog=examples("skyloom approvals reject 1f0c2d3e --comment 'Wrong customer'"))
def reject(
    approval_id: ApprovalId,
    comment: Comment = "",
    by: By = None,
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
) -> None:
    """Say no. The flow goes on with `decision.approved` false."""
    if target != LOCAL:
        from skyloom.cli import cloud_approvals

        chosen = cloud_approvals.Decided(approved=False, comment=comment, by=_decider(by))
        cloud_approvals.decide(target, app_, environment, approval_id, chosen)
        return
    from skyloom.flows.runner.store import RunStore

    store = RunStore()
    _decide(store, _approval(store, approval_id), approved=False, comment=comment, by=by, form=None)


def _decide(store: RunStore, wait: Wait, *, approved: bool, comment: str, by: str | None, form: Json) -> None:
    from skyloom.flows.runner.answering import answer_approval

    decided = answer_approval(store, wait.id, approved=approved, comment=comment, by=_decider(by), form=form)
    say(f"{'approved' if approved else 'rejected'}: {decided.name}", "green")
    say_if_stopped(store, decided)


def say_if_stopped(store: RunStore, wait: Wait) -> None:
    """Says so where no process is there to go on with the answer."""
    run = store.run(wait.run)
    if run.status != "running":
        say(f"run {run.id} is {run.status}; it goes on with this answer when resumed: skyloom runs resume {run.id}")


def _approval(store: RunStore, approval_id: str) -> Wait:
    from skyloom.flows.runner.store import NotOpen

    wait = store.wait(approval_id)
    if wait.kind != "approval":
        raise NotOpen(f"{approval_id} is no approval but a wait for {wait.name}")
    return wait


def _approval_json(wait: Wait) -> dict[str, Json]:
    return {
        "id": wait.id,
        "run": wait.run,
        "step": wait.path,
        "message": wait.name,
        "show": wait.request["show"],
        "to": wait.request["to"],
        "form": wait.request["form"],
        "opened": iso(wait.opened),
        "deadline": iso(wait.deadline),
        "state": wait.closed or "open",
        "decision": wait.answer,
    }


def _decider(given: str | None) -> str:
    if given is not None:
        return given
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
