"""The ticket example on Google Cloud, from the request to the answer: started by HTTP, approved in a browser through
the link in a chat."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from clouds.tickets import (
    ANSWER,
    TICKET,
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
from engines.gcp_account.account import GoogleProject
from selenium import webdriver
from servers.browser import browsing
from servers.chat import Chat
from servers.model_server import Response
from servers.vertex_server import Request, VertexServer, answer

from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.deployer import GcpDeployer
from skyloom.deployers.gcp.functions import FunctionSettings
from skyloom.deployers.services import links
from skyloom.flows.app import Environment, Secret, WebhookNotifier

HERE = FunctionSettings(python=f"3.{sys.version_info.minor}", pinned=False)


def models(request: Request) -> Response:
    """Every ticket is urgent, and every draft the same."""
    if request.schema is not None:
        return answer(json.dumps(TRIAGE))(request)
    return answer(ANSWER)(request)


class Tickets:
    """The deployed app, as the world outside sees it."""

    def __init__(self, project: GoogleProject, deployer: GcpDeployer, chat: Chat) -> None:
        self.project, self.deployer, self._chat = project, deployer, chat
        self.http = httpx.Client(base_url=deployer.status().outputs["api_url"], verify=False, timeout=60)

    def link(self) -> str:
        """The link in the next notification."""
        return str(self._chat.posted.get(timeout=60)["url"])


@pytest.fixture(scope="module")
def tickets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tickets]:
    app = tickets_app(WebhookNotifier(url=Secret("chat")))
    with pytest.MonkeyPatch.context() as patch, VertexServer(then=models) as vertex:
        project, chat = GoogleProject(tmp_path_factory.mktemp("tickets"), models=vertex.url), Chat()
        for name, value in project.variables.items():
            patch.setenv(name, value)
        deployer = GcpDeployer(app.name, "dev", Environment())
        for _ in deployer.apply(deployer.plan(compile_app(app, "dev", HERE).bundle)):
            pass
        [secret] = project.inventory()["secrets"]
        project.secret(secret, chat.address)
        made = Tickets(project, GcpDeployer(app.name, "dev", Environment()), chat)
        yield made
        made.http.close()
        remover = GcpDeployer(app.name, "dev", Environment())
        for _ in remover.apply(remover.removal(delete_data=True)):
            pass
        # A key ring can never be deleted.
        assert {*project.inventory()} <= {"google_kms_key_ring"}
        project.close()
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


def test_a_rejected_answer_is_not_sent(tickets: Tickets) -> None:
    url = begin(tickets.http)
    is_rejected(tickets.http, url, tickets.link())


def test_operators_decide_without_a_link(tickets: Tickets) -> None:
    url = begin(tickets.http)
    link = tickets.link()
    [open_] = tickets.deployer.approvals()
    assert open_.message == "Send this answer to Noor Haddad?" and open_.to == "support-leads"
    assert open_.id in link and open_.run == tickets.deployer.runs(1)[0].id
    assert tickets.deployer.decide(open_.id, approved=True, comment="", by="maria", form=None) == "decided"
    assert over(tickets.http, url)["result"]["status"] == "sent"
    assert tickets.deployer.approvals() == []
    assert tickets.http.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 409


def test_an_expired_link_is_refused(tickets: Tickets) -> None:
    url = begin(tickets.http)
    link = tickets.link()
    path, _, query = link.partition("?")
    [version] = tickets.project.inventory()["keys"]
    asked = {"data": base64.b64encode(b"skyloom links 1").decode()}
    mac = tickets.project.http.post(f"/v1/{version}:macSign", json=asked).json()["mac"]
    key, wait = base64.b64decode(mac), path.rpartition("/")[2]
    assert parse_qs(query)["s"] == [links.signature(key, wait, int(parse_qs(query)["e"][0]))]
    host = f"https://{urlsplit(link).netloc}"
    expired = links.link(host, key, wait, int(time.time()) - 1)
    assert tickets.http.get(expired).status_code == 410
    assert tickets.http.post(expired, data={"decision": "approve", "by": "Ada"}).status_code == 410
    run = tickets.deployer.runs(1)[0]
    tickets.deployer.cancel(run)
    # The run is over: the page says so, and takes nothing.
    assert tickets.http.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 410
    assert over(tickets.http, url)["status"] == "cancelled"


def test_a_request_that_is_repeated_with_its_key_starts_one_run(tickets: Tickets) -> None:
    first, second = (begin(tickets.http, **{"Idempotency-Key": "0123456789abcdef"}) for _ in range(2))
    assert first == second
    tickets.http.post(tickets.link(), data={"decision": "reject", "by": "Ada"})
    assert over(tickets.http, first)["result"]["status"] == "rejected"
    other = tickets.http.post(
        "/tickets", json={"ticket": {**TICKET["ticket"], "id": "T-2"}}, headers={"Idempotency-Key": "0123456789abcdef"}
    )
    assert other.status_code == 409


def test_a_ticket_that_does_not_fit_starts_nothing(tickets: Tickets) -> None:
    before = len(tickets.deployer.runs(100))
    refuses_what_does_not_fit(tickets.http)
    assert len(tickets.deployer.runs(100)) == before


def test_functions_are_not_for_everybody(tickets: Tickets) -> None:
    for name in ("api", "decide", "waits", "tasks"):
        [found] = [one for one in tickets.project.inventory()["functions"] if one.endswith(f"-{name}")]
        address = tickets.project.http.get(f"/tests/functions/{found}").json()
        assert httpx.post(address, json={}).status_code == 401
        stranger = {"Authorization": f"Bearer {tickets.project.token('eve@example.com', address)}"}
        assert httpx.post(address, json={}, headers=stranger).status_code in (401, 403)
