"""Every trigger starts its flow on a deployed app, and the run gives what it gives on one's own machine."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from engines.gcp_account.account import GoogleProject

from skyloom.deployers.base import CloudRun
from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.deployer import GcpDeployer
from skyloom.deployers.gcp.functions import FunctionSettings
from skyloom.flows.app import Environment
from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.values import to_json

APP = load_file(Path(__file__).parents[1] / "aws/triggered.py")
HERE = FunctionSettings(python=f"3.{sys.version_info.minor}", pinned=False)

ORDER = {"id": "o-1", "due": "2026-01-31 14:30+02:00", "lines": [{"sku": "ab", "count": 3}, {"sku": "cd", "price": 2}]}
"""With fields left out, a date that is written in another way, an integer for a float."""


class Triggered:
    """The deployed app, as the world outside sees it."""

    def __init__(self, project: GoogleProject, deployer: GcpDeployer) -> None:
        self.project, self.deployer = project, deployer
        self.outputs = dict(deployer.status().outputs)
        self.http = httpx.Client(base_url=self.outputs["api_url"], verify=False, timeout=60)

    def fresh(self, wanted: Callable[[CloudRun], bool]) -> CloudRun:
        """The only run that fits, when it has ended."""
        found: list[CloudRun] = until(lambda: [run for run in self._ended() if wanted(run)])
        assert len(found) == 1, found
        return found[0]

    def _ended(self) -> list[CloudRun]:
        return [self.deployer.run(run.id) for run in self.deployer.runs(50) if run.status != "running"]

    def publish(self, topic: str, data: Any, **attributes: str) -> str:
        """Publishes a message: its id."""
        [name] = [name for name in self.project.inventory()["topics"] if f"-{topic}" in name]
        text = data if isinstance(data, str) else json.dumps(data)
        message = {"data": base64.b64encode(text.encode()).decode(), "attributes": attributes}
        answer = self.project.http.post(f"/v1/{name}:publish", json={"messages": [message]})
        return str(answer.raise_for_status().json()["messageIds"][0])

    def token(self, **claims: Any) -> dict[str, str]:
        """A token with these claims, as a header. The local gateway looks at claims and at no signature."""
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return {"Authorization": f"Bearer head.{body}.signature"}


def until(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def taken(order: dict[str, Any], note: str = "none") -> Any:
    """What the flow gives in a plain call, with the input as `skyloom run` reads it."""
    arguments = launch.prepare(APP.take, {"order": order, "note": note}).arguments
    return to_json(APP.take(APP.Order.model_validate_json(json.dumps(arguments["order"])), note), APP.Taken)


def of_order(name: str) -> Callable[[CloudRun], bool]:
    return lambda run: run.flow == "take" and run.input["order"]["id"] == name


@pytest.fixture(scope="module")
def triggered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triggered]:
    with pytest.MonkeyPatch.context() as patch:
        project = GoogleProject(tmp_path_factory.mktemp("triggered"))
        for name, value in project.variables.items():
            patch.setenv(name, value)
        deployer = GcpDeployer(APP.app.name, "dev", Environment())
        for _ in deployer.apply(deployer.plan(compile_app(APP.app, "dev", HERE).bundle)):
            pass
        yield Triggered(project, GcpDeployer(APP.app.name, "dev", Environment()))
        project.close()


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
    triggered: Triggered, path: str, body: dict[str, Any], note: str
) -> None:
    begun = triggered.http.post(path, json=body)
    assert begun.status_code == 202, begun.text
    state = until(lambda: _done(triggered, begun.headers["location"]))
    assert (state["status"], state["result"]) == ("done", taken(ORDER, note)), state
    assert state["result"]["order"]["due"] == "2026-01-31T12:30:00.000000Z"


def _done(triggered: Triggered, url: str) -> dict[str, Any] | None:
    state: dict[str, Any] = triggered.http.get(url).json()
    return None if state["status"] == "running" else state


def test_a_request_that_does_not_fit_starts_nothing(triggered: Triggered) -> None:
    refused = triggered.http.post("/orders", json={"id": "bad", "due": "soon", "lines": [{"sku": "a"}]})
    assert refused.status_code == 422
    assert refused.json()["problems"] == [
        {"path": "order.due", "message": "must be a date and time such as 2026-01-31T14:30:00Z"},
        {"path": "order.lines[0].sku", "message": "must have at least 2 characters"},
    ]


def test_nobody_knows_a_run_that_there_is_not(triggered: Triggered) -> None:
    assert triggered.http.get("/orders/00000000-0000-0000-0000-000000000000").status_code == 404
    assert triggered.http.get("/orders/x").status_code == 404
    assert triggered.http.get("/nothing").status_code == 404


def test_without_a_good_token_nothing_starts(triggered: Triggered) -> None:
    good = {"iss": "https://login.example.com/", "aud": "shop", "exp": time.time() + 60}
    wrong = [{}, triggered.token(**good | {"iss": "https://else.example.com/"})]
    wrong += [triggered.token(**good | {"aud": "bank"}), triggered.token(**good | {"exp": time.time() - 60})]
    for headers in wrong:
        assert triggered.http.post("/tokens", json=ORDER | {"id": "thief"}, headers=headers).status_code in (401, 403)
    assert not any(of_order("thief")(triggered.deployer.run(run.id)) for run in triggered.deployer.runs(50))
    begun = triggered.http.post("/tokens", json=ORDER | {"id": "by-token"}, headers=triggered.token(**good))
    assert begun.status_code == 202, begun.text
    assert triggered.fresh(of_order("by-token")).status == "done"


def test_callers_of_google_s_iam_call_the_function_itself(triggered: Triggered) -> None:
    assert triggered.http.post("/signed", json=ORDER).status_code == 404
    address = triggered.outputs["iam_api_url"]
    order = ORDER | {"id": "by-iam"}
    assert httpx.post(f"{address}/signed", json=order).status_code == 401
    eve = triggered.project.token("eve@example.com", address)
    refused = httpx.post(f"{address}/signed", json=order, headers={"Authorization": f"Bearer {eve}"})
    assert refused.status_code == 403
    user = triggered.project.token("tests@example.com", address)
    begun = httpx.post(f"{address}/signed", json=order, headers={"Authorization": f"Bearer {user}"})
    assert begun.status_code == 202, begun.text
    assert triggered.fresh(of_order("by-iam")).status == "done"


# --- by messages, events, objects, the clock ------------------------------------------------------------------------


def test_a_message_starts_a_run(triggered: Triggered) -> None:
    order = ORDER | {"id": "by-queue"}
    triggered.publish("queue-orders", order)
    run = triggered.fresh(of_order("by-queue"))
    assert (run.status, run.result) == ("done", taken(order))


def test_a_message_that_is_delivered_twice_starts_one_run(triggered: Triggered) -> None:
    [name] = [one for one in triggered.project.inventory()["functions"] if "start-take-ab67a5" in one]
    address = triggered.project.http.get(f"/tests/functions/{name}").json()
    user = {"Authorization": f"Bearer {triggered.project.token('tests@example.com', address)}"}
    data = base64.b64encode(json.dumps(ORDER | {"id": "twice"}).encode()).decode()
    pushed = {"message": {"messageId": "77777", "data": data, "attributes": {}}, "subscription": "s"}
    for _ in range(3):
        assert httpx.post(address, json=pushed, headers=user, timeout=30).status_code == 200
    assert triggered.fresh(of_order("twice")).status == "done"


def test_a_message_that_fits_no_order_ends_in_the_dead_letters(triggered: Triggered) -> None:
    for text in ('{"id": 3}', "no JSON"):
        triggered.publish("queue-orders", text)

    def both_dead() -> bool:
        dead = {
            base64.b64decode(message["data"]) for topic, message in triggered.project.published() if "dead" in topic
        }
        return {b'{"id": 3}', b"no JSON"} <= dead

    until(both_dead)
    runs = [run.id for run in triggered.deployer.runs(50) if run.flow == "take"]
    assert not any(run.input["order"]["id"] == 3 for run in map(triggered.deployer.run, runs))


def test_an_event_starts_a_run_and_another_one_none(triggered: Triggered) -> None:
    triggered.publish("events", {"payload": ORDER | {"id": "other"}}, event="cancelled")
    order = ORDER | {"id": "by-event"}
    triggered.publish("events", {"payload": order}, event="ordered")
    run = triggered.fresh(of_order("by-event"))
    assert (run.status, run.result) == ("done", taken(order))
    assert not any(of_order("other")(triggered.deployer.run(run.id)) for run in triggered.deployer.runs(50))


def test_a_new_object_starts_a_run_where_its_name_fits(triggered: Triggered) -> None:
    [bucket] = [name for name in triggered.project.inventory()["buckets"] if "inbox" in name]
    for key in ("in/a b.pdf", "in/other.txt", "out/c.pdf"):
        query = {"uploadType": "media", "name": key}
        triggered.project.http.post(f"/upload/storage/v1/b/{bucket}/o", params=query, content=b"12345")
    run = triggered.fresh(lambda run: run.flow == "file")
    assert (run.status, run.result) == ("done", "in/a b.pdf (5 bytes), 2 times")


def test_the_clock_starts_a_run(triggered: Triggered) -> None:
    [job] = triggered.project.http.get("/tests/schedules").json()
    triggered.project.http.post(f"/tests/schedules/{job}").raise_for_status()
    run = triggered.fresh(of_order("clock"))
    order = {"id": "clock", "due": "2026-01-31T14:30:00+02:00"}
    assert (run.status, run.result) == ("done", taken(order))
