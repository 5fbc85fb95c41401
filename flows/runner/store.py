"""Runs, their finished steps and their open questions, on disk: one SQLite file that several processes share.

Everything a run needs to be resumed is here, and every write is committed before the run goes on. It lies in
`SKYLOOM_HOME` (default `~/.skyloom`), readable by its owner only.
"""

from __future__ import annotations

import difflib
import os
import socket
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from skyloom.flows.outcome import Done, ErrorValue, Failed, Json
from skyloom.flows.runner.database import Database, home
from skyloom.flows.runner.journal import StepRecord
from skyloom.flows.runner.rows import dump, run_of, step_of, wait_of
from skyloom.flows.runner.run_records import NotOpen, Refused, Run, Status, Wait, WaitKind

__all__ = ["NotOpen", "Refused", "Run", "RunStore", "Status", "Wait", "WaitKind", "home"]

_SEARCHED = 500
"""Among so many of the newest runs one is looked for that a mistyped id may have meant."""


class RunStore:
    """Reads and writes runs. Safe to use from several processes; one object belongs to one thread at a time."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "runs.db"
        self._held: dict[str, FileLock] = {}
        self._db = Database(self.path)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    # --- runs ---------------------------------------------------------------------------------------------------

    def start_run(
        self,
        *,
        flow: str,
        file: str,
        program: str,
        environment: str,
        input: dict[str, Json],  # noqa: A002
    ) -> Run:
        """Writes down a new run of this process. `program` is the IR's digest."""
        run_id = f"{flow}-{uuid.uuid4().hex[:10]}"
        self._take(run_id)
        self._db.execute(
            "INSERT INTO runs (id, flow, file, program, environment, input, status, started, pid, host) "
            "VALUES (?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)",
            (run_id, flow, file, program, environment, dump(input), time.time(), os.getpid(), socket.gethostname()),
        )
        return self.run(run_id)

    def resume_run(self, run_id: str) -> Run:
        """Takes over a run that failed, crashed or was cancelled, for this process. Raises Refused when it is done,
        or alive in another process."""
        run = self.run(run_id)
        if run.status not in ("failed", "cancelled", "crashed") or not self._take(run.id):
            raise Refused.resumed(run)
        for table in ("waits", "steps"):
            self._db.execute(
                f"DELETE FROM {table} WHERE run = ? AND path IN (SELECT path FROM steps WHERE run = ? AND final)",
                (run.id, run.id),
            )
        self._db.execute(
            "UPDATE runs SET status = 'running', ended = NULL, error = NULL, failed_at = NULL, cancel = 0, "
            "pid = ?, host = ? "
            "WHERE id = ?",
            (os.getpid(), socket.gethostname(), run.id),
        )
        return self.run(run.id)

    def end_run(
        self,
        run_id: str,
        status: Status,
        result: Json = None,
        error: ErrorValue | None = None,
        failed_at: str | None = None,
    ) -> None:
        """Writes down how the run ended; what a finished run still waited for is abandoned."""
        self._db.execute(
            "UPDATE runs SET status = ?, ended = ?, result = ?, error = ?, failed_at = ? WHERE id = ?",
            (status, time.time(), dump(result), None if error is None else dump(error.to_json()), failed_at, run_id),
        )
        if status == "done":
            self._db.execute("UPDATE waits SET closed = 'abandoned' WHERE run = ? AND closed IS NULL", (run_id,))
        held = self._held.pop(run_id, None)
        if held is not None:
            held.release()
            Path(held.lock_file).unlink(missing_ok=True)

    def set_engine_run(self, run_id: str, engine_run: str) -> None:
        """Notes the engine's own id for the run."""
        self._db.execute("UPDATE runs SET engine_run = ? WHERE id = ?", (engine_run, run_id))

    def run(self, run_id: str) -> Run:
        """The run with this id, or the only one whose id starts with it. Raises Refused otherwise."""
        rows = self._db.rows("SELECT * FROM runs WHERE id = ?", (run_id,)) or self._db.rows(
            "SELECT * FROM runs WHERE substr(id, 1, length(?)) = ? ORDER BY started DESC", (run_id, run_id)
        )
        if not rows:
            raise self._unknown(run_id)
        if len(rows) > 1:
            newest = ", ".join(row["id"] for row in rows[:3])
            raise Refused(f"{run_id} is the beginning of {len(rows)} runs", f"say which; the newest: {newest}")
        return self._alive(run_of(rows[0]))

    def runs(self, limit: int = 50) -> list[Run]:
        """The newest runs, newest first."""
        return [
            self._alive(run_of(row))
            for row in self._db.rows("SELECT * FROM runs ORDER BY started DESC LIMIT ?", (limit,))
        ]

    def is_dead(self, run: Run) -> bool:
        """Whether the run says that it is running, but no process on this machine holds it any more."""
        if run.status != "running" or run.host != socket.gethostname() or run.id in self._held:
            return False
        if not self._take(run.id):
            return False
        self._held.pop(run.id).release()
        return True

    def _take(self, run_id: str) -> bool:
        """Takes the lock that tells other processes that the run is alive; the system frees it when this one dies."""
        folder = self.path.parent / "alive"
        folder.mkdir(exist_ok=True, mode=0o700)
        lock = FileLock(folder / f"{run_id}.lock", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        self._held[run_id] = lock
        return True

    def request_cancel(self, run_id: str) -> None:
        """Asks the run's process to stop; ends the run here where that process is gone. Raises Refused when it has
        ended already."""
        run = self.run(run_id)
        if run.status == "crashed":
            self.end_run(run.id, "cancelled")
        elif run.status == "running":
            self._db.execute("UPDATE runs SET cancel = 1 WHERE id = ?", (run.id,))
        else:
            raise Refused(
                f"run {run.id} is {run.status} already", f"`skyloom runs show {run.id}` shows what came of it"
            )

    def cancel_requested(self, run_id: str) -> bool:
        """Whether somebody asked the run to stop."""
        rows = self._db.rows("SELECT cancel FROM runs WHERE id = ?", (run_id,))
        return bool(rows and rows[0]["cancel"])

    # --- steps --------------------------------------------------------------------------------------------------

    def record_step(self, run_id: str, record: StepRecord) -> None:
        """Remembers a finished step. Committed when this returns."""
        value, error = None, None
        match record.outcome:
            case Done(value=result):
                value = dump(result)
            case Failed(error=problem):
                error = dump(problem.to_json())
        self._db.execute(
            "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                run_id,
                record.path,
                record.kind,
                record.name,
                record.inputs,
                value,
                error,
                record.started,
                record.ended,
                dump(record.notes),
            ),
        )

    def steps(self, run_id: str) -> list[StepRecord]:
        """The finished steps of a run, in the order in which they ended."""
        return [step_of(row) for row in self._db.rows("SELECT * FROM steps WHERE run = ? ORDER BY ended", (run_id,))]

    def step(self, run_id: str, path: str) -> StepRecord | None:
        """One finished step."""
        rows = self._db.rows("SELECT * FROM steps WHERE run = ? AND path = ?", (run_id, path))
        return step_of(rows[0]) if rows else None

    def mark_final(self, run_id: str, paths: Iterable[str]) -> None:
        """Marks the steps whose error ended the run: when it is resumed, they are carried out again."""
        for path in paths:
            self._db.execute("UPDATE steps SET final = 1 WHERE run = ? AND path = ?", (run_id, path))

    # --- waits --------------------------------------------------------------------------------------------------

    def open_wait(
        self,
        run_id: str,
        path: str,
        kind: WaitKind,
        name: str,
        request: Json,
        *,
        key: str | None = None,
        timeout: float | None = None,
    ) -> Wait:
        """The question at `path`: a new one, or, in a resumed run, the one that was opened before, with its deadline
        and its answer."""
        now = time.time()
        self._db.execute(
            "INSERT INTO waits (id, run, path, kind, name, key, request, opened, deadline) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, path) DO NOTHING",
            (
                uuid.uuid4().hex[:8],
                run_id,
                path,
                kind,
                name,
                key,
                dump(request),
                now,
                None if timeout is None else now + timeout,
            ),
        )
        return wait_of(self._db.rows("SELECT * FROM waits WHERE run = ? AND path = ?", (run_id, path))[0])

    def wait(self, wait_id: str) -> Wait:
        """The question with this id. Raises NotOpen where there is none."""
        rows = self._db.rows("SELECT * FROM waits WHERE id = ?", (wait_id,))
        if not rows:
            raise NotOpen(f"no question {wait_id}", "`skyloom approvals list` shows what runs ask people")
        return wait_of(rows[0])

    def waits(
        self, kind: WaitKind, *, run_id: str | None = None, name: str | None = None, open_only: bool = True
    ) -> list[Wait]:
        """Questions of one kind, oldest first."""
        rows = self._db.rows(
            "SELECT * FROM waits WHERE kind = ? AND (? IS NULL OR run = ?) AND (? IS NULL OR name = ?) "
            "AND (NOT ? OR closed IS NULL) ORDER BY opened",
            (kind, run_id, run_id, name, name, open_only),
        )
        return [wait_of(row) for row in rows]

    def answer(self, wait_id: str, answer: Json, *, at: float | None = None) -> None:
        """Answers a question, once; `at` is when the answer was given, where that was not just now. Raises NotOpen when
        it has its answer, or its time was over."""
        now = time.time() if at is None else at
        changed = self._db.execute(
            "UPDATE waits SET answer = ?, answered = ?, closed = 'answered' "
            "WHERE id = ? AND closed IS NULL AND (deadline IS NULL OR deadline > ?)",
            (dump(answer), now, wait_id, now),
        )
        if changed == 0:
            known = self.wait(wait_id)
            if known.closed is None or known.closed == "timed out":
                raise NotOpen(f"{wait_id} timed out at {time.strftime('%F %T', time.localtime(known.deadline))}")
            raise NotOpen(f"{wait_id} is {known.closed} already")

    def time_out(self, wait_id: str) -> bool:
        """Closes a question whose time is over. False when an answer came first."""
        return (
            self._db.execute("UPDATE waits SET closed = 'timed out' WHERE id = ? AND closed IS NULL", (wait_id,)) == 1
        )

    def set_wait_engine_run(self, wait_id: str, engine_run: str) -> None:
        """Notes the engine's own id for the question."""
        self._db.execute("UPDATE waits SET engine_run = ? WHERE id = ?", (engine_run, wait_id))

    def _alive(self, run: Run) -> Run:
        if run.status == "running" and self.is_dead(run):
            self._db.execute(
                "UPDATE runs SET status = 'crashed' WHERE id = ? AND status = 'running' AND pid = ?", (run.id, run.pid)
            )
            return self.run(run.id)
        return run

    def _unknown(self, run_id: str) -> Refused:
        """That there is no such run, with those that may have been meant."""
        known = [row["id"] for row in self._db.rows("SELECT id FROM runs ORDER BY started DESC LIMIT ?", (_SEARCHED,))]
        if not known:
            return Refused(f"no run {run_id}", "there are no runs yet; start one with `skyloom run FILE:FLOW`")
        # An id may be given by its beginning, so beginnings are what is compared.
        beginnings = {known_id[: len(run_id)]: known_id for known_id in reversed(known)}
        close = difflib.get_close_matches(run_id, beginnings, n=3, cutoff=0.7)
        meant = f"did you mean {' or '.join(beginnings[found] for found in close)}? " if close else ""
        return Refused(f"no run {run_id}", f"{meant}`skyloom runs list` shows the newest runs")
