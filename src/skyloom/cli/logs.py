"""`skyloom logs`: what a deployed app wrote."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer

from skyloom.cli.log_lines import readable
from skyloom.cli.output import clean, iso, moment, say, show_text
from skyloom.cli.target import Deployed, Environment, Target, choose

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FOLLOW_SECONDS = 2.0
"""How often new lines are looked for."""
_LATE_SECONDS = 10.0
"""How late a line may arrive, and still be seen by --follow."""


def logs(
    target: Target,
    source: Deployed,
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Only this run: its id, or its beginning.", show_default="all")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="How far back: 90s, 15m, 2h, 3d.", show_default="the run's start, or 1h"
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends, or Ctrl-C.")] = False,
    environment: Environment = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document a line, with the text as it was written.")
    ] = False,
) -> None:
    """Print what the functions and flows of an app wrote, oldest first.

    What the cloud itself notes of every call is left out; --json prints it too. A cloud takes some seconds until a line
    can be read.
    """
    chosen = choose(target, source, environment)
    found = None if run is None else chosen.deployer.run(run)
    start = time.time() - _seconds(since or "1h") if since or found is None else found.started - 1
    seen: set[tuple[float, str, str]] = set()
    try:
        while True:
            going = found is not None and chosen.deployer.run(found.id).status == "running"
            for line in chosen.deployer.logs(found, start):
                what = (line.time, line.source, line.text)
                if what not in seen:
                    seen.add(what)
                    _show(*what, as_json=as_json)
            if not follow or (found is not None and not going):
                break
            start = max(start, time.time() - _LATE_SECONDS)
            time.sleep(_FOLLOW_SECONDS)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    if not seen and not as_json:
        say("no lines; those of the last seconds may be on their way")


def _show(when: float, source: str, text: str, *, as_json: bool) -> None:
    if as_json:
        import json

        show_text(json.dumps({"time": iso(when), "source": source, "text": text}, ensure_ascii=False))
        return
    line = readable(text)
    if line is not None:
        show_text(f"{moment(when)}  {clean(source)}  {clean(line)}")


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", text.strip())
    if found is None:
        raise typer.BadParameter(f"{text!r} is no stretch of time: write 90s, 15m, 2h or 3d", param_hint="--since")
    return float(found[1]) * _UNITS[found[2]]
