"""Runs that wait for events on Azure: events that come early, late and wrongly, and from the app itself."""

from __future__ import annotations

import json
import time
from pathlib import Path

from clouds.azure_asking import APP, OUTSIDE, Asking
from engines.azure_app.at_work import AtWork, until

from skyloom.deployers.azure.services.blobs import Container
from skyloom.deployers.services.records import Records
from skyloom.flows.app import App


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
