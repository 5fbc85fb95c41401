"""The approvals page over HTTP: who gets what, and what is taken."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from typing import Any, Literal
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import BaseModel, Field
from servers.http_api import HttpApi

from skyloom.deployers.aws.services import decide
from skyloom.deployers.services import links
from skyloom.flows.values import json_schema


class Refund(BaseModel):
    amount: float = Field(gt=0)
    speed: Literal["slow", "fast"] = "slow"
    note: str | None = None


class Text(HTMLParser):
    """The text of a page, and what its tags are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._parts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self._parts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._parts).split())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]


def says(answer: httpx.Response) -> str:
    return Text(answer.text).text


def test_the_question_is_shown_with_what_belongs_to_it(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    shown = {"text": "Dear Ada,\n<b>hello</b>", "score": 0.5, "lines": ["a", "b"]}
    answer = approvals.http.get(approvals.ask(run, to="leads", show=shown))
    assert answer.status_code == 200
    page = Text(answer.text)
    for text in ("shop asks leads", "Send it?", "<b>hello</b>", "0.5", '[ "a", "b" ]', run.name, "Your name"):
        assert text in page.text
    assert page.of("b") == []
    [form] = page.of("form")
    assert form["method"] == "post"


def test_looking_changes_nothing(approvals: Any, account: Any) -> None:
    link = approvals.ask(account.waiting_run())
    for _ in range(3):
        assert approvals.http.get(link).status_code == 200


def test_a_decision_goes_to_the_run(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    answer = approvals.send(approvals.ask(run), by="  Ada ", comment="looks\r\nfine")
    assert answer.status_code == 200
    assert "You have approved this" in says(answer)
    assert run.output() == {"approved": True, "comment": "looks\nfine", "by": "Ada", "answer": None}


def test_a_rejection_needs_no_form(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    answer = approvals.send(approvals.ask(run, form=json_schema(Refund)), decision="reject", answer_amount="-1")
    assert "You have rejected this" in says(answer)
    assert run.output() == {"approved": False, "comment": "", "by": "Ada", "answer": None}


def test_a_form_is_filled_in(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    link = approvals.ask(run, form=json_schema(Refund))
    assert approvals.send(link, answer_amount="12", answer_speed="1", answer_note="").status_code == 200
    assert run.output()["answer"] == {"amount": 12.0, "speed": "fast", "note": None}


def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    link = approvals.ask(run, form=json_schema(Refund))
    answer = approvals.send(link, answer_amount='-3"', answer_speed="1", answer_note="<i>", by=" ", comment="because")
    assert answer.status_code == 422
    page = Text(answer.text)
    assert "Nothing is decided yet" in page.text
    assert "Amount must be a number" in page.text and "Your name is missing" in page.text
    values = {attributes["name"]: attributes.get("value") for attributes in page.of("input")}
    assert values == {"answer.amount": '-3"', "answer.note": "<i>", "by": " "}
    [chosen] = [option for option in page.of("option") if "selected" in option]
    assert chosen["value"] == "1"
    assert "because" in page.text
    assert approvals.send(link, answer_amount="0").status_code == 422
    assert approvals.send(link, answer_amount="3").status_code == 200


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"decision": "maybe"}, "decision approve or reject"),
        ({"by": ""}, "Your name is missing"),
        ({"by": "x" * 201}, "Your name is longer than 200 characters"),
        ({"comment": "x" * 10_001}, "Comment is longer than 10000 characters"),
    ],
)
def test_an_incomplete_decision_decides_nothing(
    approvals: Any, account: Any, inputs: dict[str, str], problem: str
) -> None:
    link = approvals.ask(account.waiting_run())
    answer = approvals.send(link, **inputs)
    assert answer.status_code == 422
    assert problem in says(answer)
    assert approvals.http.get(link).status_code == 200


