"""Every trigger starts its flow in an app that a functions host runs, and the run gives what it gives on one's own
machine."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from engines.azure_app.at_work import AtWork, until

from skyloom.deployers.azure.services.blobs import Container
from skyloom.deployers.azure.services.operate import OPERATORS
from skyloom.deployers.services.starting_once import short_name
from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.values import to_json

APP = load_file(Path(__file__).parents[1] / "aws/triggered.py")

ORDER = {"id": "o-1", "due": "2026-01-31 14:30+02:00", "lines": [{"sku": "ab", "count": 3}, {"sku": "cd", "price": 2}]}
"""With fields left out, a date that is written in another way, an integer for a float."""


def taken(order: dict[str, Any], note: str = "none") -> Any:
    """What the flow gives in a plain call, with the input as `skyloom run` reads it."""
    arguments = launch.prepare(APP.take, {"order": order, "note": note}).arguments
    return to_json(APP.take(APP.Order.model_validate_json(json.dumps(arguments["order"])), note), APP.Taken)


def of_order(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda run: run["name"] == "take" and _arguments(run)["order"]["id"] == name


def _arguments(run: dict[str, Any]) -> Any:
    given = run["input"]
    while isinstance(given, str):
        given = json.loads(given)
    return given


def result(run: dict[str, Any]) -> Any:
    assert run["runtimeStatus"] == "Completed", run
    return json.loads(run["output"])


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AtWork]:
    with AtWork(APP.app, tmp_path_factory.mktemp("triggered")) as made:
        yield made


# --- by HTTP --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "note"),
    [
        ("/orders", ORDER, "none"),
        ("/inputs", {"order": ORDER}, "none"),
        ("/inputs", {"order": ORDER, "note": "!"}, "!"),
    ],
)
def test_a_request_gives_what_the_run_on_ones_own_machine_gives(
    work: AtWork, path: str, body: dict[str, Any], note: str
) -> None:
    begun = work.http.post(path, json=body)
    assert begun.status_code == 202, begun.text
    assert begun.headers["location"] == begun.json()["url"] == f"{path}/{begun.json()['run']}"
    state = until(lambda: _done(work, begun.headers["location"]))
    assert (state["status"], state["result"]) == ("done", taken(ORDER, note)), state
    assert state["result"]["order"]["due"] == "2026-01-31T12:30:00.000000Z"


def _done(work: AtWork, url: str) -> dict[str, Any] | None:
    state: dict[str, Any] = work.http.get(url).json()
    return None if state["status"] == "running" else state


def test_a_request_that_does_not_fit_starts_nothing(work: AtWork) -> None:
    refused = work.http.post("/orders", json={"id": "bad", "due": "soon", "lines": [{"sku": "a"}]})
    assert refused.status_code == 422
    assert refused.json()["problems"] == [
        {"path": "order.due", "message": "must be a date and time such as 2026-01-31T14:30:00Z"},
        {"path": "order.lines[0].sku", "message": "must have at least 2 characters"},
    ]
    assert work.http.post("/orders", content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert not any(of_order("bad")(run) for run in work.runs())


def test_nobody_knows_a_run_that_there_is_not(work: AtWork) -> None:
    assert work.http.get("/orders/00000000-0000-0000-0000-000000000000").status_code == 404
    assert work.http.get("/orders/x").status_code == 404
    assert work.http.get("/nothing").status_code == 404
    # The run of another flow is none of this address.
    other = work.start("file", found={"bucket": "b", "key": "k", "size": 1})
    assert work.result(other) == "k (1 bytes), 2 times"
    assert work.http.get(f"/orders/{other}").status_code == 404


def test_a_key_makes_a_request_that_is_repeated_harmless(work: AtWork) -> None:
    headers = {"Idempotency-Key": "0123456789abcdef"}
    order = ORDER | {"id": "keyed"}
    begun = [work.http.post("/inputs", json={"order": order}, headers=headers) for _ in range(3)]
    assert {one.status_code for one in begun} == {202}
    assert len({one.headers["location"] for one in begun}) == 1
    until(lambda: _done(work, begun[0].headers["location"]))
    # Also when the run has ended: the engine by itself would start another one in its place.
    again = work.http.post("/inputs", json={"order": order}, headers=headers)
    assert again.headers["location"] == begun[0].headers["location"]
    assert len([run for run in work.runs() if of_order("keyed")(run)]) == 1
    other = work.http.post("/inputs", json={"order": order | {"id": "other"}}, headers=headers)
    assert other.status_code == 409
    assert work.http.post("/inputs", json={"order": order}, headers={"Idempotency-Key": "short"}).status_code == 400


def test_of_requests_at_once_with_one_key_one_starts(work: AtWork) -> None:
    headers, order = {"Idempotency-Key": "at-once-0123456789"}, ORDER | {"id": "at-once"}

    def post(_: int) -> httpx.Response:
        return httpx.post(f"{work.host.address}/orders", json=order, headers=headers, timeout=30)

    # The rate of the requests before is over.
    time.sleep(1.5)
    with ThreadPoolExecutor(6) as pool:
        answers = [*pool.map(post, range(6))]
    assert {one.status_code for one in answers} <= {202, 503} and 202 in {one.status_code for one in answers}
    assert all(one.headers["retry-after"] == "2" for one in answers if one.status_code == 503)
    assert work.fresh(of_order("at-once"))["runtimeStatus"] == "Completed"


def test_a_start_that_was_cut_off_is_made_good(work: AtWork) -> None:
    # As if a host had ended between noting the start and starting, a minute ago.
    order = ORDER | {"id": "cut-off"}
    given = launch.prepare(APP.take, {"order": order, "note": "none"}).arguments
    digest = hashlib.sha256(json.dumps(given, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    container, name = Container("starts", work.apis), "0123456789abcdef0123456789abcdef"
    claim = {"input": digest, "execution": "", "at": time.time() - 61}
    container.write(f"starts/take/{short_name(name)}.json", claim)
    assert work.operate(action="start", flow="take", arguments=given, run=name) == {"run": name}
    assert result(work.ended(name)) == taken(order)
    assert work.operate(action="start", flow="take", arguments=given, run=name) == {"run": name}
    assert "another input" in work.operate(action="start", flow="take", arguments={}, run=name)["problem"]
    assert len([run for run in work.runs() if of_order("cut-off")(run)]) == 1


def test_what_is_too_large_is_refused(work: AtWork) -> None:
    order = ORDER | {"id": "x" * 300_000}
    refused = work.http.post("/orders", json=order)
    assert refused.status_code == 413 and "262144 bytes" in refused.json()["message"]
    assert "larger" in work.operate(action="send", event="ordered", payload=order)["problem"]
    assert "problem" in work.operate(action="start", flow="take", arguments={"order": order})


def test_operators_need_the_key_of_the_app(work: AtWork) -> None:
    asked = {"action": "list"}
    assert work.http.post("/skyloom/operate", json=asked).status_code == 401
    assert work.http.post("/skyloom/operate", json=asked, headers={"x-functions-key": "guess"}).status_code == 401
    assert work.operate(**asked) == {"approvals": []}
    assert "problem" in work.operate(action="start", flow="nothing", arguments={})
    assert "problem" in work.operate(action="dance")
    for body in (b"[]", b"no JSON"):
        headers = {"x-functions-key": "key-of-functions"}
        assert work.http.post("/skyloom/operate", content=body, headers=headers).status_code == 400


# --- by messages, events, objects, the clock ------------------------------------------------------------------------


def test_a_message_starts_a_run(work: AtWork) -> None:
    order = ORDER | {"id": "by-queue"}
    work.places.bus.send("orders", json.dumps(order).encode())
    assert result(work.fresh(of_order("by-queue"))) == taken(order)


def test_messages_without_ids_start_a_run_each(work: AtWork) -> None:
    names = [f"nameless-{number}" for number in range(3)]
    for name in names:
        work.places.bus.send("orders", json.dumps(ORDER | {"id": name}).encode())
    assert [result(work.fresh(of_order(name))) for name in names] == [taken(ORDER | {"id": name}) for name in names]


def test_a_message_that_is_delivered_twice_starts_one_run(work: AtWork) -> None:
    body = json.dumps(ORDER | {"id": "twice"}).encode()
    about = {"x-message": json.dumps({"id": "77777", "count": 1, "properties": {}})}
    for _ in range(3):
        assert work.http.post("/tests/queues/orders", content=body, headers=about).status_code == 200
    assert work.fresh(of_order("twice"))["runtimeStatus"] == "Completed"


def test_a_message_that_fits_no_order_ends_in_the_dead_letters(work: AtWork) -> None:
    queue = work.places.bus.queues["orders"]
    for text in (b'{"id": 3}', b"no JSON", b'{"id": NaN}'):
        work.places.bus.send("orders", text)
    until(lambda: len(queue.dead) == 3)
    assert {message.body for message in queue.dead} == {b'{"id": 3}', b"no JSON", b'{"id": NaN}'}
    assert {message.count for message in queue.dead} == {5}
    assert not any(of_order(3)(run) for run in work.runs())  # type: ignore[arg-type]


def test_an_event_starts_a_run_and_another_one_none(work: AtWork) -> None:
    for name, source in (("ordered", "/shop"), ("ordered", "/shop"), ("cancelled", "/shop")):
        order = ORDER | {"id": f"by-{name}"}
        event = {"specversion": "1.0", "id": "e-1", "source": source, "type": name, "data": {"payload": order}}
        work.places.topic.publish(event)
    assert result(work.fresh(of_order("by-ordered"))) == taken(ORDER | {"id": "by-ordered"})
    assert not any(of_order("by-cancelled")(run) for run in work.runs())


def test_an_event_that_an_operator_sends_starts_a_run(work: AtWork) -> None:
    order = ORDER | {"id": "sent"}
    assert "to" in work.operate(action="send", event="ordered", payload=order)
    assert result(work.fresh(of_order("sent"))) == taken(order)
    assert [one["source"] for one in work.places.topic.published if one["type"] == "ordered"][-1] == OPERATORS


def test_a_new_object_starts_a_run_where_its_name_fits(work: AtWork) -> None:
    for key in ("in/a b.pdf", "in/other.txt", "out/c.pdf"):
        work.store("bucket-inbox", key, b"12345")
    run = work.fresh(lambda run: run["name"] == "file" and "in/a" in json.dumps(run["input"]))
    assert result(run) == "in/a b.pdf (5 bytes), 2 times"
    assert _arguments(run)["found"]["bucket"] == f"{work.places.url}/blob/bucket-inbox"


def test_the_clock_starts_a_run(work: AtWork) -> None:
    [(name, _)] = work.http.get("/tests/timers/").json()
    for _ in range(2):
        assert work.http.post(f"/tests/timers/{name}").status_code == 200
    # Two timers in one minute start one run; on the turn of a minute there may be two, each of its own minute.
    found = until(lambda: [run for run in work.runs() if of_order("clock")(run)])
    order = {"id": "clock", "due": "2026-01-31T14:30:00+02:00"}
    assert [result(work.ended(run["instanceId"])) for run in found] == [taken(order)] * len(found)
    minutes = {int(time.time()) // 60 - n for n in range(3)}
    assert 1 <= len(found) <= len(minutes)
