"""`skyloom runs`: past and present runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.help import examples
from skyloom.cli.output import clean, duration, iso, moment, say, show, show_json, show_table
from skyloom.cli.run import JSON_HELP, QUIET_HELP, carry, server_for
from skyloom.cli.target import IN_A_CLOUD, LOCAL, Environment, RunsApp, RunsTarget
from skyloom.flows.outcome import Failed, Json

if TYPE_CHECKING:
    from skyloom.flows.runner.events import RunEvent
    from skyloom.flows.runner.journal import StepRecord
    from skyloom.flows.runner.store import Run, Wait

app = typer.Typer(no_args_is_help=True, help="List, show, resume and cancel runs.")

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, or its beginning.")]


@app.command(
    "list",
    epilog=examples("skyloom runs list", "skyloom runs list --limit 5 --json", f"skyloom runs list {IN_A_CLOUD}"),
)
def list_runs(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, newest first.")] = 20,
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """List the newest runs."""
    if target != LOCAL:
        from skyloom.cli import cloud_runs

        cloud_runs.list_runs(target, app_, environment, limit, as_json=as_json)
        return
    from skyloom.flows.runner.store import RunStore

    found = RunStore().runs(limit)
    if as_json:
        show_json([run_json(run) for run in found])
    elif found:
        show_table(
            ("RUN", "STATUS", "STARTED", "TOOK", "FLOW"),
            ((run.id, run.status, moment(run.started), _took(run), f"{run.file}:{run.flow}") for run in found),
        )
    else:
        say("no runs yet; start one with `skyloom run FILE:FLOW`")


@app.command(
    "show",
    epilog=examples(
        "skyloom runs show answer-3f2a",
        "skyloom runs show answer-3f2a --all --json",
        f"skyloom runs show answer-3f2a {IN_A_CLOUD}",
    ),
)
def show_run(
    run_id: RunId,
    everything: Annotated[
        bool, typer.Option("--all", help="A row for every item of a map; in a cloud, for every state.")
    ] = False,
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Show a run: its input, its steps with their times, attempts and model usage, and what came of it."""
    if target != LOCAL:
        from skyloom.cli import cloud_runs

        cloud_runs.show_run(target, app_, environment, run_id, everything=everything, as_json=as_json)
        return
    from skyloom.flows.runner.store import RunStore

    store = RunStore()
    run = store.run(run_id)
    steps = store.steps(run.id)
    waits = [*store.waits("approval", run_id=run.id), *store.waits("event", run_id=run.id)]
    if as_json:
        show_json(
            run_json(run)
            | {
                "input": run.input,
                "result": run.result,
                "error": run.error and run.error.to_json(),
                "steps": [_step_json(step) for step in steps],
                "waits": [{"id": wait.id, "kind": wait.kind, "name": wait.name, "key": wait.key} for wait in waits],
            }
        )
        return
    _show_head(run)
    groups = grouped(steps, everything=everything)
    if groups:
        show()
        show_table(
            ("STEP", "KIND", "TOOK", "ATTEMPTS", "MODEL", "OUTCOME"),
            ((g.path, g.kind, duration(g.seconds), g.attempts_text, g.model_text, g.outcome) for g in groups),
        )
    _show_end(run, waits)


@app.command(epilog=examples("skyloom runs resume answer-3f2a", f"skyloom runs resume answer-3f2a {IN_A_CLOUD}"))
def resume(
    run_id: RunId,
    target: RunsTarget = LOCAL,
    app_: RunsApp = None,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=QUIET_HELP)] = False,
) -> None:
    """Go on with a run that failed, crashed or was cancelled. What is finished is not done again.

    Exit code: as of `skyloom run`.
    """
    if target != LOCAL:
        from skyloom.cli import cloud_runs

        cloud_runs.resume_run(target, app_, environment, run_id, as_json=as_json, quiet=quiet)
        return
    from skyloom.cli.progress import progress
    from skyloom.flows.runner import launch
    from skyloom.flows.runner.store import Refused, RunStore

    run = RunStore().run(run_id)
    if run.status in ("done", "running"):
        raise Refused.resumed(run)
    shown = progress(quiet=quiet)
    address = server_for(shown)

    def begin(observe: Callable[[RunEvent], None], announce: Callable[[Run], None]) -> Run:
        return launch.resume(run.id, observe=observe, announce=announce)

    carry(begin, shown, address, as_json=as_json)


@app.command(epilog=examples("skyloom runs cancel answer-3f2a", f"skyloom runs cancel answer-3f2a {IN_A_CLOUD}"))
def cancel(run_id: RunId, target: RunsTarget = LOCAL, app_: RunsApp = None, environment: Environment = None) -> None:
    """Stop a run where it stands. It can be resumed later."""
    if target != LOCAL:
        from skyloom.cli import cloud_runs

        cloud_runs.cancel_run(target, app_, environment, run_id)
        return
    from skyloom.flows.runner.store import RunStore

    store = RunStore()
    run = store.run(run_id)
    store.request_cancel(run.id)
    if run.status == "crashed":
        say(f"run {run.id} is cancelled; its process had died before")
    else:
        say(f"run {run.id} stops within a moment; to go on later: skyloom runs resume {run.id}")


