"""Deciding what runs ask people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from skyloom.cli.forms import fill_in
from skyloom.flows import values
from skyloom.flows.runner.store import Run, RunStore, Wait

FORM_FILE = """
from typing import Literal
from pydantic import BaseModel, Field

class Refund(BaseModel):
    amount: int = Field(description="In cents.")
    way: Literal["card", "cash"]
    urgent: bool = False
    note: str | None = None
"""


@pytest.fixture
def run(store: RunStore) -> Run:
    return store.start_run(flow="answer", file="answer.py", program="p", environment="dev", input={})


@pytest.fixture
def ask(store: RunStore, run: Run) -> Callable[..., Wait]:
    """Opens an approval as the engines do."""

    def opened(message: str = "Send it?", *, timeout: float | None = None, **request: Any) -> Wait:
        asked = {"message": message, "show": None, "to": None, "form": None, "form_class": None} | request
        path = f"answer/approval#{message}"
        return store.open_wait(run.id, path, "approval", message, asked, timeout=timeout)

    return opened


@pytest.fixture
def refund(store: RunStore, tmp_path: Path) -> Wait:
    """An approval with a form, of a run of a real file."""
    file = tmp_path / "refunds_of_test.py"
    file.write_text(FORM_FILE)
    from skyloom.flows.frontend import load_file

    module = load_file(file)
    run = store.start_run(flow="pay", file=str(file), program="p", environment="dev", input={})
    asked = {
        "message": "Pay?",
        "show": None,
        "to": None,
        "form": values.json_schema(module.Refund),
        "form_class": {"module": module.__name__, "qualname": "Refund"},
    }
    return store.open_wait(run.id, "pay/approval", "approval", "Pay?", asked)


def test_nothing_open(invoke: Any, document: Any) -> None:
    result = invoke("approvals", "list")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no open approvals\n")
    assert document("approvals", "list", "--json") == []


def test_the_list(invoke: Any, ask: Any, run: Run) -> None:
    first, second = ask("Send it?", to="support", timeout=7200), ask("Really?")
    lines = invoke("approvals", "list").stdout.splitlines()
    assert lines[0].split() == ["ID", "RUN", "ASKED", "TIME", "FOR", "QUESTION"]
    assert lines[1].startswith(f"{first.id}  {run.id}  0.")
    assert "1 h 59 min left" in lines[1] or "2 h left" in lines[1]
    assert lines[1].endswith("support  Send it?")
    assert "no time limit" in lines[2] and lines[2].endswith("Really?") and second.id in lines[2]


def test_the_list_for_programs(document: Any, ask: Any, run: Run) -> None:
    wait = ask("Send it?", show={"text": "Dear Ada"}, timeout=60)
    (found,) = document("approvals", "list", "--json")
    assert found.pop("opened") and found.pop("deadline")
    assert found == {
        "id": wait.id,
        "run": run.id,
        "step": "answer/approval#Send it?",
        "message": "Send it?",
        "show": {"text": "Dear Ada"},
        "to": None,
        "form": None,
        "state": "open",
        "decision": None,
    }


def test_showing_one(invoke: Any, ask: Any) -> None:
    wait = ask("Send \x1b[2Jit?", show={"text": "Dear Ada"}, to="support")
    shown = invoke("approvals", "show", wait.id).stdout
    assert shown.splitlines()[0] == "Send \\x1b[2Jit?"
    assert '"text": "Dear Ada"' in shown
    assert f"skyloom approvals approve {wait.id}" in shown
    invoke("approvals", "reject", wait.id, "--by", "maria")
    assert 'answered: {"approved": false, "comment": "", "by": "maria"' in invoke("approvals", "show", wait.id).stdout


@pytest.mark.parametrize(("verb", "approved"), [("approve", True), ("reject", False)])
def test_a_decision_is_written_down(verb: str, approved: bool, invoke: Any, ask: Any, store: RunStore) -> None:
    wait = ask()
    result = invoke("approvals", verb, wait.id, "--comment", "as we said", "--by", "maria")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{'approved' if approved else 'rejected'}: Send it?\n"
    decided = store.wait(wait.id)
    assert decided.closed == "answered"
    assert decided.answer == {"approved": approved, "comment": "as we said", "by": "maria", "answer": None}


def test_who_decides_is_the_user(invoke: Any, ask: Any, store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    wait = ask()
    invoke("approvals", "approve", wait.id)
    assert store.wait(wait.id).answer["by"] == "ada"


def test_the_second_answer_changes_nothing(invoke: Any, ask: Any, store: RunStore) -> None:
    wait = ask()
    invoke("approvals", "approve", wait.id, "--comment", "first")
    result = invoke("approvals", "reject", wait.id, "--comment", "second")
    assert result.exit_code == 2
    assert result.stderr == f"this machine: SKY611 {wait.id} is answered already\n"
    assert store.wait(wait.id).answer["comment"] == "first"


def test_an_answer_after_the_deadline_is_refused(invoke: Any, ask: Any, store: RunStore) -> None:
    wait = ask(timeout=-1)
    result = invoke("approvals", "approve", wait.id)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"this machine: SKY611 {wait.id} timed out at 20")
    assert store.wait(wait.id).answer is None


def test_unknown_ids(invoke: Any, store: RunStore, run: Run) -> None:
    result = invoke("approvals", "approve", "nope")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, "this machine: SKY611 no question nope")
    wait = store.open_wait(run.id, "answer/wait", "event", "payment", None)
    result = invoke("approvals", "approve", wait.id)
    assert (result.exit_code, result.stderr) == (
        2,
        f"this machine: SKY611 {wait.id} is no approval but a wait for payment\n",
    )


def test_a_run_that_has_stopped_is_told(invoke: Any, ask: Any, store: RunStore, run: Run) -> None:
    wait = ask()
    store.end_run(run.id, "cancelled")
    result = invoke("approvals", "approve", wait.id)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[1] == (
        f"run {run.id} is cancelled; it goes on with this answer when resumed: skyloom runs resume {run.id}"
    )


def test_a_form_is_checked_before_it_counts(invoke: Any, refund: Wait, store: RunStore) -> None:
    result = invoke("approvals", "approve", refund.id, "--form", '{"amount": "much", "way": "card"}')
    assert result.exit_code == 2
    assert "SKY611" in result.stderr and "amount" in result.stderr
    assert store.wait(refund.id).closed is None
    result = invoke("approvals", "approve", refund.id, "--form", '{"amount": 120, "way": "card"}')
    assert result.exit_code == 0
    filled = {"amount": 120, "way": "card", "urgent": False, "note": None}
    assert store.wait(refund.id).answer["answer"] == filled


def test_a_form_from_standard_input(invoke: Any, refund: Wait, store: RunStore) -> None:
    form = json.dumps({"amount": 5, "way": "cash", "urgent": True})
    assert invoke("approvals", "approve", refund.id, "--form", "-", stdin=form).exit_code == 0
    assert store.wait(refund.id).answer["answer"]["urgent"] is True


def test_a_form_that_is_no_json_changes_nothing(invoke: Any, refund: Wait, store: RunStore) -> None:
    result = invoke("approvals", "approve", refund.id, "--form", "{amount: 1}")
    assert result.exit_code == 2
    assert result.stderr.startswith("--form:1:2: SKY620 this is not JSON")
    assert store.wait(refund.id).closed is None


def test_a_form_where_none_is_asked_for(invoke: Any, ask: Any, store: RunStore) -> None:
    wait = ask()
    result = invoke("approvals", "approve", wait.id, "--form", "{}")
    assert result.exit_code == 2
    assert "this approval has no form to fill in" in result.stderr
    assert store.wait(wait.id).closed is None


def test_without_a_terminal_a_form_with_required_fields_is_not_left_out_in_passing(
    invoke: Any, refund: Wait, store: RunStore
) -> None:
    result = invoke("approvals", "approve", refund.id)
    assert result.exit_code == 2
    assert "SKY611 this approval has a form to fill in: amount, way" in result.stderr
    assert "hint: `--form JSON|@FILE|-` fills it in" in result.stderr and "--without-form" in result.stderr
    assert store.wait(refund.id).closed is None


def test_the_form_is_left_out_where_that_is_asked_for(invoke: Any, refund: Wait, store: RunStore) -> None:
    result = invoke("approvals", "approve", refund.id, "--without-form")
    assert result.exit_code == 0
    assert result.stderr.startswith("approved without its form: the flow's `decision.answer` is None")
    assert store.wait(refund.id).answer["answer"] is None


def test_a_form_that_is_given_and_left_out(invoke: Any, refund: Wait, store: RunStore) -> None:
    result = invoke("approvals", "approve", refund.id, "--without-form", "--form", '{"amount": 1, "way": "card"}')
    assert result.exit_code == 2
    assert "--form fills the form in, and --without-form leaves it out" in result.stderr
    assert store.wait(refund.id).closed is None


def test_a_form_with_nothing_required_may_be_left_out(invoke: Any, ask: Any, store: RunStore) -> None:
    form = {"type": "object", "properties": {"note": {"type": "string", "default": ""}}}
    wait = ask(form=form)
    result = invoke("approvals", "approve", wait.id)
    assert result.exit_code == 0
    assert result.stderr.startswith("this approval has a form, and is approved without it")
    assert store.wait(wait.id).answer["answer"] is None


class _Keyboard:
    """Standard input as a terminal gives it."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1) -> str:
        return self.lines.pop(0) + "\n" if self.lines else ""


