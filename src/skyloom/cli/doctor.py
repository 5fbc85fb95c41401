"""`skyloom doctor`: whether everything that a run needs is there."""

from __future__ import annotations

from typing import Annotated

import typer

from skyloom.cli.edge import FAILED
from skyloom.cli.output import show, show_json, show_table


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False) -> None:
    """Look at the installation, the server, the disk, the configuration and the models.

    Exit code: 0 when nothing fails, 1 otherwise.
    """
    from skyloom.cli.findings import examine

    found = examine()
    failed = any(finding.state == "fail" for finding in found)
    if as_json:
        findings = [{"check": f.check, "state": f.state, "found": f.found, "hint": f.hint or None} for f in found]
        show_json({"ok": not failed, "findings": findings})
    else:
        from rich.text import Text

        styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
        show_table(
            ("", "CHECK", "FOUND", "HINT"), ((Text(f.state, styles[f.state]), f.check, f.found, f.hint) for f in found)
        )
        show()
        show("something fails" if failed else "ready", "bold red" if failed else "bold green")
    if failed:
        raise typer.Exit(FAILED)
