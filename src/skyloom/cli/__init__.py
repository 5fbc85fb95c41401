"""The command line. `main` is what the `skyloom` command calls."""

from __future__ import annotations

import os
import sys
import threading


def main() -> None:
    """Runs the command of `sys.argv` and ends the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end a run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code = _exit_code()
    if any(thread.name.startswith("skyloom-task") and thread.is_alive() for thread in threading.enumerate()):
        # The body of a task that timed out or was cancelled runs on in its thread; Python would wait for its end.
        _leave_now(code)
    sys.exit(code)


def _exit_code() -> int:
    from skyloom.cli.app import app
    from skyloom.cli.edge import FAILED, show_unexpected

    try:
        app(prog_name="skyloom")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except Exception as error:
        show_unexpected(error)
        return FAILED
    return 0


def _leave_now(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(code)
