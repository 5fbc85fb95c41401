"""The recorded runs by which `skyloom check --runs` measures: those of an app's flows as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyloom.cli.edge import PLACE
from skyloom.cli.output import say
from skyloom.errors import Diagnostic, UserError

if TYPE_CHECKING:
    from skyloom.flows.app import App
    from skyloom.flows.definitions import Flow
    from skyloom.flows.runner.recorded import RecordedRun
    from skyloom.flows.runner.store import Run

_SEARCHED = 1_000
"""Of so many of the newest runs on this machine those of a flow are looked for."""


def recorded_runs(app: App, most: int) -> tuple[RecordedRun, ...]:
    """The newest runs of each flow with all their values, at most so many. Runs of another version of a flow are left
    out, which is said on stderr; and so is it of a flow that has none.

    Raises:
        UserError: SKY772, no flow of the app has any.
    """
    from skyloom.flows.runner.replaying import replayed
    from skyloom.flows.runner.store import RunStore

    store = RunStore()
    known = store.runs(_SEARCHED)
    found: list[RecordedRun] = []
    said: list[str] = []
    for flow in app.flows:
        mine = _of(flow, known)
        same = _same_version(flow, mine)
        if left_out := len(mine) - len(same):
            said.append(f"{_counted(left_out)} of another version of {flow.name} left out")
        elif not same:
            said.append(f"no run of {flow.name} is recorded")
        found += (replayed(flow.program, run, store.steps(run.id)) for run in same[:most])
    store.close()
    if not found:
        file = _file(app.flows[0]) if app.flows else "FILE"
        hint = f"`skyloom run {file}:{app.flows[0].name} --input ...` makes one" if app.flows else None
        raise UserError(Diagnostic("SKY772", f"no sizes are measured: {'; '.join(said)}", PLACE, hint=hint))
    for text in said:
        say(text, "yellow")
    return tuple(found)


def _counted(many: int) -> str:
    return "1 run" if many == 1 else f"{many} runs"


def _file(flow: Flow[..., Any]) -> Path:
    return Path(flow.function.__code__.co_filename)


def _of(flow: Flow[..., Any], runs: Sequence[Run]) -> list[Run]:
    place = str(_file(flow).resolve())
    return [run for run in runs if (run.flow, run.file) == (flow.name, place)]


def _same_version(flow: Flow[..., Any], runs: Sequence[Run]) -> list[Run]:
    from skyloom.flows.ir.codec import digest

    version = digest(flow.program) if runs else ""
    return [run for run in runs if run.program == version]
