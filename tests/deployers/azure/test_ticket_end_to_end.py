"""The ticket example on Azure, from the request to the answer: started by HTTP, approved in a browser through the link
in a chat. The app runs in a functions host, orchestrators through the SDK, requests through its durable client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from clouds.tickets import (
    ANSWER,
    TRIAGE,
    begin,
    is_approved_in_a_browser,
    is_rejected,
    over,
    refuses_forgeries,
    refuses_what_does_not_fit,
    tickets_app,
    was_sent_once,
)
from engines.azure_app.at_work import AtWork
from engines.azure_app.identity import token_for
from selenium import webdriver
from servers.browser import browsing
from servers.chat import Chat
from servers.model_server import Response
from servers.openai_server import OpenAIServer, Request, answer, failure

from skyloom.flows.app import App, Secret, WebhookNotifier


def models(request: Request) -> Response:
    """Every ticket is urgent, and every draft the same; asked with the app's token for models only."""
    if request.headers.get("authorization") != f"Bearer {token_for('https://ai.azure.com')}":
        return failure(401, "no good token")(request)
    if request.schema is not None:
        return answer(json.dumps(TRIAGE))(request)
    return answer(ANSWER)(request)


class Tickets(AtWork):
    """The app at work, and the chat that hears of it."""

    def __init__(self, app: App, place: Path, chat: Chat, endpoint: str) -> None:
        super().__init__(app, place, {"SKYLOOM_MODELS": endpoint})
        self._chat = chat
        [name] = self.secrets
        self.places.vault.secrets[name] = chat.address

    def link(self) -> str:
        """The link in the next notification."""
        return str(self._chat.posted.get(timeout=60)["url"])


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tickets]:
    app = tickets_app(WebhookNotifier(url=Secret("chat")))
    chat = Chat()
    with OpenAIServer(then=models) as server:
        endpoint = server.url.removesuffix("/v1")
        with Tickets(app, tmp_path_factory.mktemp("tickets"), chat, endpoint) as made:
            yield made
    chat.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with browsing() as made:
        yield made


def test_a_ticket_is_answered_after_somebody_approved_in_a_browser(tickets: Tickets, browser: webdriver.Chrome) -> None:
    url = begin(tickets.http)
    link = tickets.link()
    assert tickets.http.get(url).json()["status"] == "running"
    refuses_forgeries(tickets.http, link)
    is_approved_in_a_browser(browser, link)
    was_sent_once(tickets.http, url, link)
    browser.get(link)
    assert "This was approved before" in browser.page_source


def test_a_rejected_answer_is_not_sent(tickets: Tickets) -> None:
    url = begin(tickets.http)
    is_rejected(tickets.http, url, tickets.link())


def test_operators_decide_without_a_link(tickets: Tickets) -> None:
    url = begin(tickets.http)
    link = tickets.link()
    [open_] = tickets.operate(action="list")["approvals"]
    assert open_["message"] == "Send this answer to Noor Haddad?" and open_["to"] == "support-leads"
    assert open_["id"] in link and open_["run"] in url
    assert tickets.operate(action="decide", id=open_["id"], approved=True, by="maria")["status"] == "decided"
    assert over(tickets.http, url)["result"]["status"] == "sent"
    assert tickets.operate(action="list") == {"approvals": []}
    assert tickets.http.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 409


def test_a_cancelled_run_takes_no_decision(tickets: Tickets) -> None:
    url = begin(tickets.http)
    link = tickets.link()
    tickets.cancel(url.rpartition("/")[2])
    assert tickets.http.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 410
    assert over(tickets.http, url)["status"] == "cancelled"


def test_the_history_tells_what_was_done(tickets: Tickets) -> None:
    url = begin(tickets.http)
    assert tickets.http.post(tickets.link(), data={"decision": "reject", "by": "Ada"}).status_code == 200
    over(tickets.http, url)
    run = tickets.run(f"{url.rpartition('/')[2]}?showHistory=true&showHistoryOutput=true")
    told = [(one["EventType"], one.get("FunctionName")) for one in run["historyEvents"]]
    assert told[0] == ("ExecutionStarted", "answer") and told[-1] == ("ExecutionCompleted", None)
    done = {name for kind, name in told if kind == "TaskCompleted"}
    assert {"triage", "search_articles", "load_history", "draft_answer", "skyloom_waits"} <= done
    assert ("EventRaised", None) in told and run["runtimeStatus"] == "Completed"
    purged = tickets.http.delete(
        f"/runtime/webhooks/durabletask/instances/{run['instanceId']}", params={"code": "key-of-durable"}
    )
    assert purged.json() == {"instancesDeleted": 1}
    assert tickets.http.get(url).status_code == 404


def test_a_ticket_that_does_not_fit_starts_nothing(tickets: Tickets) -> None:
    before = tickets.runs()
    refuses_what_does_not_fit(tickets.http)
    assert len(tickets.runs()) == len(before)