def test_a_link_counts_once(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    link = approvals.ask(run)
    approvals.send(link)
    for answer in (approvals.send(link, decision="reject", by="Eve"), approvals.http.get(link)):
        assert answer.status_code == 409
        assert "This was approved before" in says(answer) and "by Ada" in says(answer)
    assert run.output()["by"] == "Ada"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_forged_links_are_refused(approvals: Any, account: Any, method: str) -> None:
    link = approvals.ask(account.waiting_run())
    address, _, query = link.partition("?")
    other = approvals.ask(account.waiting_run()).partition("?")[2]
    forged = [
        address,
        f"{address}?e=9999999999&s={query.partition('s=')[2]}",
        f"{link}x",
        f"{link}&s=x",
        f"{address}?{other}",
        f"{approvals.api.url}/approvals/{'0' * 32}?{query}",
    ]
    for attempt in forged:
        answer = approvals.http.request(method, attempt, data={"decision": "approve", "by": "Eve"})
        assert answer.status_code == 403, attempt
        assert "This link is not valid" in says(answer)
        assert "Send it?" not in says(answer)
    assert approvals.http.get(link).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_expired_links_are_refused(approvals: Any, account: Any, method: str) -> None:
    link = approvals.ask(account.waiting_run(), timeout=-1)
    answer = approvals.http.request(method, link, data={"decision": "approve", "by": "Ada"})
    assert answer.status_code == 410
    assert "This link has expired" in says(answer)


def test_an_approval_that_is_not_there(approvals: Any) -> None:
    expiry = int(time.time()) + 60
    answer = approvals.http.get(links.link(approvals.api.url, approvals.key, "0" * 32, expiry))
    assert answer.status_code == 404


def test_a_question_that_was_asked_anew_has_a_new_link(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    old = approvals.ask(run, timeout=500)
    wait = next(approvals.deciding.open())
    approvals.waits.abandoned(wait)
    new = approvals.ask(run, timeout=900)
    answer = approvals.http.get(old)
    assert (answer.status_code, approvals.http.get(new).status_code) == (410, 200)
    assert "This link was replaced" in says(answer)


def test_a_run_that_has_stopped_takes_no_decision(approvals: Any, account: Any) -> None:
    run = account.waiting_run()
    link = approvals.ask(run, token="a token that no run waits for")
    answer = approvals.send(link)
    assert answer.status_code == 410
    assert "The run does not wait any more" in says(answer)
    assert approvals.http.get(link).status_code == 410


def test_a_decision_that_cannot_be_handed_over_is_kept(
    approvals: Any, account: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(**_: Any) -> None:
        raise TimeoutError("secret detail")

    run = account.waiting_run()
    link = approvals.ask(run)
    with monkeypatch.context() as patch:
        patch.setattr(account.states, "send_task_success", unreachable)
        answer = approvals.send(link)
    assert answer.status_code == 503
    logged = capsys.readouterr().out
    assert "TimeoutError" in logged and "secret detail" not in logged and run.token not in logged
    assert approvals.http.get(link).status_code == 409
    assert run.output()["by"] == "Ada"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{}"),
        ("text/plain", b"decision=approve&by=Ada"),
        ("application/x-www-form-urlencoded", b"decision=approve&by=%FF"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=%d" % number for number in range(501))),
    ],
)
def test_what_is_no_form_is_refused(approvals: Any, account: Any, kind: str, body: bytes) -> None:
    link = approvals.ask(account.waiting_run())
    answer = approvals.http.post(link, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert approvals.http.get(link).status_code == 200


def test_every_page_forbids_what_it_does_not_need(approvals: Any, account: Any) -> None:
    link = approvals.ask(account.waiting_run())
    for answer in (approvals.http.get(link), approvals.http.get(link + "x"), approvals.send(link)):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "form-action 'self'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        page = Text(answer.text)
        assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "object"}
        assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]


def test_nothing_that_is_said_becomes_markup(approvals: Any, account: Any) -> None:
    evil = '"><script>alert(1)</script><!--'
    schema = {"type": "object", "properties": {evil: {"type": "string", "title": evil, "description": evil}}}
    link = approvals.ask(
        account.waiting_run(), message=evil, show={evil: [evil]}, to=evil, form=schema, flow=evil, step=evil
    )
    for answer in (approvals.http.get(link), approvals.http.post(link, data={"by": evil, "comment": evil})):
        assert "<script" not in answer.text
        assert "alert(1)" in says(answer)


def test_functions_tell_operators_from_the_outside(
    approvals: Any, account: Any, deployed_in: pytest.MonkeyPatch
) -> None:
    run = account.waiting_run()
    link = approvals.ask(run)
    settings = {
        "SKYLOOM_TABLE": approvals.waits._table,
        "SKYLOOM_LINK_KEY": account.secret(approvals.key.decode()),
        "SKYLOOM_APP": "shop",
    }
    for name, value in settings.items():
        deployed_in.setenv(name, value)
    path, _, query = link.removeprefix(approvals.api.url).partition("?")
    asked = HttpApi({"GET /approvals/{id}": lambda event: decide.handler(event, None)})
    assert asked.answer("GET", f"{path}?{query}", {}, b"")["statusCode"] == 200
    forged = {"action": "decide", "id": path.rpartition("/")[2], "approved": "true", "by": "Eve"}
    body = urlencode(forged).encode()
    assert asked.answer("GET", path, {"Content-Type": "application/x-www-form-urlencoded"}, body)["statusCode"] == 403
    [listed] = decide.handler({"action": "list"}, None)["approvals"]
    assert listed["run"] == run.name
    asked.close()
