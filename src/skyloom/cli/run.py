"""`skyloom run`: one flow, one input, one result."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from skyloom.cli.edge import FAILED, SIGNALLED, show_expected
from skyloom.cli.inputs import read_object
from skyloom.cli.output import diagnostic_json, duration, say, show_json
from skyloom.cli.process import beside, loading
from skyloom.errors import EngineError, FlowCancelled, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.cli.progress import Progress
    from skyloom.flows.ir.program import Program
    from skyloom.flows.runner.events import RunEvent
    from skyloom.flows.runner.launch import Prepared
    from skyloom.flows.runner.server import ServerAddress
    from skyloom.flows.runner.store import Run

TARGET_HELP = "The flow: FILE:FLOW, or FILE alone when the file has one flow."
JSON_HELP = "Print one JSON document."
QUIET_HELP = "Show no progress."
STAND_IN = "prompts go to the offline stand-in, which compares words and understands nothing; skyloom.toml names models"


def run(
    target: Annotated[str, typer.Argument(metavar="FILE:FLOW", help=TARGET_HELP)],
    given: Annotated[
        str,
        typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="The flow's arguments by name, as a JSON object."),
    ] = "{}",
    environment: Annotated[
        str | None, typer.Option("--env", "-e", help="Environment of skyloom.toml. [default: SKYLOOM_ENV, or dev]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET_HELP)] = False,
) -> None:
    """Run a flow on this machine and print its result.

    The flow and its input are checked before anything starts. Progress goes to stderr, the result to stdout.
    Exit code: 0 done, 1 the flow failed or was cancelled, 2 the flow or its input is wrong, 130 stopped by Ctrl-C, 143
    stopped by SIGTERM. A run that failed or was stopped can be resumed.
    """
    from skyloom.cli.progress import progress
    from skyloom.flows.runner import launch

    with loading():
        prepared, stand_in = _prepared(target, given, environment, as_json)
    shown = progress(quiet=quiet)
    address = server_for(shown)
    if stand_in:
        shown.line(STAND_IN, "dim")

    def begin(observe: Callable[[RunEvent], None], announce: Callable[[Run], None]) -> Run:
        return launch.start(prepared, environment=environment, observe=observe, announce=announce)

    carry(begin, shown, address, as_json=as_json)


def _prepared(target: str, given: str, environment: str | None, as_json: bool) -> tuple[Prepared, bool]:
    """The flow with its input, everything checked; and whether its prompts ask the stand-in model."""
    from skyloom.flows.frontend import load_file, pick_flow, split_target
    from skyloom.flows.runner import launch

    try:
        # What a user's file prints while it is imported is not the result.
        with redirect_stdout(sys.stderr):
            file, name = split_target(target)
            flow = pick_flow(load_file(file), name)
            flow.program  # noqa: B018 -- a flow that does not compile is told before its input is looked at
            prepared = launch.prepare(flow, read_object(given, "--input"))
            return prepared, _asks_stand_in(prepared.program, prepared.file, environment)
    except UserError as error:
        if as_json:
            show_json({"status": "invalid", "diagnostics": [diagnostic_json(d) for d in error.diagnostics]})
        raise


def _asks_stand_in(program: Program, file: Path, environment: str | None) -> bool:
    """Whether a prompt asks the offline model. Raises ConfigError where one has no model to ask."""
    from skyloom.flows.prompting import ModelSource

    models = ModelSource.for_file(file, environment=environment)
    aliases = sorted({prompt.model for prompt in program.prompts.values()})
    models.require(aliases)
    return any(models.resolve(alias).kind == "offline" for alias in aliases)


class Begin(Protocol):
    """Starts or resumes a run, and gives it when it has ended."""

    def __call__(self, observe: Callable[[RunEvent], None], announce: Callable[[Run], None]) -> Run: ...


def carry(begin: Begin, shown: Progress, address: ServerAddress, *, as_json: bool) -> None:
    """Follows a run to its end, prints what came of it, and leaves the command unless the run is done."""
    known: list[Run] = []

    def announce(run: Run) -> None:
        known.append(run)
        shown.announce(run)

    try:
        with redirect_stdout(sys.stderr), shown.showing():
            ended = begin(shown.observe, announce)
    except (KeyboardInterrupt, FlowCancelled) as stopped:
        if known and as_json:
            show_json(_document(_latest(known[0]), address))
        state, left_with = _stopped(stopped)
        _say_how_to_go_on(state, known)
        raise typer.Exit(left_with) from None
    except EngineError as error:
        if known and as_json:
            show_json(_document(_latest(known[0]), address))
        code = show_expected(error)
        _say_how_to_go_on("what was recorded is kept", known)
        raise typer.Exit(code or FAILED) from None
    except Exception as error:
        if not isinstance(error, UserError):
            _say_how_to_go_on("what was recorded is kept", known)
        raise
    _show_end(ended, address, as_json=as_json)


def _stopped(by: BaseException) -> tuple[str, int]:
    """What stopped the run, in words and as the exit code that shells give."""
    from skyloom.flows.runner.stopping import Terminated

    if isinstance(by, Terminated):
        return "stopped by SIGTERM", SIGNALLED + signal.SIGTERM
    return "cancelled", SIGNALLED + signal.SIGINT if isinstance(by, KeyboardInterrupt) else FAILED


def server_for(shown: Progress) -> ServerAddress:
    """The Prefect server that runs are carried by, started where that is necessary; its address is shown. Prefect
    itself is loaded meanwhile."""
    from skyloom.flows.runner import prefect_settings, server

    with loading():
        ready = beside(lambda: server.ensure_server(shown.line))
        prefect_settings.load_prefect()
    address = ready.result()
    shown.line(f"Prefect: {address.ui_url}", "dim")
    return address


def _latest(run: Run) -> Run:
    from skyloom.flows.runner.store import RunStore

    return RunStore().run(run.id)


def _show_end(run: Run, address: ServerAddress, *, as_json: bool) -> None:
    if as_json:
        show_json(_document(run, address))
    elif run.status == "done":
        show_json(run.result)
    if run.error is not None:
        took = duration((run.ended or run.started) - run.started)
        say(f"{run.flow} failed after {took}: {run.error.type}: {run.error.message}", "red")
        if run.failed_at is not None:
            say(f"  at {run.failed_at}")
        _say_how_to_go_on("what was done is kept", [run])
    if run.status != "done":
        raise typer.Exit(FAILED)


def _document(run: Run, address: ServerAddress) -> dict[str, Json]:
    outcome = {"result": run.result} if run.status == "done" else {"error": run.error and run.error.to_json()}
    return {
        "run": run.id,
        "flow": run.flow,
        "status": run.status,
        **outcome,
        "seconds": None if run.ended is None else round(run.ended - run.started, 3),
        "ui": address.ui_url if run.engine_run is None else f"{address.ui_url}/runs/flow-run/{run.engine_run}",
    }


def _say_how_to_go_on(state: str, known: list[Run]) -> None:
    if known:
        say(f"{state}; to go on from there: skyloom runs resume {known[0].id}")
    else:
        say(f"{state}; nothing had been started")
