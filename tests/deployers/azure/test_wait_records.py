"""The records of what runs on Azure wait for: blobs that one changes at a time."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any

import httpx
import pytest
from clouds.azure_asking import Asking
from engines.azure_app.identity import token_for

from skyloom.deployers.azure.services.blobs import Container
from skyloom.deployers.services.closing import close
from skyloom.deployers.services.objects import Changed
from skyloom.deployers.services.waiting import APPROVALS, NotOpen, Wait, wait_id


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
