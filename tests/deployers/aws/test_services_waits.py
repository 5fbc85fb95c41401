"""Runs that wait: written down, told to people, answered once; on real tables and executions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from skyloom.deployers.aws.services import events, waits
from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.aws.services.records import Records
from skyloom.deployers.aws.services.tokens import TaskTokens
from skyloom.deployers.aws.services.topic import Topic, subject_line
from skyloom.deployers.services import links
from skyloom.deployers.services.arrival import Arrival, NobodyWaits
from skyloom.deployers.services.deciding import Deciding, Decision
from skyloom.deployers.services.delivery import Delivery, Gone
from skyloom.deployers.services.opening import Opening
from skyloom.deployers.services.operating import operate
from skyloom.deployers.services.telling import Notice, Teller
from skyloom.deployers.services.waiting import APPROVALS, NotOpen, Wait, event_subject, wait_id

NOTICE = Notice(api="https://api.example", app="shop", environment="dev")
PLACE = {"execution": "arn:x", "flow": "answer", "step": "answer/approval"}
AMOUNT = {"type": "object", "properties": {"amount": {"type": "number"}, "unit": {"default": "EUR"}}}


class App:
    """The services of an app, on the tests' account."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.waits = Records(account.dynamodb, account.table())
        self.delivery = Delivery(self.waits, TaskTokens(account.states))
        self.deciding = Deciding(self.waits, self.delivery)
        self.arrival = Arrival(self.waits, self.delivery)
        self.keys = Keys(account.secrets, account.secret("the key"))
        self.topic, self.published = account.topic()
        self.opening = Opening(self.waits, Teller(self.keys, NOTICE, Topic(account.sns, self.topic)))

    def ask(self, run: Any, **request: Any) -> Wait:
        """Opens an approval for a run."""
        asked = {"kind": "approval", "token": run.token, "run": run.name, "message": "Send it?"} | PLACE | request
        found = self.waits.get(APPROVALS, self.opening.open(asked)["id"])
        assert found is not None
        return found

    def wait_for(self, run: Any, event: str, **request: Any) -> None:
        """Lets a run wait for an event."""
        asked = {"kind": "event", "token": run.token, "run": run.name, "event": event, "payload": AMOUNT}
        self.opening.open(asked | PLACE | request)


@pytest.fixture
def app(account: Any) -> App:
    return App(account)


YES = Decision(approved=True, comment="fine", by="Ada")


# --- opening --------------------------------------------------------------------------------------------------------


def test_an_approval_is_written_down_and_told_with_a_good_link(app: App, account: Any) -> None:
    run = account.waiting_run()
    wait = app.ask(run, message="Send 10 €\nto Ada?", to="leads", timeout=3600, show={"secret": "body"})
    assert (wait.state, wait.token, wait.run, wait.told) == ("open", run.token, run.name, True)
    assert wait.asked == {"message": "Send 10 €\nto Ada?", "show": {"secret": "body"}, "to": "leads", "form": None}
    assert wait.deadline is not None and wait.deadline - wait.opened == 3600
    [told] = app.published()
    assert told["Subject"] == "Approval: Send 10 ? to Ada?"
    assert told["MessageAttributes"]["to"]["Value"] == "leads"
    text = told["Message"]
    assert "Send 10 €\nto Ada?" in text and "For leads." in text and wait.run in text
    assert "body" not in text and run.token not in text
    link = next(line for line in text.splitlines() if line.startswith("https://"))
    parts = urlsplit(link)
    query = parse_qs(parts.query)
    assert parts.path == f"/approvals/{wait.id}"
    assert links.check(app.keys.accepted(), wait.id, query["e"][0], query["s"][0], time.time()) == wait.expires


def test_what_programs_are_told(app: App, account: Any) -> None:
    wait = app.ask(account.waiting_run(), to="leads")
    document = NOTICE.document(wait, "https://link")
    assert document == {
        "message": "Send it?",
        "to": "leads",
        "link": "https://link",
        "until": wait.expires,
        "app": "shop",
        "environment": "dev",
        "flow": "answer",
        "run": wait.run,
        "step": "answer/approval",
    }