def run_json(run: Run) -> dict[str, Json]:
    """A run for programs, without what went in and came out."""
    return {
        "run": run.id,
        "flow": run.flow,
        "file": run.file,
        "environment": run.environment,
        "status": run.status,
        "started": iso(run.started),
        "ended": iso(run.ended),
        "engine_run": run.engine_run,
    }


def _step_json(step: StepRecord) -> dict[str, Json]:
    failed = isinstance(step.outcome, Failed)
    return {
        "step": step.path,
        "kind": step.kind,
        "name": step.name,
        "started": iso(step.started),
        "ended": iso(step.ended),
        "seconds": round(step.ended - step.started, 3),
        ("error" if failed else "result"): (
            step.outcome.error.to_json() if isinstance(step.outcome, Failed) else step.outcome.value
        ),
        **{name: note for name, note in step.notes.items() if name in ("attempts", "model", "usage", "estimated")},
    }


# --- a run on paper -------------------------------------------------------------------------------------------------


_WORDS = {
    "call_task": "task",
    "call_prompt": "prompt",
    "call_flow": "flow",
    "wait_for": "event",
    "sample": "value",
}
"""What the kinds of steps are called, where that is not their own name."""


@dataclass(slots=True)
class Group:
    """One row of a run's steps: a step, or what a step of a map's body came to over all items."""

    path: str
    kind: str
    count: int = 0
    seconds: float = 0.0
    attempts: int = 0
    failures: int = 0
    error: str = ""
    models: dict[str, None] = field(default_factory=dict)
    read: int = 0
    wrote: int = 0
    estimated: bool = False

    def add(self, step: StepRecord) -> None:
        """Takes a step into the row."""
        self.count += 1
        self.seconds += step.ended - step.started
        self.attempts += step.notes.get("attempts", 0)
        if isinstance(step.outcome, Failed):
            self.failures += 1
            self.error = self.error or f"{step.outcome.error.type}: {step.outcome.error.message}"
        if step.notes.get("model"):
            self.models[str(step.notes["model"])] = None
        usage = step.notes.get("usage") or {}
        self.read += usage.get("input_tokens", 0)
        self.wrote += usage.get("output_tokens", 0)
        self.estimated = self.estimated or bool(step.notes.get("estimated"))

    @property
    def attempts_text(self) -> str:
        """How often it was tried; empty for what is not tried again."""
        return str(self.attempts) if self.attempts else ""

    @property
    def model_text(self) -> str:
        """The models, and the tokens that went in and out."""
        if not self.models:
            return ""
        about = "about " if self.estimated else ""
        return f"{', '.join(self.models)} ({about}{self.read} tokens in, {self.wrote} out)"

    @property
    def outcome(self) -> str:
        """`done`, the error, or how many of the items failed and the first error."""
        if self.count == 1:
            return self.error or "done"
        return f"{self.count} done" if not self.failures else f"{self.failures} of {self.count} failed: {self.error}"


def grouped(steps: Iterable[StepRecord], *, everything: bool) -> list[Group]:
    """The rows of a run's steps, in the order in which the first of each ended."""
    groups: dict[str, Group] = {}
    for step in steps:
        path = step.path.partition("/")[2]
        shown = path if everything else re.sub(r"\[\d+\]", "[*]", path)
        groups.setdefault(shown, Group(shown, _WORDS.get(step.kind, step.kind))).add(step)
    return list(groups.values())


def _show_head(run: Run) -> None:
    import json

    show(f"{run.id}  {run.status}", "bold")
    show(f"flow     {run.file}:{run.flow} ({run.environment})")
    show(f"started  {moment(run.started)}, took {_took(run)}")
    show(f"input    {clean(json.dumps(run.input, ensure_ascii=False))}")


def _show_end(run: Run, waits: list[Wait]) -> None:
    from skyloom.cli.board import event_command

    if run.status == "done":
        show("\nresult")
        show_json(run.result)
    elif run.error is not None:
        show(f"\n{run.error.type}: {run.error.message}", "red")
        if run.failed_at is not None:
            show(f"  at {run.failed_at}")
    for wait in waits:
        show(f"\nwaiting  {wait.name}", "yellow")
        command = f"skyloom approvals approve {wait.id}" if wait.kind == "approval" else event_command(wait)
        show(f"         {command}")
    if run.status in ("failed", "cancelled", "crashed"):
        say(f"to go on from there: skyloom runs resume {run.id}")


def _took(run: Run) -> str:
    if run.ended is None and run.status != "running":
        return "?"
    return duration((run.ended or time.time()) - run.started)
