"""Decisions on Azure: on the page, forged, late and twice; by operators; and who is told of questions."""

from __future__ import annotations

import hashlib
import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
from clouds.azure_asking import Asking
from engines.azure_app.at_work import until
from servers.chat import Chat

from skyloom.deployers.services import links
from skyloom.deployers.services.waiting import APPROVALS


def test_a_decision_on_the_page_counts_once(asking: Asking) -> None:
    run = asking.start("ask", question="Send it?")
    wait = asking.asked("Send it?")
    link = asking.link(wait)
    page = httpx.get(link)
    assert page.status_code == 200 and "Send it?" in page.text and "0.5" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8" and "default-src 'none'" in str(page.headers)
    assert [httpx.get(link).status_code for _ in range(2)] == [200, 200]
    assert httpx.post(link, data={"decision": "approve"}).status_code == 422
    answer = httpx.post(link, data={"decision": "approve", "by": "Ada", "comment": "fine"})
    assert answer.status_code == 200 and "You have approved this" in answer.text
    assert asking.result(run) == "True by Ada: fine"
    for again in (httpx.get(link), httpx.post(link, data={"decision": "reject", "by": "Eve"})):
        assert again.status_code == 409 and "approved by Ada" in again.text


def test_a_forged_or_altered_link_is_refused(asking: Asking) -> None:
    run = asking.start("ask", question="Forged?")
    wait = asking.asked("Forged?")
    link = asking.link(wait)
    signed = parse_qs(urlsplit(link).query)["s"][0]
    wrong = [
        link.replace(signed, ("A" if signed[0] != "A" else "B") + signed[1:]),
        link.replace(f"e={wait.expires}", f"e={wait.expires + 60}"),
        link.replace(f"e={wait.expires}", f"e=0{wait.expires}"),
        link.replace(wait.id, hashlib.sha256(b"other").hexdigest()[:32]),
        link.partition("?")[0],
        links.link(asking.host.address, b"a key of our own", wait.id, wait.expires),
    ]
    for forged in wrong:
        assert httpx.get(forged).status_code == 403, forged
        assert httpx.post(forged, data={"decision": "approve", "by": "Eve"}).status_code == 403, forged
    assert asking.run(run)["runtimeStatus"] == "Running"
    assert httpx.post(link, data={"decision": "reject", "by": "Ada", "comment": "no"}).status_code == 200
    assert asking.result(run) == "False by Ada: no"


def test_a_link_ends_and_one_of_before_is_replaced(asking: Asking) -> None:
    run = asking.start("ask", question="Expired?")
    wait = asking.asked("Expired?")
    expired, other = asking.link(wait, int(time.time()) - 1), asking.link(wait, wait.expires + 5)
    for link in (expired, other):
        assert httpx.get(link).status_code == 410
        assert httpx.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 410
    asking.cancel(run)
    # The run is over: the page says so, and takes nothing.
    assert httpx.post(asking.link(wait), data={"decision": "approve", "by": "Ada"}).status_code == 410
    found = asking.records.get(APPROVALS, wait.id)
    assert found is not None and found.state == "abandoned"


def test_links_stay_good_when_the_vault_renews_its_key_once(asking: Asking) -> None:
    run = asking.start("ask", question="Renewed?")
    link = asking.link(asking.asked("Renewed?"))
    asking.places.vault.rotate()
    fresh = asking.link(asking.asked("Renewed?"))
    assert fresh != link
    # The page asks for new keys when it does not know one, but not for each forged link.
    until(lambda: httpx.get(fresh).status_code == 200, 15)
    assert httpx.get(link).status_code == 200
    assert httpx.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 200
    assert asking.result(run) == "True by Ada: "
    # It has asked the vault to sign once for each version, and not for each look; the tests have asked themselves.
    before = asking.places.vault.signed
    assert [httpx.get(link).status_code for _ in range(3)] == [409] * 3
    assert asking.places.vault.signed == before


def test_a_question_outlives_the_host(asking: Asking) -> None:
    run = asking.start("ask", question="Later?")
    link = asking.link(asking.asked("Later?"))
    asking.restart()
    assert httpx.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 200
    assert asking.result(run) == "True by Ada: "