@pytest.mark.parametrize(
    ("field", "typed", "value"),
    [
        ({"type": "integer"}, ["1_000", "1.5", "true", "12"], 12),
        ({"type": "number"}, ["NaN", "Infinity", "1.5"], 1.5),
        ({"type": "boolean"}, ["maybe", "Yes"], True),
        ({"enum": [1, 2]}, ["3", "2"], 2),
        ({"const": "x"}, ["y", "x"], "x"),
        ({"anyOf": [{"$ref": "#/$defs/Way"}, {"type": "null"}]}, ["boat", "card"], "card"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, [""], None),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, ["soon"], "soon"),
        ({"type": "array", "items": {"type": "string"}}, ["a, b", '["a"]'], ["a"]),
        ({"$ref": "#/$defs/Address"}, ["here", '{"city": "Ulm"}'], {"city": "Ulm"}),
        ({}, ["x", "[1]"], [1]),
    ],
)
def test_a_field_is_asked_for_until_it_fits(
    field: dict[str, Any], typed: list[str], value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = _Keyboard(*typed)
    monkeypatch.setattr(sys, "stdin", keyboard)
    schema = {
        "properties": {"it": field},
        "required": ["it"],
        "$defs": {
            "Way": {"type": "string", "enum": ["card", "cash"]},
            "Address": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    assert fill_in(schema) == {"it": value}
    assert keyboard.lines == []


def test_on_a_terminal_the_form_is_asked_for(
    refund: Wait, store: RunStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", _Keyboard("a lot", "120", "cheque", "cash", "", "urgent for Ada"))
    assert fill_in(refund.request["form"]) == {"amount": 120, "way": "cash", "note": "urgent for Ada"}
    asked = capsys.readouterr()
    assert "In cents." in asked.err
    assert "one of card, cash" in asked.err
    assert "please give: whole number" in asked.err
