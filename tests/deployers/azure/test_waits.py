"""Runs that wait on Azure: events that come early, late and wrongly; decisions on the page, forged, late and twice."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from engines.azure_app.at_work import AtWork, until
from engines.azure_app.identity import token_for
from servers.chat import Chat

from skyloom.deployers.azure.services.blobs import Container
from skyloom.deployers.azure.services.keys import Keys
from skyloom.deployers.services import links
from skyloom.deployers.services.closing import close
from skyloom.deployers.services.objects import Changed
from skyloom.deployers.services.records import Records
from skyloom.deployers.services.waiting import APPROVALS, NotOpen, Wait, wait_id
from skyloom.flows.app import App
from skyloom.flows.frontend import load_file

APP = load_file(Path(__file__).with_name("asking_app.py"))
OUTSIDE = "/shop"


class Asking(AtWork):
    """The app at work, and the services' own parts looking at the same account."""

    def __init__(self, place: Path) -> None:
        super().__init__(APP.app, place)
        self.records = Records(Container("waits", self.apis))

    def event(self, name: str, data: Any, source: str = OUTSIDE) -> None:
        told = {"specversion": "1.0", "id": f"e-{time.time_ns()}", "source": source, "type": name, "data": data}
        self.places.topic.publish(told)

    def open_waits(self, subject: str) -> list[Wait]:
        return [wait for wait in self.records.unsettled(subject) if wait.state == "open"]

    def waits_for(self, event: str, key: str) -> None:
        until(lambda: self.open_waits(f'event/["{event}","{key}"]'))

    def asked(self, question: str) -> Wait:
        """The open approval with that question, when people have been told."""

        def found() -> Wait | None:
            every = [wait for wait in self.open_waits(APPROVALS) if wait.asked["message"] == question and wait.told]
            return every[0] if every else None

        wait: Wait = until(found)
        return wait

    def link(self, wait: Wait, expires: int | None = None) -> str:
        """The link to an approval, signed with the key of links."""
        key = Keys(f"{self.places.url}/vault/keys/links", self.apis).current()
        return links.link(self.host.address, key, wait.id, wait.expires if expires is None else expires)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with Asking(tmp_path_factory.mktemp("asking")) as made:
        yield made


# --- events ---------------------------------------------------------------------------------------------------------


def test_an_event_goes_to_the_run_that_waits_for_its_key(asking: Asking) -> None:
    one, two = (asking.start("order", number=key) for key in ("a-1", "a-2"))
    asking.waits_for("payment", "a-1")
    asking.event("payment", {"payload": {"amount": 3}, "key": "a-1"})
    assert asking.result(one) == "paid 3"
    assert asking.run(two)["runtimeStatus"] in ("Pending", "Running")
    assert "to" in asking.operate(action="send", event="payment", payload={"amount": 4}, key="a-2", run=two)
    assert asking.result(two) == "paid 4"


def test_an_event_whose_name_is_known_only_at_run_time_is_waited_for(tmp_path: Path) -> None:
    with AtWork(App("naming", flows=[APP.named]), tmp_path) as work:
        run = work.start("named", event="shipped")
        records = Records(Container("waits", work.apis))
        until(lambda: [*records.unsettled('event/["shipped",null]')])
        for source in (OUTSIDE, "/skyloom/naming/dev"):
            told = {"specversion": "1.0", "id": "1", "source": source, "type": "shipped", "data": {"payload": source}}
            work.places.topic.publish(told)
        assert work.result(run) == OUTSIDE


def test_an_event_that_comes_before_its_run_is_kept(asking: Asking) -> None:
    asking.event("payment", {"payload": {"amount": 5}, "key": "early"})
    time.sleep(0.5)
    assert asking.result(asking.start("order", number="early")) == "paid 5"