def test_a_form_that_does_not_fit_decides_nothing(asking: Asking) -> None:
    run = asking.start("refund", customer="Noor")
    link = asking.link(asking.asked("Refund Noor?"))
    chosen = {"decision": "approve", "by": "Ada", "answer.speed": "1"}
    for amount in ("", "much", "-1"):
        refused = httpx.post(link, data={**chosen, "answer.amount": amount})
        assert refused.status_code == 422, refused.text
        assert re.search(r"answer\.amount[^>]* aria-invalid=true", refused.text)
    assert httpx.post(link, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 400
    assert asking.run(run)["runtimeStatus"] == "Running"
    assert httpx.post(link, data={**chosen, "answer.amount": "12.5"}).status_code == 200
    assert asking.result(run) == "12.50 fast"


def test_an_approval_that_nobody_decides_is_closed(asking: Asking) -> None:
    run = asking.start("unasked", question="Go?")
    wait = asking.asked("Go?")
    assert asking.result(run) == "late: nobody decided within 1 s: Go?"
    assert httpx.post(asking.link(wait), data={"decision": "approve", "by": "Ada"}).status_code == 410
    told = asking.operate(action="decide", id=wait.id, approved=True)
    assert told["status"] == "answered" and "abandoned" in told["message"]


def test_operators_list_and_decide(asking: Asking) -> None:
    run = asking.start("ask", question="Operators?")
    wait = asking.asked("Operators?")
    [entry] = [one for one in asking.operate(action="list")["approvals"] if one["message"] == "Operators?"]
    assert (entry["id"], entry["run"], entry["flow"], entry["to"]) == (wait.id, run, "ask", "leads")
    assert asking.operate(action="decide", id="0" * 32, approved=True)["status"] == "unknown"
    decided = {"action": "decide", "id": wait.id, "approved": False, "comment": "later", "by": "maria"}
    assert asking.operate(**decided | {"answer": {"amount": 1}})["status"] == "invalid"
    assert asking.operate(**decided)["status"] == "decided"
    assert asking.operate(**decided)["status"] == "answered"
    assert asking.result(run) == "False by maria: later"


def test_questions_of_a_map_are_decided_one_by_one(asking: Asking) -> None:
    run = asking.start("all_of", questions=["first?", "second?", "third?"])
    waits = [asking.asked(question) for question in ("third?", "first?", "second?")]
    assert {wait.run for wait in waits} == {run}
    for n, wait in enumerate(waits):
        assert httpx.post(asking.link(wait), data={"decision": "approve", "by": f"p{n}"}).status_code == 200
    assert asking.result(run) == ["True by p1: ", "True by p2: ", "True by p0: "]


# --- notices --------------------------------------------------------------------------------------------------------


def test_those_of_the_audience_are_told_and_otherwise_everybody_else(asking: Asking) -> None:
    chat = Chat()
    [name] = asking.secrets
    asking.places.vault.secrets[name] = chat.address
    by_mail, by_web = asking.start("ask", question="By mail?"), asking.start("refund", customer="Web")
    [mail] = until(lambda: [one for one in asking.places.mails if "By mail?" in one["content"]["subject"]])
    posted = [chat.posted.get(timeout=30)]
    while posted[-1]["run"] != by_web:
        posted.append(chat.posted.get(timeout=30))
    time.sleep(0.3)
    posted += [chat.posted.get_nowait() for _ in range(chat.posted.qsize())]
    chat.close()
    assert mail["recipients"] == {"to": [{"address": "leads@example.com"}]}
    assert mail["senderAddress"] == "DoNotReply@tests.azurecomm.net"
    [link] = re.findall(r"http://\S+/approvals/\S+", mail["content"]["plainText"])
    assert [(one["url"] != link, one["app"], one["run"]) for one in posted if one["run"] == by_web] == [
        (True, "asking", by_web)
    ]
    assert by_mail not in [one["run"] for one in posted]
    for url in (link, *(one["url"] for one in posted if one["run"] == by_web)):
        assert httpx.get(url).status_code == 200
    assert httpx.post(link, data={"decision": "approve", "by": "Ada"}).status_code == 200
    assert asking.result(by_mail) == "True by Ada: "
    asking.cancel(by_web)


def test_a_notice_that_is_not_taken_comes_back(asking: Asking) -> None:
    [name] = asking.secrets
    asking.places.vault.secrets[name] = "http://127.0.0.1:9/nobody"
    run = asking.start("refund", customer="Late")
    queue = asking.places.bus.queues["skyloom-notices"]
    # It waits for its next round, and is neither lost nor among the dead letters.
    until(lambda: [message for message in queue.messages if int(message.properties.get("skyloom-round", "1")) > 1])
    chat = Chat()
    asking.places.vault.secrets[name] = chat.address
    posted = chat.posted.get(timeout=30)
    assert (posted["run"], queue.dead) == (run, [])
    chat.close()
    asking.cancel(run)
