"""`skyloom events`: the events that runs wait for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.approvals import say_if_stopped
from skyloom.cli.board import event_command
from skyloom.cli.help import examples
from skyloom.cli.inputs import read_json
from skyloom.cli.output import deadline_text, duration, iso, say, show_json, show_table
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import IN_A_CLOUD, LOCAL, Environment, RunsApp, RunsTarget, choose_running
from skyloom.errors import Diagnostic, UserError

if TYPE_CHECKING:
    from skyloom.flows.runner.store import RunStore, Wait

app = typer.Typer(no_args_is_help=True, help="List and send the events that runs wait for.")


@app.command("list", epilog=examples("skyloom events list", "skyloom events list --json"))
def list_events(as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False) -> None:
    """List what runs wait for, oldest first."""
    from skyloom.flows.runner.store import RunStore

    found = RunStore().waits("event")
    if as_json:
        show_json(
            [
                {
                    "id": wait.id,
                    "run": wait.run,
                    "step": wait.path,
                    "event": wait.name,
                    "key": wait.key,
                    "opened": iso(wait.opened),
                    "deadline": iso(wait.deadline),
                }
                for wait in found
            ]
        )
    elif found:
        show_table(
            ("ID", "EVENT", "KEY", "RUN", "STEP", "WAITING", "TIME"),
            (
                (
                    wait.id,
                    wait.name,
                    wait.key or "",
                    wait.run,
                    wait.path.partition("/")[2],
                    duration(time.time() - wait.opened),
                    deadline_text(wait.deadline),
                )
                for wait in found
            ),
        )
    else:
        say("no run waits for an event")


@app.command(
    epilog=examples(
        """skyloom events send payment '{"amount": 120}' --key order-7""",
        "skyloom events send payment @payment.json --run answer-3f2a",
        f"skyloom events send payment @payment.json {IN_A_CLOUD}",
    )
)
def send(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The event's name.")],
    payload: Annotated[str, typer.Argument(metavar="JSON|@FILE|-", help="The event's payload.")] = "null",
    key: Annotated[str | None, typer.Option("--key", "-k", help="The key that the run waits for.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", metavar="RUN", help="The run that waits for it.")] = None,
    wait_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="The wait, as `skyloom events list` shows it.")
    ] = None,
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
) -> None:
    """Deliver an event: on this machine to the one run that waits for it, in a cloud to all that do.

    In a cloud, an event that a trigger names starts its flow too.
    """
    if target != LOCAL:
        _send_to_cloud(target, app_, environment, name, payload, key, run_id, wait_id)
        return
    from skyloom.flows.runner.answering import send_event
    from skyloom.flows.runner.store import RunStore

    value = read_json(payload, "PAYLOAD")
    store = RunStore()
    wait = _only_wait(store, name, key, run_id, wait_id)
    send_event(store, wait.id, value)
    say(f"sent {wait.name} to {wait.run}", "green")
    say_if_stopped(store, wait)


def _send_to_cloud(
    target: str,
    app_: str | None,
    environment: str | None,
    name: str,
    payload: str,
    key: str | None,
    run_id: str | None,
    wait_id: str | None,
) -> None:
    if wait_id is not None:
        raise typer.BadParameter("in a cloud an event has a key or a run, not a wait", param_hint="--id")
    value = read_json(payload, "PAYLOAD")
    chosen = choose_running(target, app_, environment)
    run = None if run_id is None else chosen.deployer.run(run_id).id
    where = chosen.deployer.send(name, value, key=key, run=run)
    say(f"sent {name} to {where}", "green")


def _only_wait(store: RunStore, name: str, key: str | None, run_id: str | None, wait_id: str | None) -> Wait:
    run = None if run_id is None else store.run(run_id).id
    named = store.waits("event", run_id=run, name=name)
    found = [wait for wait in named if (key is None or wait.key == key) and wait_id in (None, wait.id)]
    if len(found) == 1:
        return found[0]
    asked = name + (f" with key {key}" if key is not None else "") + (f" in run {run}" if run is not None else "")
    if found:
        ways = "; ".join(f"--id {wait.id} ({wait.run}, key {wait.key})" for wait in found[:5])
        raise _refused("SKY625", f"{len(found)} runs or steps wait for event {asked}", f"say which: {ways}")
    others = named or store.waits("event")
    hint = "open: " + "; ".join(event_command(wait) for wait in others[:5]) if others else "nothing waits for any event"
    raise _refused("SKY624", f"nothing waits for event {asked}", hint)


def _refused(code: str, message: str, hint: str) -> UserError:
    return UserError(Diagnostic(code, message, "skyloom events send", hint=hint))