def test_a_task_that_is_repeated_keeps_its_link_and_takes_its_new_token(app: App, account: Any) -> None:
    run = account.waiting_run()
    first = app.ask(run, token="lost")
    again = app.ask(run)
    assert again == replace(first, token=run.token)
    assert len(app.published()) == 1
    app.deciding.decide(again, YES)
    assert run.output() == {"approved": True, "comment": "fine", "by": "Ada", "answer": None}


@pytest.mark.parametrize(
    ("execution", "later"),
    [
        pytest.param("arn:x:another", 60, id="a part of the run begins anew, as another execution"),
        pytest.param(PLACE["execution"], 3601, id="the run goes on when the time to decide was over"),
    ],
)
def test_what_is_asked_anew_is_told_with_a_link_that_is_good(
    execution: str, later: float, app: App, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = account.waiting_run()
    first = app.ask(run, token="lost", timeout=3600)
    asked = time.time() + later
    monkeypatch.setattr("skyloom.deployers.services.opening.time.time", lambda: asked)
    again = app.ask(run, execution=execution, timeout=3600)
    assert (again.id, again.token, again.told) == (first.id, run.token, True)
    assert (again.opened, again.deadline, again.expires) == (asked, asked + 3600, int(asked + 3600))
    assert len(app.published()) == 2
    app.deciding.decide(again, YES)
    assert run.output()["approved"] is True


def test_people_are_told_again_when_the_first_attempt_was_cut_off(
    app: App, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise TimeoutError

    run = account.waiting_run()
    with monkeypatch.context() as patch:
        patch.setattr(account.sns, "publish", refuse)
        with pytest.raises(TimeoutError):
            app.ask(run)
    assert app.published() == []
    assert app.ask(run).told
    assert len(app.published()) == 1


def test_without_a_topic_nobody_is_told_and_operators_see_it(app: App, account: Any) -> None:
    opening = Opening(app.waits, Teller(app.keys, NOTICE, None))
    run = account.waiting_run()
    asked = {"kind": "approval", "token": run.token, "run": run.name, "message": "Send it?"} | PLACE
    opened = opening.open(asked)
    [listed] = operate(app.deciding, {"action": "list"})["approvals"]
    assert listed["id"] == opened["id"] and listed["deadline"] is None


def test_a_link_is_good_for_ninety_days_at_most(app: App, account: Any) -> None:
    run = account.waiting_run()
    for timeout in (None, 400 * links.DAY):
        wait = app.ask(run, timeout=timeout, step=f"step-{timeout}")
        assert wait.expires - wait.opened == pytest.approx(links.LONGEST, abs=2)


@pytest.mark.parametrize(("timeout", "days"), [(400 * links.DAY, 430), (600, 30), (None, 396)])
def test_a_record_is_kept_for_some_time_behind_its_end(
    app: App, account: Any, timeout: float | None, days: float
) -> None:
    wait = app.ask(account.waiting_run(), timeout=timeout)
    table = account.dynamodb.list_tables()["TableNames"]
    items = [item for name in table for item in account.dynamodb.scan(TableName=name)["Items"]]
    [item] = [item for item in items if item["id"]["S"] == wait.id]
    assert float(item["ttl"]["N"]) - wait.opened == pytest.approx(days * links.DAY, abs=700)


def test_ids_tell_runs_and_steps_apart() -> None:
    assert len({wait_id("a", "b"), wait_id("a", "b2"), wait_id("ab", ""), wait_id("a\nb", "c"), wait_id("", "ab")}) == 5


def test_another_kind_of_wait_is_refused(app: App) -> None:
    with pytest.raises(ValueError, match="sleep is no kind of wait"):
        app.opening.open({"kind": "sleep"})


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("Send it?", "Approval: Send it?"),
        ("a\r\nBcc: x\t\x00b", "Approval: a Bcc: x b"),
        ("x" * 200, "Approval: " + "x" * 86 + "..."),
        ("日本", "Approval: ??"),
    ],
)
def test_subjects_are_one_short_line_of_ascii(message: str, subject: str) -> None:
    assert subject_line(message) == subject


def test_tokens_stay_out_of_texts(app: App, account: Any) -> None:
    run = account.waiting_run()
    assert run.token not in repr(app.ask(run))


# --- decisions ------------------------------------------------------------------------------------------------------


