"""`skyloom server`: the local Prefect server."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom.cli.help import examples
from skyloom.cli.output import say, show, show_json

app = typer.Typer(no_args_is_help=True, help="Start, stop and look at the local Prefect server.")


@app.command(epilog=examples("skyloom server start"))
def start() -> None:
    """Start the local Prefect server, where it does not run yet. `skyloom run` does this by itself."""
    from skyloom.flows.runner import server

    address = server.ensure_server(say)
    say("started" if address.started else "it runs already")
    show(address.ui_url)


@app.command(epilog=examples("skyloom server stop"))
def stop() -> None:
    """Stop the local Prefect server. Runs and their steps stay recorded."""
    from skyloom.flows.runner import server

    say("stopped" if server.stop() else "no server was running")


@app.command(epilog=examples("skyloom server status", "skyloom server status --json"))
def status(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Say whether the server runs, and where."""
    from skyloom.flows.runner import server

    found = server.status()
    ui_url = None if found.api_url is None else found.api_url.removesuffix("/api")
    if as_json:
        show_json(
            {
                "state": found.state,
                "api": found.api_url,
                "ui": ui_url,
                "pid": found.pid,
                "log": None if found.log is None else str(found.log),
            }
        )
        return
    show(found.state if ui_url is None else f"{found.state}: {ui_url}")
    if found.pid is not None:
        show(f"process {found.pid}")
    if found.log is not None:
        show(f"log {found.log}")
