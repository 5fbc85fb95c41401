"""All commands, put together. Commands import what they need when they run, so that `--help` loads none of it."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom import __version__
from skyloom.cli import approvals, events, runs, server
from skyloom.cli.check import check
from skyloom.cli.doctor import doctor
from skyloom.cli.edge import Edge
from skyloom.cli.graph import graph
from skyloom.cli.help import examples
from skyloom.cli.new import new
from skyloom.cli.output import show
from skyloom.cli.run import run

app = typer.Typer(
    name="skyloom",
    cls=Edge,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        show(f"skyloom {__version__}")
        raise typer.Exit


@app.callback(epilog=examples("skyloom new my-flow", "skyloom run examples/ticket.py:answer --input @ticket.json"))
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Write an AI workflow once, as typed Python; run it here and on three clouds with one meaning."""


app.command(
    epilog=examples(
        """skyloom run review.py:answer --input '{"ticket": {"customer": "Ada", "body": "It broke"}}'""",
        "skyloom run review.py --input @ticket.json --json",
    )
)(run)
app.command(epilog=examples("skyloom check review.py", "skyloom check review.py --schema --json"))(check)
app.command(epilog=examples("skyloom graph review.py:answer", "skyloom graph review.py:answer --out answer.svg"))(graph)
app.add_typer(runs.app, name="runs")
app.add_typer(approvals.app, name="approvals")
app.add_typer(events.app, name="events")
app.add_typer(server.app, name="server")
app.command(epilog=examples("skyloom new my-flow", "skyloom new my-flow --template ticket"))(new)
app.command(epilog=examples("skyloom doctor", "skyloom doctor --json"))(doctor)


@app.command(epilog=examples("skyloom version"))
def version() -> None:
    """Print the version."""
    show(f"skyloom {__version__}")
