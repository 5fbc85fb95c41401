"""The file below the run store: made once, brought up to date, refused when it is newer or no store at all."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from skyloom.errors import EngineError
from skyloom.flows.outcome import Done
from skyloom.flows.runner import database
from skyloom.flows.runner.database import MIGRATIONS, Database
from skyloom.flows.runner.journal import StepRecord
from skyloom.flows.runner.store import RunStore

BEFORE_NUMBERS = """
PRAGMA journal_mode = WAL;
CREATE TABLE runs (
    id TEXT PRIMARY KEY, flow TEXT NOT NULL, file TEXT NOT NULL, program TEXT NOT NULL, environment TEXT NOT NULL,
    input TEXT NOT NULL, status TEXT NOT NULL, started REAL NOT NULL, ended REAL, result TEXT, error TEXT,
    pid INTEGER NOT NULL, host TEXT NOT NULL, engine_run TEXT, cancel INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE steps (
    run TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, inputs TEXT NOT NULL,
    value TEXT, error TEXT, started REAL NOT NULL, ended REAL NOT NULL, notes TEXT NOT NULL, PRIMARY KEY (run, path)
) WITHOUT ROWID;
INSERT INTO runs (id, flow, file, program, environment, input, status, started, pid, host)
    VALUES ('f-1', 'f', 'f.py', 'p', 'dev', '{"n": 1}', 'crashed', 1.0, 1, 'h');
INSERT INTO steps VALUES ('f-1', 'f/a', 'call_task', 'a', 'i', '7', NULL, 1.0, 2.0, '{}');
"""
"""The first tables there were, with a run that had stopped."""


def version(path: Path) -> int:
    connection = sqlite3.connect(path)
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return found


def made(path: Path, script: str) -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return path


def tables(path: Path) -> set[str]:
    """What stands in the file, as SQLite spells it; spaces do not count."""
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'")
    columns = {
        f"{name}.{column[1]} {column[2]} {column[3]} {column[4]}"
        for (name,) in found.fetchall()
        for column in connection.execute(f"PRAGMA table_info({name})")
    }
    connection.close()
    return columns


def test_a_new_file_has_the_version_of_this_skyloom(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "runs.db")
    store.close()
    assert version(store.path) == len(MIGRATIONS) == 1


def test_a_file_from_before_there_were_versions_is_brought_up_to_date(tmp_path: Path) -> None:
    old = RunStore(made(tmp_path / "old.db", BEFORE_NUMBERS))
    assert version(old.path) == len(MIGRATIONS)
    new = Database(tmp_path / "new.db")
    assert tables(old.path) == tables(new.path)
    run = old.resume_run("f-1")
    assert (run.status, run.input, run.failed_at) == ("running", {"n": 1}, None)
    old.record_step(
        run.id, StepRecord(path="f/b", kind="call_task", name="b", inputs="i", outcome=Done(8), started=3, ended=4)
    )
    assert [step.outcome for step in old.steps(run.id)] == [Done(7), Done(8)]


def test_a_newer_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path / "runs.db", "CREATE TABLE runs (id TEXT); PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(EngineError, match="was written by a newer Skyloom") as refusal:
        RunStore(path)
    assert str(refusal.value) == (
        f"{path} was written by a newer Skyloom: its format is 99, and this one knows up to {len(MIGRATIONS)}; "
        "update Skyloom, or set SKYLOOM_HOME to another folder"
    )
    assert path.read_bytes() == before


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path / "runs.db", BEFORE_NUMBERS)
    before = tables(path)

    def fail(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (id TEXT)")
        db.execute("SELECT missing")

    monkeypatch.setattr(database, "MIGRATIONS", (*MIGRATIONS, fail))
    with pytest.raises(EngineError, match="cannot be opened: no such column"):
        RunStore(path)
    assert (tables(path), version(path)) == (before, 0)


def test_many_processes_make_the_file_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from skyloom.flows.runner.store import RunStore\n"
        "print('ready', flush=True); input()\n"
        "store = RunStore(Path(sys.argv[1]))\n"
        "print(len(store.runs()))\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "runs.db")]
    openers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write("\n")
        opener.stdin.flush()
    assert [opener.communicate(timeout=60) for opener in openers] == [("0\n", "")] * len(openers)


def test_what_is_no_store_is_told(tmp_path: Path) -> None:
    path, content = tmp_path / "runs.db", b"This is a text, and no database. " * 100
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r"runs.db cannot be opened: file is not a database; mend it, or set"):
        RunStore(path)
    assert path.read_bytes() == content
