"""Models that prompts name, checked with their file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from skyloom.flows.frontend import CheckedFile

Check = Callable[..., CheckedFile]

PROMPTS = """
from skyloom.flows import flow, prompt

@prompt("Judge {text}", model="fsat")
def judge(text: str) -> str: ...

@prompt(
    "Name {text}",
    model="namer",
)
def name(text: str) -> str: ...

@prompt("Ask {text}")
def ask(text: str) -> str: ...

@prompt("Ask {text}", model="smart")
def ask_well(text: str) -> str: ...

@flow
def f(text: str) -> str:
    return judge(text) + name(text) + ask(text)
"""


def found(checked: CheckedFile) -> list[tuple[str, int, str, str | None]]:
    return [(d.code, d.span.line if d.span else 0, d.message, d.hint) for d in checked.diagnostics]


def test_aliases_that_nobody_knows(check: Check) -> None:
    checked = check(PROMPTS)
    assert found(checked) == [
        (
            "SKY634",
            4,
            "prompt `judge` asks the model `fsat`, which is no alias that is known",
            "did you mean `fast`? (known are fast, smart)",
        ),
        (
            "SKY634",
            9,
            "prompt `name` asks the model `namer`, which is no alias that is known",
            'known are fast, smart; add `namer = "provider:model"` to [models.local] of skyloom.toml',
        ),
    ]
    span = checked.diagnostics[0].span
    assert span is not None
    assert (checked.diagnostics[0].source or "")[span.column - 1 : span.end_column - 1] == '"fsat"'


@pytest.mark.parametrize(
    "table", ["[models.local]", "[models.aws]", "[environments.prod.models.local]", "[environments.prod.models.gcp]"]
)
def test_aliases_of_any_target_and_environment(table: str, check: Check, tmp_path: Path) -> None:
    (tmp_path / "skyloom.toml").write_text(f"{table}\nfsat = 'openai:a'\nnamer = 'offline'\n", encoding="utf-8")
    assert found(check(PROMPTS)) == []


def test_aliases_that_variables_set(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLOOM_MODEL_FSAT", "offline")
    monkeypatch.setenv("SKYLOOM_MODEL_NAMER", "offline")
    assert found(check(PROMPTS)) == []


def test_a_configuration_that_is_wrong(check: Check, tmp_path: Path) -> None:
    (tmp_path / "skyloom.toml").write_text("[models.local]\nfast = 3\n", encoding="utf-8")
    (problem,) = check(PROMPTS).diagnostics
    assert (problem.code, problem.file) == ("SKY632", "skyloom.toml")


def test_without_prompts_nobody_reads_the_configuration(check: Check, tmp_path: Path) -> None:
    (tmp_path / "skyloom.toml").write_text("[models.local]\nfast = 3\n", encoding="utf-8")
    assert found(check("from skyloom.flows import flow\n\n@flow\ndef f() -> int:\n    return 1\n")) == []


def test_what_is_no_text_is_another_problem(check: Check) -> None:
    text = "from skyloom.flows import prompt\n\n@prompt('a', model={0})\ndef f() -> str: ...\n"
    assert [d.code for d in check(text.format("5")).diagnostics] == ["SKY508"]
    assert [d.code for d in check(text.format("' '"), "other.py").diagnostics] == ["SKY508"]
