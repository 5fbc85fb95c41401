"""The command as a process of its own: exit codes, broken pipes, bugs, encodings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from skyloom.cli import command
from skyloom.cli.app import app
from skyloom.flows.runner.store import RunStore

SKYLOOM = [sys.executable, "-m", "skyloom"]


def test_a_broken_pipe_is_quiet(store: RunStore) -> None:
    run = store.start_run(flow="f", file="f.py", program="p", environment="dev", input={"text": "x" * 500_000})
    store.end_run(run.id, "done", ["y" * 500_000])
    for arguments in (["runs", "show", run.id], ["runs", "show", run.id, "--json"]):
        read, write = os.pipe()
        process = subprocess.Popen([*SKYLOOM, *arguments], stdout=write, stderr=subprocess.PIPE, text=True)
        os.close(write)
        assert os.read(read, 10)
        os.close(read)
        assert process.communicate(timeout=60)[1] == ""


def test_an_unexpected_error_is_one_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(self: RunStore, limit: int) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(RunStore, "runs", break_down)
    monkeypatch.setattr(sys, "argv", ["skyloom", "runs", "list"])
    assert command() == 1
    assert capsys.readouterr().err.splitlines() == [
        "error: Skyloom failed unexpectedly: ZeroDivisionError: a bug",
        "please report it, with what SKYLOOM_DEBUG=1 shows of it",
    ]
    monkeypatch.setenv("SKYLOOM_DEBUG", "1")
    assert command() == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"), [(["version"], 0), (["runs", "show", "nope"], 2), (["nonsense"], 2), (["--help"], 0)]
)
def test_exit_codes_reach_the_shell(arguments: list[str], code: int) -> None:
    done = subprocess.run([*SKYLOOM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_terminal_that_lacks_characters(store: RunStore) -> None:
    store.start_run(flow="f", file="grüße.py", program="p", environment="dev", input={})
    done = subprocess.run(
        [*SKYLOOM, "runs", "list"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
    assert b"gr\\xfc\\xdfe.py:f" in done.stdout


def test_a_body_that_cannot_be_stopped_does_not_hold_the_command_up(tmp_path: Path) -> None:
    code = (
        "import sys, threading, time\n"
        "threading.Thread(target=lambda: time.sleep(60), name='skyloom-task_0').start()\n"
        "sys.argv = ['skyloom', 'runs', 'show', 'nope']\n"
        "from skyloom.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "this machine: SKY646 no run nope")


@pytest.mark.parametrize("prefect", ["", "import prefect\n"], ids=["without Prefect", "with Prefect"])
def test_the_end_of_the_process_leaves_nothing_out(prefect: str) -> None:
    code = (
        f"{prefect}import atexit, sys, threading, time\n"
        "sys.argv = ['skyloom', 'runs', 'show', 'nope']\n"
        "def late():\n    time.sleep(0.5)\n    print('from a thread')\n"
        "threading.Thread(target=late).start()\n"
        "atexit.register(lambda: print('at the exit', end=''))\n"
        "from skyloom.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "this machine: SKY646 no run nope")
    # What a program registers before it calls `main` is called after its end, and only where Python ends by itself.
    assert done.stdout == "from a thread\n" + ("" if prefect else "at the exit")


def test_what_a_flow_does_at_the_exit_is_done() -> None:
    code = (
        "import prefect, sys\n"
        "from skyloom import cli\n"
        "def command():\n    import atexit\n    atexit.register(lambda: print('done'))\n    return 3\n"
        "cli.command = command\n"
        "cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, "done\n", "")


def test_the_home_that_cannot_be_made_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SKYLOOM_HOME", str(tmp_path / "file" / "home"))
    done = subprocess.run([*SKYLOOM, "runs", "list"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path}/file/home cannot be made: Not a directory; set SKYLOOM_HOME")


def test_the_app_is_what_the_command_calls() -> None:
    assert app.info.name == "skyloom"
