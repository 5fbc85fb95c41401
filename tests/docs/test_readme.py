"""The README's first flow, command by command and word by word."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from docs.conftest import Shell
from docs.pages import ROOT, block

from skyloom.flows.frontend import check_file
from skyloom.flows.runner.server import ServerAddress
from skyloom.flows.runner.store import RunStore

README = ROOT / "README.md"
FIRST = "A first flow"
FLOW = block(README, FIRST, "python")
COMMANDS = block(README, FIRST, "").splitlines()
PLAIN_CALL = block(README, FIRST, "python", 1)


@pytest.fixture
def claims(shell: Shell) -> Path:
    """The first flow, in the file that its first line names."""
    name = FLOW.splitlines()[0].removeprefix("# ")
    path = shell.folder / name
    path.write_text(FLOW, encoding="utf-8")
    return path


def test_every_command_does_what_stands_there(shell: Shell, claims: Path, prefect_server: ServerAddress) -> None:
    check, run, graph = COMMANDS
    assert shell.run(check) == (0, "", "claims.py: 1 flow checked (settle), no problems\n")
    code, result, told = shell.run(run)
    assert (code, result) == (0, '"paid"\n'), told
    assert shell.run(graph) == (0, "", "wrote settle.svg\n")
    assert (shell.folder / "settle.svg").read_text(encoding="utf-8").startswith("<svg ")


def test_a_run_that_waits_says_how_to_answer(shell: Shell, claims: Path, prefect_server: ServerAddress) -> None:
    asking = shell.begin(COMMANDS[1].replace("roof.jpg", "roof-from-the-east.jpg"))
    store = RunStore()
    deadline = time.monotonic() + 120
    while not store.waits("approval") and asking.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    (wait,) = store.waits("approval")
    assert wait.name == "Pay Ada?"
    assert shell.run(f"skyloom approvals reject {wait.id} --comment 'not ours'")[0] == 0
    result, told = asking.communicate(timeout=120)
    assert (asking.returncode, result) == (0, '"rejected: not ours"\n'), told
    assert f"skyloom approvals approve {wait.id}" in told


def test_the_plain_call(claims: Path) -> None:
    module = check_file(claims).module
    assert module is not None
    names: dict[str, Any] = dict(vars(module))
    said = re.search(r"# (from skyloom\.flows\.testing import \w+)$", PLAIN_CALL, re.MULTILINE)
    assert said, "the snippet says where `script` comes from"
    exec(f"{said.group(1)}\n{PLAIN_CALL}", names)
    # The snippet's `assert` is of use only if it can fail.
    with pytest.raises(AssertionError):
        exec(f"{said.group(1)}\n{PLAIN_CALL.replace('approvals=[True]', 'approvals=[False]')}", names)


def test_the_make_targets_exist() -> None:
    named = set(re.findall(r"(?m)^make (\w+)", README.read_text(encoding="utf-8")))
    assert {"demo", "test"} <= named
    assert named <= set(re.findall(r"(?m)^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
