"""`skyloom run` on a disk that is full: a small file system in memory, which only root can mount."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from skyloom.flows.runner.server import ServerAddress
from skyloom.flows.runner.store import RunStore

SKYLOOM = [sys.executable, "-m", "skyloom"]

SOURCE = """
import os
from pathlib import Path

from skyloom.flows import flow, task


@task
def page(number: int) -> str:
    with Path(os.environ["WORK_LOG"]).open("a") as log:
        log.write(f"{number}\\n")
    return str(number) * 4000


@flow
def book(pages: int) -> int:
    letters = 0
    for number in range(pages):
        letters += len(page(number))
    return letters
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small file system here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def skyloom(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*SKYLOOM, *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_a_full_disk_ends_a_run_that_can_be_resumed(
    small_disk: Path, tmp_path: Path, prefect_server: ServerAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, log = tmp_path / "book.py", tmp_path / "work.log"
    file.write_text(SOURCE)
    monkeypatch.setenv("SKYLOOM_HOME", str(small_disk))
    monkeypatch.setenv("WORK_LOG", str(log))
    ended = skyloom("run", str(file), "--input", '{"pages": 90}')
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    error, how_to_go_on = ended.stderr.splitlines()[-2:]
    assert error.startswith(f"error: {small_disk}/runs.db: ")
    assert error.endswith("; what was recorded before is safe, resume the run when this is mended")
    run_id = how_to_go_on.rpartition(" ")[2]
    assert how_to_go_on == f"what was recorded is kept; to go on from there: skyloom runs resume {run_id}"
    recorded = len(RunStore().steps(run_id))
    assert 0 < recorded < 90
    assert len(log.read_text().splitlines()) == recorded + 1

    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    resumed = skyloom("runs", "resume", run_id)
    assert (resumed.returncode, resumed.stdout) == (0, f"{10 * 4000 + 80 * 8000}\n"), resumed.stderr
    # Only the step whose record did not fit is carried out again.
    assert [int(line) for line in log.read_text().splitlines()] == [*range(recorded + 1), *range(recorded, 90)]
