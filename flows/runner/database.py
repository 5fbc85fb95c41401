"""The SQLite file below the run store: where it lies, what version its tables have, what its errors say.

`PRAGMA user_version` is the number of migrations that the file has been through. A file from before there were numbers
has 0.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from skyloom.errors import EngineError

_TABLES = (
    """CREATE TABLE IF NOT EXISTS runs (
        id TEXT PRIMARY KEY, flow TEXT NOT NULL, file TEXT NOT NULL, program TEXT NOT NULL, environment TEXT NOT NULL,
        input TEXT NOT NULL, status TEXT NOT NULL, started REAL NOT NULL, ended REAL, result TEXT, error TEXT,
        failed_at TEXT, pid INTEGER NOT NULL, host TEXT NOT NULL, engine_run TEXT, cancel INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE IF NOT EXISTS steps (
        run TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, inputs TEXT NOT NULL,
        value TEXT, error TEXT, started REAL NOT NULL, ended REAL NOT NULL, notes TEXT NOT NULL,
        final INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run, path)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS waits (
        id TEXT PRIMARY KEY, run TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT,
        request TEXT NOT NULL, opened REAL NOT NULL, deadline REAL, answer TEXT, answered REAL, closed TEXT,
        engine_run TEXT, UNIQUE (run, path)
    )""",
    "CREATE INDEX IF NOT EXISTS open_waits ON waits (kind, name) WHERE closed IS NULL",
)


def _make_tables(db: sqlite3.Connection) -> None:
    """The tables of a new file; one from before there were numbers has them, some without their latest columns."""
    for statement in _TABLES:
        db.execute(statement)
    for table, column, kind in (("runs", "failed_at", "TEXT"), ("steps", "final", "INTEGER NOT NULL DEFAULT 0")):
        if column not in {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_make_tables,)
"""What brings a file from each version to the next. One that has been released is never changed: add another."""


def home() -> Path:
    """The folder where runs are kept: `SKYLOOM_HOME`, or `~/.skyloom`. Made where it is missing."""
    path = Path(os.environ.get("SKYLOOM_HOME") or Path.home() / ".skyloom")
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EngineError(f"{path} cannot be made: {error.strerror}; set SKYLOOM_HOME to a folder you own") from error
    return path


class Database:
    """One open file. Every statement is committed when `execute` returns. Its errors are EngineErrors."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opening():
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            if self._version() != len(MIGRATIONS):
                # SQLite does not wait for others while it turns a file to WAL.
                with FileLock(f"{path}.lock", timeout=60):
                    self._migrate()
            # A commit is in the file system, safe from `kill -9`, and not on the disk yet (docs/decisions/0002).
            self._db.execute("PRAGMA synchronous = NORMAL")
            path.chmod(0o600)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def execute(self, statement: str, parameters: tuple[Any, ...] = ()) -> int:
        """Carries out a statement, and gives the number of rows that it changed."""
        with self._recording():
            return self._db.execute(statement, parameters).rowcount

    def rows(self, query: str, parameters: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """What a query finds."""
        with self._recording():
            return self._db.execute(query, parameters).fetchall()

    def _version(self) -> int:
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        return version

    def _migrate(self) -> None:
        """Brings the file to the version of this Skyloom, whole or not at all."""
        if self._version() > len(MIGRATIONS):
            raise EngineError(
                f"{self.path} was written by a newer Skyloom: its format is {self._version()}, and this one knows up "
                f"to {len(MIGRATIONS)}; update Skyloom, or set SKYLOOM_HOME to another folder"
            )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for migration in MIGRATIONS[self._version() :]:
                migration(self._db)
            self._db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _opening(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, Timeout) as error:
            raise EngineError(
                f"{self.path} cannot be opened: {error}; mend it, or set SKYLOOM_HOME to another folder"
            ) from error

    @contextmanager
    def _recording(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise EngineError(
                f"{self.path}: {error}; what was recorded before is safe, resume the run when this is mended"
            ) from error
