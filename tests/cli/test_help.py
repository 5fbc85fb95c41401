"""Every command explains itself, and its examples can be typed as they stand."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest
import typer

from skyloom import __version__
from skyloom.cli.app import app

ROOT: Any = typer.main.get_command(app)


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every command below, with the words that lead to it."""
    found = [] if not path else [(path, command)]
    for name, inner in getattr(command, "commands", {}).items():
        found += commands(inner, (*path, name))
    return found


def examples_of(command: Any) -> list[str]:
    lines = (command.epilog or "").replace(r"\[", "[").split("\n\n")
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


ALL = commands(ROOT)
LEAVES = [(path, command) for path, command in ALL if not getattr(command, "commands", None)]
EXAMPLES = [example for _, command in [((), ROOT), *LEAVES] for example in examples_of(command)]


def parsed(words: list[str]) -> tuple[str, ...]:
    """The command that the words call, options and arguments parsed. Raises what a usage error raises."""
    assert words[0] == "skyloom"
    path: list[str] = []
    command, context = ROOT, None
    name, rest = "skyloom", words[1:]
    while True:
        context = command.make_context(name, list(rest), parent=context)
        if not getattr(command, "commands", None):
            return tuple(path)
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        path.append(name)


def test_the_commands_are_those_of_the_design() -> None:
    assert {" ".join(path) for path, _ in LEAVES} == {
        "run", "check", "graph", "new", "doctor", "version", "conformance",
        "compile", "explain", "cost", "plan", "deploy", "status", "invoke", "logs", "rollback", "destroy",
        "runs list", "runs show", "runs resume", "runs cancel",
        "approvals list", "approvals show", "approvals approve", "approvals reject",
        "events list", "events send",
        "server start", "server stop", "server status",
    }  # fmt: skip


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_every_command_has_help_and_an_example_of_itself(path: tuple[str, ...], command: Any, invoke: Any) -> None:
    result = invoke(*path, "--help")
    assert result.exit_code == 0
    assert "Examples" in result.output
    assert "\x1b" not in result.output
    assert len(command.help.splitlines()[0]) > 10
    examples = examples_of(command)
    assert examples
    assert all(parsed(shlex.split(example)) == path for example in examples)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_parses(example: str) -> None:
    assert parsed(shlex.split(example)) in [path for path, _ in LEAVES]


def test_every_option_says_what_it_is_for() -> None:
    for path, command in LEAVES:
        for parameter in command.params:
            assert parameter.name == "help" or parameter.help, (path, parameter.name)


@pytest.mark.parametrize(
    "arguments",
    [(), ("nonsense",), ("run",), ("run", "a.py", "--nonsense"), ("runs", "list", "--limit", "0"), ("approvals",)],
)
def test_a_wrong_call_is_the_users_mistake(arguments: tuple[str, ...], invoke: Any) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert "Usage: skyloom" in result.output


@pytest.mark.parametrize("arguments", [("version",), ("--version",)])
def test_the_version(arguments: tuple[str, ...], invoke: Any) -> None:
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (0, f"skyloom {__version__}\n")


HEAVY = (
    "boto3",
    "botocore",
    "prefect",
    "pydantic",
    "pydantic_core",
    "openai",
    "httpx",
    "fastapi",
    "sqlalchemy",
    "yaml",
)


def loaded(code: str) -> set[str]:
    """The heavy modules that a fresh Python has after the code."""
    tail = f"\nimport sys; print('LOADED', *(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


def command_code(*arguments: str) -> str:
    return (
        f"import sys; sys.argv = {['skyloom', *arguments]!r}\n"
        "from skyloom.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )


@pytest.mark.parametrize("code", ["import skyloom", "import skyloom.flows", command_code("--help")])
def test_importing_and_help_load_nothing_heavy(code: str) -> None:
    assert loaded(code) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        "version",
        "run --help",
        "runs list",
        "approvals list --json",
        "events list",
        "server status",
        "new /dev/null",
        "deploy --help",
    ],
)
def test_commands_that_run_nothing_load_no_engine(arguments: str) -> None:
    # Typer itself reads parameters with pydantic.
    assert loaded(command_code(*arguments.split())) <= {"pydantic", "pydantic_core"}


def test_the_module_and_the_command_are_the_same() -> None:
    done = subprocess.run([sys.executable, "-m", "skyloom", "version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"skyloom {__version__}\n"
