"""What a whole run of the fuzzer stands in: a folder of its own for Skyloom's records, and one Prefect server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skyloom.flows.runner import server


@contextmanager
def surroundings(folder: Path, *, prefect: bool) -> Iterator[None]:
    """Keeps this process, and those that it starts, out of `~/.skyloom` and away from servers that the user's
    environment names; `prefect`: a Prefect server runs while the block lasts."""
    os.environ.pop("PREFECT_API_URL", None)
    os.environ.update(SKYLOOM_HOME=str(folder / "home"), SKYLOOM_CACHE=str(folder / "cache"), DO_NOT_TRACK="1")
    if not prefect:
        yield
        return
    server.ensure_server(lambda line: None)
    try:
        yield
    finally:
        _send_logs()
        server.stop()


def _send_logs() -> None:
    """Lets Prefect, where this process has loaded it, send what it holds: without a server it would complain."""
    if "prefect" in sys.modules:
        from prefect.logging.handlers import APILogHandler

        APILogHandler().flush()