def test_an_event_that_nobody_ever_waits_for_ends_in_the_dead_letters(asking: Asking) -> None:
    queue, asking.places.bus.earlier = asking.places.bus.queues["skyloom-events"], 100_000.0
    try:
        asking.event("payment", {"payload": {"amount": 5}, "key": "nobody"})
        [dead] = until(lambda: queue.dead)
    finally:
        asking.places.bus.earlier = 0.0
    assert json.loads(dead.body)["data"]["key"] == "nobody"
    # It came back at growing intervals for a day, and then was tried as often as the queue does by itself.
    assert (dead.properties, dead.count) == ({"skyloom-round": "34"}, 10)


def test_an_event_of_another_type_fails_the_step(asking: Asking) -> None:
    url = asking.http.post("/orders", json={"number": "wrong"}).headers["location"]
    asking.waits_for("payment", "wrong")
    asking.event("payment", {"payload": {"amount": "much"}, "key": "wrong"})
    assert asking.ended(url.rpartition("/")[2])["runtimeStatus"] == "Failed"
    state = asking.http.get(url).json()
    assert (state["status"], "result" in state, "ended" in state) == ("failed", False, True)
    assert (state["error"]["type"], state["error"]["message"]) == (
        "TaskFailed", "event payment brought a payload that is not of its type",
    )  # fmt: skip


def test_what_the_app_itself_emits_answers_none_of_its_waits(asking: Asking) -> None:
    run = asking.start("shout", number="own")
    asking.waits_for("payment", "own")
    [emitted] = [one for one in asking.places.topic.published if one.get("data", {}).get("key") == "own"]
    assert (emitted["source"], emitted["data"]["payload"]) == ("/skyloom/asking/dev", {"amount": 9})
    # Also where the subscription lets it through.
    asking.places.bus.send("skyloom-events", json.dumps(emitted).encode())
    time.sleep(0.5)
    assert asking.run(run)["runtimeStatus"] == "Running"
    asking.event("payment", {"payload": {"amount": 1}, "key": "own"})
    assert asking.result(run) == "paid 1"


def test_an_event_that_no_queue_takes_fails_the_step(asking: Asking) -> None:
    assert asking.result(asking.start("loud", words=1000)) == "heard"
    found = asking.ended(asking.start("loud", words=40_000))
    assert found["runtimeStatus"] == "Failed" and "event noise is larger than 190000 bytes" in found["output"]


def test_a_wait_that_is_over_is_closed(asking: Asking) -> None:
    assert asking.result(asking.start("hasty", number="late")) == "late: no event payment within 1 s"
    assert asking.open_waits('event/["payment","late"]') == []


def test_the_first_of_two_events_wins(asking: Asking) -> None:
    run = asking.start("either", number="r-1")
    asking.waits_for("payment", "r-1")
    asking.waits_for("refund", "r-1")
    asking.event("refund", {"payload": {"amount": 7}, "key": "r-1"})
    assert asking.result(run) == 7


def test_large_values_wait_in_blobs_and_results_are_whole(asking: Asking) -> None:
    assert asking.result(asking.start("measured", words=100_000)) == 500_000
    assert [name for container, name in asking.places.blobs.blobs if container == "claims"]
    url = asking.http.post("/books", json={"words": 20_000}).headers["location"]
    until(lambda: asking.http.get(url).json()["status"] != "running")
    assert asking.http.get(url).json()["result"] == "word " * 20_000


# --- decisions ------------------------------------------------------------------------------------------------------


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
    until(lambda: [message for message in queue.messages if message.properties == {"skyloom-round": "2"}])
    chat = Chat()
    asking.places.vault.secrets[name] = chat.address
    posted = chat.posted.get(timeout=30)
    assert (posted["run"], queue.dead) == (run, [])
    chat.close()
    asking.cancel(run)


# --- records --------------------------------------------------------------------------------------------------------


