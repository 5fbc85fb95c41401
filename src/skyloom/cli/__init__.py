"""The command line. `main` is what the `skyloom` command calls."""

from __future__ import annotations

import sys
import threading


def main() -> None:
    """Runs the command of `sys.argv` and ends the process with its exit code."""
    from skyloom.cli.process import Ending, leave_now

    ending = Ending()
    ending.code = command()
    if any(thread.name.startswith("skyloom-task") and thread.is_alive() for thread in threading.enumerate()):
        # The body of a task that timed out or was cancelled runs on in its thread; Python would wait for its end.
        leave_now(ending.code)
    sys.exit(ending.code)


def command() -> int:
    """Runs the command of `sys.argv` and gives its exit code."""
    from skyloom.cli.process import loading

    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end a run.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    with loading():
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
