"""The local server's process: `prefect server start` as it is, but that writers of its database wait for each other.

Prefect begins most of its transactions as SQLite's `DEFERRED`. One that reads before it writes, as making a flow run
does, then fails at once when any other has written meanwhile; the server answers 503 and closes the connection, and
clients wait 2, 4, 8, ... seconds. As `IMMEDIATE` it waits for its turn. Only Prefect's writers begin a transaction.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

from sqlalchemy import Engine, event


def wait_for_each_other() -> None:
    """Has every transaction of this process take SQLite's write lock where it begins."""
    event.listen(Engine, "before_cursor_execute", _immediate, retval=True)


def _immediate(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    return ("BEGIN IMMEDIATE" if statement == "BEGIN DEFERRED" else statement), parameters


if __name__ == "__main__":
    wait_for_each_other()
    # What follows is the command as everybody knows it, and as `server_process` looks for it: prefect server start ...
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