def waiting_record(asking: Asking, run: str, token: str = "wait-1") -> Wait:
    """An approval of no run."""
    now = time.time()
    about: dict[str, Any] = {"subject": APPROVALS, "id": hashlib.sha256(run.encode()).hexdigest()[:32], "token": token}
    about |= {"execution": run, "run": run, "flow": "f", "step": "f/approval"}
    wait = Wait(**about, asked={"message": "?"}, opened=now, deadline=None, expires=int(now) + 60)
    return asking.records.open(wait)


def test_of_two_decisions_one_is_first(asking: Asking) -> None:
    wait = waiting_record(asking, "run-1")
    taken, refused = [], []

    def decide(name: str) -> None:
        try:
            taken.append(asking.records.answer(wait, {"value": name}, time.time()).answer)
        except NotOpen:
            refused.append(name)

    threads = [threading.Thread(target=decide, args=(f"person {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1 and len(refused) == 7
    found = asking.records.get(APPROVALS, wait.id)
    assert found is not None and found.answer == taken[0]
    asking.records.delivered(wait)


def test_a_decision_at_the_last_moment_is_what_closing_answers(asking: Asking) -> None:
    wait = waiting_record(asking, "run-3")
    asking.records.answer(wait, {"value": {"approved": True}}, time.time())
    asked = {"kind": "close", "run": "run-3", "step": "f/approval", "token": "wait-1"}
    assert close(asking.records, asked) == {"answer": None}
    # The id comes from run and step.
    real = asking.records.open(
        Wait(**{**_fields(wait), "id": wait_id("run-3", "f/approval"), "state": "open", "answer": None})
    )
    asking.records.answer(real, {"value": {"approved": True}}, time.time())
    assert close(asking.records, asked | {"token": "wait-2"}) == {"answer": None}
    assert close(asking.records, asked) == {"answer": {"value": {"approved": True}}}
    found = asking.records.get(APPROVALS, real.id)
    assert found is not None and found.delivered
    asking.records.delivered(wait)


def _fields(wait: Wait) -> dict[str, Any]:
    return {name: getattr(wait, name) for name in wait.__dataclass_fields__}


def test_a_decision_that_was_not_handed_over_is_with_the_next_look(asking: Asking) -> None:
    run = asking.start("ask", question="Cut off?")
    wait = asking.asked("Cut off?")
    # As if the page had ended behind writing it down.
    decision = {"approved": True, "comment": "", "by": "Ada", "answer": None}
    asking.records.answer(wait, {"value": decision}, time.time())
    assert httpx.get(asking.link(wait)).status_code == 409
    assert asking.result(run) == "True by Ada: "


def test_an_object_that_somebody_else_changed_is_not_overwritten(asking: Asking) -> None:
    container = Container("starts", asking.apis)
    first = container.write("x y/ä.json", {"number": 1})
    with pytest.raises(Changed):
        container.write("x y/ä.json", {"number": 2})
    second = container.write("x y/ä.json", {"number": 2, "word": "ä"}, before=first, marks={"settled": "yes"})
    with pytest.raises(Changed):
        container.write("x y/ä.json", {"number": 3}, before=first)
    found = container.read("x y/ä.json")
    assert found is not None and (found.document, found.generation) == ({"number": 2, "word": "ä"}, second)
    assert container.read("nothing") is None
    for number in range(120):
        container.write(f"many/{number}.json", {}, marks={"settled": "no"})
    assert sorted(container.listed("many/")) == sorted((f"many/{n}.json", {"settled": "no"}) for n in range(120))
    assert list(container.listed("x y/")) == [("x y/ä.json", {"settled": "yes"})]


def test_strangers_reach_none_of_the_services(asking: Asking) -> None:
    addresses = ("blob/waits?restype=container&comp=list", "vault/keys/links/versions?api-version=7.4")
    for address in addresses:
        assert httpx.get(f"{asking.places.url}/{address}").status_code == 401
        token = {"Authorization": f"Bearer {token_for('https://management.azure.com')}"}
        assert httpx.get(f"{asking.places.url}/{address}", headers=token).status_code == 401
    assert asking.http.get("/runtime/webhooks/durabletask/instances").status_code == 401
