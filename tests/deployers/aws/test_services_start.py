"""Runs are started by HTTP, by messages and by events: once each, and only with input that fits."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from servers.http_api import HttpApi

from skyloom.deployers.aws.services import api, start
from skyloom.deployers.aws.services.gateway import event_of, request_of
from skyloom.deployers.aws.services.machines import Machines
from skyloom.deployers.services.api import Api
from skyloom.deployers.services.starting import RunState, Start, TooLarge

ORDER = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "count": {"type": "integer", "default": 1}},
    "required": ["id"],
}
INPUT = {"type": "object", "properties": {"order": ORDER}, "required": ["order"], "additionalProperties": False}
ECHO = {
    "QueryLanguage": "JSONata",
    "StartAt": "Sort",
    "States": {
        "Sort": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% $states.input.order.id = 'bad' %}", "Next": "Refuse"},
                {"Condition": "{% $states.input.order.id = 'slow' %}", "Next": "Dawdle"},
            ],
            "Default": "Done",
        },
        "Refuse": {
            "Type": "Fail",
            "Error": "OutOfStock",
            "Cause": '{"type": "OutOfStock", "bases": ["Exception"], "message": "none left"}',
        },
        "Dawdle": {"Type": "Wait", "Seconds": 60, "Next": "Done"},
        "Done": {"Type": "Pass", "End": True},
    },
}
FILLED = {"order": {"id": "a", "count": 1}}


class Shop:
    """A flow that can be started, and the services that start it."""

    def __init__(self, account: Any) -> None:
        self.account = account
        self.machine = account.machine(ECHO)
        self.start = Start(flow="order", schema=INPUT)
        self.taking = Start(flow="order", schema=INPUT, parameter="order")
        self.starting = Machines(account.states, {"order": self.machine})
        service = Api(self.starting, {"POST /orders": self.start, "POST /shop/order": self.taking})
        routes = ("POST /orders", "GET /orders/{run}", "POST /shop/order", "GET /shop/order/{run}")
        self.api = HttpApi(dict.fromkeys(routes, lambda event: event_of(service.respond(request_of(event)))))
        self.http = httpx.Client(base_url=self.api.url, timeout=30)

    def close(self) -> None:
        self.http.close()
        self.api.close()

    def post(self, value: Any, path: str = "/orders", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): header for name, header in headers.items()}
        return self.http.post(path, json=value, headers=named)

    def ended(self, url: str) -> dict[str, Any]:
        found: dict[str, Any] = self.account.until(lambda: self._ended(url))
        return found

    def _ended(self, url: str) -> dict[str, Any] | None:
        state: dict[str, Any] = self.http.get(url).json()
        return None if state["status"] == "running" else state

    def runs(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.account.states.list_executions(stateMachineArn=self.machine)["executions"]
        return found

    def input_of(self, run: str) -> Any:
        arn = f"{self.machine.replace(':stateMachine:', ':execution:')}:{run}"
        return json.loads(self.account.states.describe_execution(executionArn=arn)["input"])


@pytest.fixture
def shop(account: Any) -> Iterator[Shop]:
    made = Shop(account)
    yield made
    made.close()


# --- by HTTP --------------------------------------------------------------------------------------------------------


def test_a_run_is_started_and_followed_to_its_result(shop: Shop) -> None:
    answer = shop.post({"order": {"id": "a"}})
    assert answer.status_code == 202
    begun = answer.json()
    assert answer.headers["location"] == begun["url"] == f"/orders/{begun['run']}"
    assert begun["status"] == "running"
    ended = shop.ended(begun["url"])
    assert (ended["run"], ended["status"], ended["result"]) == (begun["run"], "done", FILLED)
    assert ended["started"].endswith("Z") and ended["ended"] >= ended["started"]


def test_the_body_may_be_one_argument(shop: Shop) -> None:
    url = shop.post({"id": "a"}, "/shop/order").json()["url"]
    assert url.startswith("/shop/order/")
    assert shop.ended(url)["result"] == FILLED


def test_a_run_that_failed_tells_the_flows_own_error(shop: Shop) -> None:
    ended = shop.ended(shop.post({"order": {"id": "bad"}}).json()["url"])
    assert ended["status"] == "failed"
    assert ended["error"] == {"type": "OutOfStock", "bases": ["Exception"], "message": "none left"}


def test_a_run_that_was_stopped(shop: Shop) -> None:
    begun = shop.post({"order": {"id": "slow"}}).json()
    assert shop.http.get(begun["url"]).json()["status"] == "running"
    shop.account.states.stop_execution(executionArn=shop.starting.execution("order", begun["run"]))
    assert shop.ended(begun["url"])["status"] == "cancelled"


@pytest.mark.parametrize(
    ("body", "kind", "status", "message"),
    [
        (b"{", "application/json", 400, "no JSON"),
        (b'{"order": NaN}', "application/json", 400, "NaN is no JSON number"),
        (b"[" * 100_000, "application/json", 400, "nested too deeply"),
        (b"\xff", "application/json", 400, "no JSON"),
        (b"order=1", "application/x-www-form-urlencoded", 415, "must be application/json"),
        (json.dumps({"order": {"id": "x" * 300_000}}).encode(), "application/json", 413, "larger than 262144 bytes"),
    ],
)
def test_what_cannot_be_taken_starts_nothing(shop: Shop, body: bytes, kind: str, status: int, message: str) -> None:
    answer = shop.http.post("/orders", content=body, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert message in answer.json()["message"]
    assert shop.runs() == []


def test_input_that_does_not_fit_is_told_place_by_place(shop: Shop) -> None:
    answer = shop.post({"order": {"count": "x"}, "odd": 1})
    assert answer.status_code == 422
    assert answer.json() == {
        "message": "the input does not fit flow order",
        "problems": [
            {"path": "order.id", "message": "is missing"},
            {"path": "order.count", "message": "must be a whole number"},
            {"path": "odd", "message": "is not expected"},
        ],
    }
    assert shop.runs() == []


def test_the_same_key_means_the_same_run(shop: Shop) -> None:
    key = uuid.uuid4().hex
    first = shop.post({"order": {"id": "a"}}, Idempotency_Key=key)
    shop.ended(first.json()["url"])
    again = shop.post({"order": {"id": "a"}}, Idempotency_Key=key)
    assert (again.status_code, again.json()) == (202, first.json())
    assert key not in first.json()["run"]
    assert len(shop.runs()) == 1
    assert shop.post({"order": {"id": "b"}}, Idempotency_Key=key).status_code == 409
    assert shop.post({"order": {"id": "a"}}, Idempotency_Key="short").status_code == 400
    assert shop.post({"id": "a"}, "/shop/order", Idempotency_Key=key).json()["run"] != first.json()["run"]


@pytest.mark.parametrize("run", ["x", "0" * 32, str(uuid.UUID(int=0)), "..%2f..", "0" * 32 + "%0a", "a:b"])
def test_there_is_no_such_run(shop: Shop, run: str) -> None:
    answer = shop.http.get(f"/orders/{run}")
    assert (answer.status_code, answer.json()) == (404, {"message": "no such run"})


def test_an_express_machine_answers_at_once(shop: Shop) -> None:
    service = Api(Sync(shop.starting), {"POST /orders": Start(flow="order", schema=INPUT, at_once=True)})
    for name, status in (("a", 200), ("bad", 500)):
        event = {"routeKey": "POST /orders", "rawPath": "/orders", "requestContext": {"http": {"method": "POST"}}}
        answer = service.respond(request_of(event | {"body": json.dumps({"order": {"id": name}})}))
        assert answer.status == status
        assert json.loads(answer.body)["status"] == ("done" if status == 200 else "failed")


class Sync(Machines):
    """Runs a machine to its end: the engine of the tests has no Express machines that answer."""

    def __init__(self, starting: Machines) -> None:
        self.starting = starting

    def finish(self, flow: str, given: Any, name: str) -> RunState:
        self.starting.start(flow, given, name)
        while True:
            found = self.starting.state(flow, name)
            if found is not None and found.status != "running":
                return found


# --- by messages and events -----------------------------------------------------------------------------------------


@pytest.fixture
def deployed(shop: Shop, deployed_in: pytest.MonkeyPatch) -> Iterator[Shop]:
    """The functions as they are deployed: with their settings in the environment and the package."""
    settings = {
        "SKYLOOM_MACHINES": json.dumps({"order": shop.machine}),
        "SKYLOOM_TRIGGER": "orders",
    }
    for name, value in settings.items():
        deployed_in.setenv(name, value)
    deployed_in.setattr(start, "read_starts", lambda: {"orders": shop.taking})
    deployed_in.setattr(api, "read_starts", lambda: {"POST /orders": shop.start})
    start._settings.cache_clear()
    api._api.cache_clear()
    yield shop
    start._settings.cache_clear()
    api._api.cache_clear()


def records(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": f"m-{number}", "body": body} for number, body in enumerate(bodies)]}


def test_every_message_starts_its_run_and_the_bad_ones_go_back(
    deployed: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = start.handler(records('{"id": "a"}', "{", '{"count": 1}', '{"id": "b", "count": 2}'), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-2"}]}
    assert deployed.input_of("m-0") == FILLED
    assert deployed.input_of("m-3") == {"order": {"id": "b", "count": 2}}
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in logged] == ["m-1", "m-2"]


def test_a_message_that_is_delivered_twice_starts_one_run(deployed: Shop) -> None:
    for body in ('{"id": "a"}', '{"id": "a"}', '{"id": "changed"}'):
        assert start.handler(records(body), None) == {"batchItemFailures": []}
    assert len(deployed.runs()) == 1


def test_an_event_starts_a_run(deployed: Shop) -> None:
    event = {"id": "e-1", "detail-type": "ordered", "detail": {"payload": {"id": "a"}}}
    for _ in range(2):
        assert start.handler(event, None) == {}
    assert deployed.input_of("e-1") == FILLED
    with pytest.raises(ValueError, match=r"order\.id: is missing"):
        start.handler(event | {"detail": {"payload": {}}}, None)
    with pytest.raises(TooLarge):
        start.handler(event | {"id": "e-2", "detail": {"payload": {"id": "x" * 300_000}}}, None)


def test_the_api_as_it_is_deployed(deployed: Shop) -> None:
    route = HttpApi({"POST /orders": lambda event: api.handler(event, None)})
    answer = httpx.post(f"{route.url}/orders", json={"order": {"id": "a"}})
    assert answer.status_code == 202
    route.close()
