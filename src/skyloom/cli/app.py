"""All commands, put together. Commands import what they need when they run, so that `--help` loads none of it."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom import __version__
from skyloom.cli import approvals, events, runs, server
from skyloom.cli.check import check
from skyloom.cli.compile import compile_
from skyloom.cli.conformance import conformance
from skyloom.cli.cost import cost
from skyloom.cli.deploy import deploy
from skyloom.cli.destroy import destroy
from skyloom.cli.doctor import doctor
from skyloom.cli.edge import Edge
from skyloom.cli.explain import explain
from skyloom.cli.graph import graph
from skyloom.cli.help import examples
from skyloom.cli.invoke import invoke
from skyloom.cli.logs import logs
from skyloom.cli.new import new
from skyloom.cli.output import show
from skyloom.cli.plan import plan
from skyloom.cli.rollback import rollback
from skyloom.cli.run import run
from skyloom.cli.status import status

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
app.command(
    epilog=examples("skyloom check review.py --schema --json", "skyloom check review.py --targets aws,azure,gcp")
)(check)
app.command(epilog=examples("skyloom graph review.py:answer", "skyloom graph review.py:answer --out answer.svg"))(graph)
app.command(
    "compile",
    epilog=examples(
        "skyloom compile support.py --to aws", "skyloom compile support.py:support --to aws --out build/aws"
    ),
)(compile_)
app.command(
    epilog=examples("skyloom explain support.py --to aws", "skyloom explain support.py --to aws --flow answer --source")
)(explain)
app.command(
    epilog=examples(
        """skyloom cost order.py:place_order --input @order.json --task-seconds 0.4""",
        "skyloom cost order.py --flow place_order --input @order.json --json",
    )
)(cost)
app.command(epilog=examples("skyloom plan aws support.py", "skyloom plan aws build/aws --json"))(plan)
app.command(epilog=examples("skyloom deploy aws support.py", "skyloom deploy aws support.py --env prod --yes"))(deploy)
app.command(epilog=examples("skyloom status aws support.py", "skyloom status aws support --env prod --json"))(status)
app.command(
    epilog=examples(
        """skyloom invoke aws support.py:answer --input '{"ticket": {"customer": "Ada", "body": "It broke"}}'""",
        "skyloom invoke aws support:answer --input @ticket.json --no-wait",
    )
)(invoke)
app.command(
    epilog=examples("skyloom logs aws support.py answer-3f2a", "skyloom logs aws support --since 15m --follow")
)(logs)
app.command(epilog=examples("skyloom rollback aws support.py", "skyloom rollback aws support --to 1f0c2d3e4b5a"))(
    rollback
)
app.command(epilog=examples("skyloom destroy aws support.py", "skyloom destroy aws support --delete-data --yes"))(
    destroy
)
app.add_typer(runs.app, name="runs")
app.add_typer(approvals.app, name="approvals")
app.add_typer(events.app, name="events")
app.add_typer(server.app, name="server")
app.command(epilog=examples("skyloom new my-flow", "skyloom new my-flow --template ticket"))(new)
app.command(epilog=examples("skyloom doctor", "skyloom doctor --json"))(doctor)
app.command(
    epilog=examples(
        "skyloom conformance --deployer mycloud",
        "skyloom conformance --deployer mycloud --cases 'approving/*' --detailed",
    )
)(conformance)


@app.command(epilog=examples("skyloom version"))
def version() -> None:
    """Print the version."""
    show(f"skyloom {__version__}")