def test_the_first_decision_counts(app: App, account: Any) -> None:
    run = account.waiting_run()
    wait = app.ask(run)
    app.deciding.decide(wait, YES)
    with pytest.raises(NotOpen) as before:
        app.deciding.decide(wait, Decision(approved=False, comment="", by="Eve"))
    assert before.value.wait is not None
    assert before.value.wait.answer["value"]["by"] == "Ada"
    assert run.output() == {"approved": True, "comment": "fine", "by": "Ada", "answer": None}


def test_a_decision_for_a_run_that_was_stopped_is_gone(app: App, account: Any) -> None:
    run = account.waiting_run()
    wait = app.ask(run)
    run.stop()
    account.states.delete_state_machine(stateMachineArn=run.machine)
    delivery = Delivery(app.waits, TaskTokens(Refusing(account.states, "TaskDoesNotExist")))
    with pytest.raises(Gone):
        delivery.answer(wait, {"value": 1})
    found = app.deciding.get(wait.id)
    assert found is not None and found.state == "abandoned"


class Refusing:
    """Step Functions that refuse an answer, as they do when the run has stopped, or are not to be reached."""

    def __init__(self, states: Any, error: str) -> None:
        self.exceptions = states.exceptions
        kind = getattr(self.exceptions, error, None)
        self._error = TimeoutError() if kind is None else kind({"Error": {"Code": error}}, "SendTaskSuccess")

    def send_task_success(self, **_: Any) -> None:
        raise self._error


@pytest.mark.parametrize("look", ["get", "list", "decide"])
def test_a_decision_that_did_not_reach_the_run_is_handed_over_at_the_next_look(
    app: App, account: Any, look: str
) -> None:
    run = account.waiting_run()
    wait = app.ask(run)
    with pytest.raises(TimeoutError):
        Delivery(app.waits, TaskTokens(Refusing(account.states, "none"))).answer(wait, {"value": "first"})
    assert account.states.describe_execution(executionArn=run.arn)["status"] == "RUNNING"
    match look:
        case "get":
            app.deciding.get(wait.id)
        case "list":
            assert operate(app.deciding, {"action": "list"}) == {"approvals": []}
        case _:
            with pytest.raises(NotOpen):
                app.deciding.decide(wait, YES)
    assert run.output() == "first"
    found = app.waits.get(APPROVALS, wait.id)
    assert found is not None and found.delivered


def test_operators_decide(app: App, account: Any) -> None:
    run = account.waiting_run()
    wait = app.ask(run, form=AMOUNT)
    decide: Callable[..., Any] = lambda **more: operate(app.deciding, {"action": "decide", "id": wait.id} | more)  # noqa: E731
    assert decide(approved=True, answer={"amount": "x"}) == {
        "status": "invalid",
        "message": "form amount: must be a number",
    }
    assert decide(approved=True, by="Ada", answer={"amount": 2}) == {"status": "decided", "message": ""}
    assert run.output() == {"approved": True, "comment": "", "by": "Ada", "answer": {"amount": 2, "unit": "EUR"}}
    assert decide(approved=False)["status"] == "answered"
    assert decide(approved=False, id="none")["status"] == "unknown"
    with pytest.raises(ValueError, match="None is no action"):
        operate(app.deciding, {})


def test_who_refuses_need_not_have_filled_in_the_form(app: App, account: Any) -> None:
    run = account.waiting_run()
    app.deciding.decide(app.ask(run, form=AMOUNT), Decision(approved=False, comment="", by="", answer={"amount": "x"}))
    assert run.output()["answer"] is None


def test_an_answer_that_is_too_long_decides_nothing(app: App, account: Any) -> None:
    wait = app.ask(account.waiting_run())
    with pytest.raises(ValueError, match="longer than 262144 bytes"):
        app.deciding.decide(wait, replace(YES, comment="ä" * 140_000))
    found = app.deciding.get(wait.id)
    assert found is not None and found.state == "open"


# --- events ---------------------------------------------------------------------------------------------------------


