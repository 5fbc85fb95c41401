"""The ticket example as the world outside sees it, whatever the cloud: requests, links that people get, decisions."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from skyloom.flows.app import App, EmailNotifier, Http, Public, WebhookNotifier
from skyloom.flows.frontend import load_file

EXAMPLE = Path(__file__).parents[2] / "examples/ticket_triage"
TICKET = json.loads((EXAMPLE / "tickets/charged_twice.json").read_text())
TRIAGE = {"urgency": "high", "topic": "billing"}
ANSWER = "Both payments of your bank account are booked back today."
"""What the models say of every ticket."""


def tickets_app(told: EmailNotifier | WebhookNotifier) -> App:
    """The example, started by HTTP."""
    flow = load_file(EXAMPLE / "ticket_triage.py").answer
    trigger = Http(flow, "/tickets", Public("the help page's form"))
    return App("tickets", flows=[flow], triggers=[trigger], notify=[told])


def begin(http: httpx.Client, **headers: str) -> str:
    """The address that tells how a new run stands."""
    begun = http.post("/tickets", json=TICKET, headers=headers)
    assert begun.status_code == 202, begun.text
    return str(begun.headers["location"])


def over(http: httpx.Client, url: str) -> dict[str, Any]:
    """How the run of that address ended."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        state: dict[str, Any] = http.get(url).json()
        if state["status"] != "running":
            return state
        time.sleep(0.2)
    raise AssertionError("the run did not end")


def refuses_forgeries(http: httpx.Client, link: str) -> None:
    """A link with another signature shows nothing and takes nothing; a decision needs a name."""
    forged = link[:-2] + ("AA" if link[-2:] != "AA" else "BB")
    assert http.get(forged).status_code == 403
    assert http.post(forged, data={"decision": "approve", "by": "Eve"}).status_code == 403
    assert http.post(link, data={"decision": "approve"}).status_code == 422


def is_approved_in_a_browser(browser: webdriver.Chrome, link: str) -> None:
    """Ada reads the draft and approves it."""
    browser.get(link)
    page = browser.find_element(By.TAG_NAME, "body").text
    assert "Send this answer to Noor Haddad?" in page
    assert "Both payments of your bank account" in page
    browser.find_element(By.NAME, "by").send_keys("Ada")
    browser.find_element(By.NAME, "comment").send_keys("fine")
    browser.find_element(By.XPATH, "//button[@value='approve']").click()
    WebDriverWait(browser, 20).until(lambda one: "You have approved this" in one.page_source)


def was_sent_once(http: httpx.Client, url: str, link: str) -> None:
    """The run ends with the answer, and takes no second decision."""
    state = over(http, url)
    assert (state["status"], state["result"]["status"]) == ("done", "sent"), state
    assert state["result"]["text"] == ANSWER
    for replayed in (http.get(link), http.post(link, data={"decision": "reject", "by": "Eve"})):
        assert replayed.status_code == 409
    assert over(http, url) == state


def is_rejected(http: httpx.Client, url: str, link: str) -> None:
    """Ada rejects the draft: it is not sent."""
    decided = http.post(link, data={"decision": "reject", "by": "Ada", "comment": "too short"})
    assert decided.status_code == 200
    result = over(http, url)["result"]
    assert (result["status"], result["reason"]) == ("rejected", "too short")


def refuses_what_does_not_fit(http: httpx.Client) -> None:
    """A ticket without a customer, a subject and a body is told so."""
    refused = http.post("/tickets", json={"ticket": {"id": "T-1"}})
    assert refused.status_code == 422
    problems = {problem["path"] for problem in refused.json()["problems"]}
    assert problems == {"ticket.customer", "ticket.subject", "ticket.body"}
