"""The ticket example on Azure, from the request to the answer: started by HTTP, approved in a browser through the link
in a chat. The app runs in a functions host, orchestrators through the SDK, requests through its durable client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines.azure_app.at_work import AtWork, until
from engines.azure_app.identity import token_for
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from servers.browser import browsing
from servers.chat import Chat
from servers.model_server import Response
from servers.openai_server import OpenAIServer, Request, answer, failure

from skyloom.flows.app import App, Http, Public, Secret, WebhookNotifier
from skyloom.flows.frontend import load_file

EXAMPLE = Path(__file__).parents[3] / "examples/ticket_triage"
TICKET = json.loads((EXAMPLE / "tickets/charged_twice.json").read_text())


def models(request: Request) -> Response:
    """Every ticket is urgent, and every draft the same; asked with the app's token for models only."""
    if request.headers.get("authorization") != f"Bearer {token_for('https://ai.azure.com')}":
        return failure(401, "no good token")(request)
    if request.schema is not None:
        return answer(json.dumps({"urgency": "high", "topic": "billing"}))(request)
    return answer("Both payments of your bank account are booked back today.")(request)


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

    def begin(self, **headers: str) -> str:
        """The address that tells how a new run stands."""
        begun = self.http.post("/tickets", json=TICKET, headers=headers)
        assert begun.status_code == 202, begun.text
        return str(begun.headers["location"])

    def over(self, url: str) -> dict[str, Any]:
        """How the run of that address ended."""
        until(lambda: self.http.get(url).json()["status"] != "running")
        state: dict[str, Any] = self.http.get(url).json()
        return state


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tickets]:
    flow = load_file(EXAMPLE / "ticket_triage.py").answer
    app = App(
        "tickets",
        flows=[flow],
        triggers=[Http(flow, "/tickets", Public("the help page's form"))],
        notify=[WebhookNotifier(url=Secret("chat"))],
    )
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
    url = tickets.begin()
    link = tickets.link()
    assert tickets.http.get(url).json()["status"] == "running"
    forged = link[:-2] + ("AA" if link[-2:] != "AA" else "BB")
    assert tickets.http.get(forged).status_code == 403
    assert tickets.http.post(forged, data={"decision": "approve", "by": "Eve"}).status_code == 403
    browser.get(link)
    page = browser.find_element(By.TAG_NAME, "body").text
    assert "Send this answer to Noor Haddad?" in page
    assert "Both payments of your bank account" in page
    browser.find_element(By.NAME, "by").send_keys("Ada")
    browser.find_element(By.NAME, "comment").send_keys("fine")
    browser.find_element(By.XPATH, "//button[@value='approve']").click()
    WebDriverWait(browser, 20).until(lambda one: "You have approved this" in one.page_source)
    state = tickets.over(url)
    assert (state["status"], state["result"]["status"]) == ("done", "sent"), state
    assert state["result"]["text"] == "Both payments of your bank account are booked back today."
    for replayed in (tickets.http.get(link), tickets.http.post(link, data={"decision": "reject", "by": "Eve"})):
        assert replayed.status_code == 409
    assert tickets.over(url) == state
    browser.get(link)
    assert "This was approved before" in browser.page_source


def test_a_rejected_answer_is_not_sent(tickets: Tickets) -> None:
    url = tickets.begin()
    decided = tickets.http.post(tickets.link(), data={"decision": "reject", "by": "Ada", "comment": "too short"})
    assert decided.status_code == 200
    result = tickets.over(url)["result"]
    assert (result["status"], result["reason"]) == ("rejected", "too short")


def test_operators_decide_without_a_link(tickets: Tickets) -> None:
    url = tickets.begin()
    link = tickets.link()
    [open_] = tickets.operate(action="list")["approvals"]
    assert open_["message"] == "Send this answer to Noor Haddad?" and open_["to"] == "support-leads"
    assert open_["id"] in link and open_["run"] in url
    assert tickets.operate(action="decide", id=open_["id"], approved=True, by="maria")["status"] == "decided"
    assert tickets.over(url)["result"]["status"] == "sent"
    assert tickets.operate(action="list") == {"approvals": []}
    assert tickets.http.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 409


def test_a_cancelled_run_takes_no_decision(tickets: Tickets) -> None:
    url = tickets.begin()
    link = tickets.link()
    tickets.cancel(url.rpartition("/")[2])
    assert tickets.http.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 410
    assert tickets.over(url)["status"] == "cancelled"


def test_the_history_tells_what_was_done(tickets: Tickets) -> None:
    url = tickets.begin()
    assert tickets.http.post(tickets.link(), data={"decision": "reject", "by": "Ada"}).status_code == 200
    tickets.over(url)
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
    refused = tickets.http.post("/tickets", json={"ticket": {"id": "T-1"}})
    assert refused.status_code == 422
    assert {problem["path"] for problem in refused.json()["problems"]} == {
        "ticket.customer",
        "ticket.subject",
        "ticket.body",
    }
    assert len(tickets.runs()) == len(before)