def test_an_event_goes_to_all_that_wait_for_it(app: App, account: Any) -> None:
    runs = [account.waiting_run() for _ in range(3)]
    for run, key in zip(runs, ("order-1", "order-1", "order-2"), strict=True):
        app.wait_for(run, "payment", key=key)
    given = app.arrival.arrive("payment", {"payload": {"amount": 3, "odd": 1}, "key": "order-1"})
    assert sorted(given["runs"]) == sorted(run.name for run in runs[:2])
    assert [run.output() for run in runs[:2]] == [{"amount": 3, "unit": "EUR"}] * 2
    assert account.states.describe_execution(executionArn=runs[2].arn)["status"] == "RUNNING"


def test_an_event_may_name_the_run(app: App, account: Any) -> None:
    first, second = account.waiting_run(), account.waiting_run()
    for run in (first, second):
        app.wait_for(run, "payment")
    assert app.arrival.arrive("payment", {"payload": {}, "run": second.name}) == {"runs": [second.name]}
    assert second.output() == {"unit": "EUR"}


def test_an_event_counts_once(app: App, account: Any) -> None:
    run = account.waiting_run()
    app.wait_for(run, "payment")
    app.arrival.arrive("payment", {"payload": {"amount": 1}})
    with pytest.raises(NobodyWaits):
        app.arrival.arrive("payment", {"payload": {"amount": 2}})
    assert run.output()["amount"] == 1


def test_an_event_that_did_not_reach_its_run_is_handed_over_when_the_event_comes_again(app: App, account: Any) -> None:
    run = account.waiting_run()
    app.wait_for(run, "payment")
    cut_off = Arrival(app.waits, Delivery(app.waits, TaskTokens(Refusing(account.states, "none"))))
    with pytest.raises(TimeoutError):
        cut_off.arrive("payment", {"payload": {"amount": 1}})
    assert app.arrival.arrive("payment", {"payload": {"amount": 1}}) == {"runs": [run.name]}
    assert run.output()["amount"] == 1


def test_nobody_waits_for_an_event(app: App) -> None:
    with pytest.raises(NobodyWaits, match="no run waits for event payment with key order-1"):
        app.arrival.arrive("payment", {"key": "order-1"})


@pytest.mark.parametrize("payload", [{"amount": "much"}, None, {"amount": 1, "unit": "x" * 300_000}])
def test_a_payload_that_does_not_fit_fails_the_step_as_a_task_would(app: App, account: Any, payload: Any) -> None:
    run = account.waiting_run()
    app.wait_for(run, "payment")
    app.arrival.arrive("payment", {"payload": payload})
    ended = run.ended()
    assert (ended["status"], ended["error"]) == ("FAILED", "TaskFailed")
    cause = json.loads(ended["cause"])
    assert cause["errorType"] == "TaskFailed"
    error = json.loads(cause["errorMessage"])
    assert error["type"] == "TaskFailed" and error["bases"] == ["FlowError", "SkyloomError", "Exception"]
    assert error["message"].startswith("event payment brought a payload")


def test_names_and_keys_of_events_are_never_confused() -> None:
    subjects = [("a", None), ("a", "null"), ("a", ""), ('a"', None), ("a", "b"), ("ab", None), ('a","b', None)]
    assert len({event_subject(name, key) for name, key in subjects}) == len(subjects)


# --- as Lambda calls them -------------------------------------------------------------------------------------------


def test_the_entry_points_read_their_settings_from_the_environment(
    app: App, account: Any, deployed_in: pytest.MonkeyPatch
) -> None:
    settings = {
        "SKYLOOM_TABLE": account.table(),
        "SKYLOOM_LINK_KEY": account.secret("the key"),
        "SKYLOOM_API": "https://api.example",
        "SKYLOOM_APP": "shop",
        "SKYLOOM_ENV": "dev",
        "SKYLOOM_TOPIC": app.topic,
    }
    for name, value in settings.items():
        deployed_in.setenv(name, value)
    run = account.waiting_run()
    request = {"token": run.token, "run": run.name, **PLACE}
    waits.handler({"kind": "approval", "message": "Send it?"} | request, None)
    assert len(app.published()) == 1
    waits.handler({"kind": "event", "event": "payment", "payload": {}} | request, None)
    assert events.handler({"detail-type": "payment", "detail": {"payload": 7}}, None) == {"runs": [run.name]}
    assert run.output() == 7
