"""Where errors end: every kind of error becomes a message and an exit code here, once.

Exit codes: 0 done; 1 the flow, the engine or Skyloom itself failed, or the run was cancelled; 2 the user's mistake;
130 and 143 stopped by SIGINT (Ctrl-C) and SIGTERM.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from skyloom.cli.output import say, show_diagnostics
from skyloom.errors import Diagnostic, EngineError, UserError

PLACE = "this machine"
"""Where the runs are that a command without `--target` is about."""
FAILED, MISTAKE = 1, 2
SIGNALLED = 128
"""Added to the number of the signal that stopped a run, as shells do."""
DEBUG_VARIABLE = "SKYLOOM_DEBUG"
"""Set in the environment, it shows the traceback of every error."""


class Edge(TyperGroup):
    """The root of the commands. What they raise becomes a message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except UserError as error:
            show_traceback()
            show_diagnostics(error.diagnostics)
            raise typer.Exit(MISTAKE) from None
        except Exception as error:
            code = show_expected(error)
            if code is None:
                raise
            raise typer.Exit(code) from None


def show_expected(error: Exception) -> int | None:
    """Says an error that is nobody's bug, and gives the exit code; None, and not a word, for every other error."""
    from skyloom.flows.runner.store import NotOpen, Refused

    if not isinstance(error, (NotOpen, EngineError)):
        return None
    show_traceback()
    if isinstance(error, (NotOpen, Refused)):
        code = "SKY646" if isinstance(error, Refused) else "SKY611"
        show_diagnostics([Diagnostic(code, str(error), PLACE, hint=error.hint)])
        return MISTAKE
    say(f"error: {error}", "red")
    return FAILED


def show_unexpected(error: Exception) -> None:
    """Says that Skyloom has a bug."""
    show_traceback()
    say(f"error: Skyloom failed unexpectedly: {type(error).__name__}: {error}", "red")
    if DEBUG_VARIABLE not in os.environ:
        say(f"please report it, with what {DEBUG_VARIABLE}=1 shows of it")


def show_traceback() -> None:
    """The traceback of the error in hand, where SKYLOOM_DEBUG asks for it."""
    if DEBUG_VARIABLE in os.environ:
        import traceback

        traceback.print_exc(file=sys.stderr)
