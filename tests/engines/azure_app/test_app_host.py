"""The functions host of the tests, with an app of its own: what Azure's SDK asks of it, and what the platform does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from engines.azure_app.process import KEYS, AppHost, AppProblem

APP = """
import json
import os
import time

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.orchestration_trigger(context_name="context")
def count(context):
    given = context.get_input()
    so_far = yield context.call_activity("slowly", given)
    event = yield context.wait_for_external_event("go")
    return {"so_far": so_far, "event": event}


@app.orchestration_trigger(context_name="context")
def fail(context):
    yield context.call_activity("slowly", {"seconds": 0})
    raise ValueError("wrong on purpose")


@app.activity_trigger(input_name="given")
def slowly(given: dict) -> int:
    with open(os.environ["NOTES"], "a") as notes:
        notes.write("slowly\\n")
    time.sleep(given.get("seconds", 0))
    return 7


@app.route(route="client/{what}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def ask(req: func.HttpRequest, client) -> func.HttpResponse:
    try:
        told = await getattr(client, req.route_params["what"])(**req.get_json())
    except Exception as problem:
        return func.HttpResponse(str(problem), status_code=400)
    if isinstance(told, list):
        told = [one.to_json() for one in told]
    elif hasattr(told, "to_json"):
        told = told.to_json() if told else None
    elif hasattr(told, "instances_deleted"):
        told = told.instances_deleted
    return func.HttpResponse(json.dumps(told), mimetype="application/json")


@app.route(route="Plain/{name}", methods=["GET"])
def plain(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.HttpResponse(f"{context.function_name} {req.route_params['name']} {req.params.get('q')}")


@app.timer_trigger(schedule="* * * * * *", arg_name="timer")
def tick(timer: func.TimerRequest) -> None:
    with open(os.environ["NOTES"], "a") as notes:
        notes.write("late\\n" if timer.past_due else "tick\\n")


@app.service_bus_queue_trigger(arg_name="message", queue_name="work", connection="BUS")
def work(message: func.ServiceBusMessage) -> None:
    if message.get_body() != b"good":
        raise ValueError(message.message_id)
"""


def folder_of(place: Path, source: str = APP) -> Path:
    place.mkdir()
    (place / "function_app.py").write_text(source)
    (place / "host.json").write_text(
        '{"version": "2.0", "extensions": {"durableTask": {"defaultVersion": "3"}, "http": {"routePrefix": ""}}}'
    )
    return place


class Started:
    """The app's host, and its client as the app uses it."""

    def __init__(self, place: Path) -> None:
        self.place, self.notes, self._state = place, place / "notes.txt", place / "state"
        self.notes.touch()
        self.folder = folder_of(place / "app")
        self.begin()

    def begin(self) -> None:
        self.host = AppHost(self.folder, {"NOTES": str(self.notes)}, self.place, state=self._state)
        self.http = httpx.Client(base_url=self.host.address, timeout=60)

    def client(self, what: str, **given: Any) -> Any:
        answer = self.http.post(f"/client/{what}", json=given)
        return answer.json() if answer.status_code == 200 else answer.text

    def status(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("get_status", instance_id=name)
        return found

    def until(self, name: str, status: str) -> dict[str, Any]:
        end = time.monotonic() + 30
        while self.status(name)["runtimeStatus"] != status and time.monotonic() < end:
            time.sleep(0.05)
        found = self.status(name)
        assert found["runtimeStatus"] == status, found
        return found

    def close(self) -> None:
        self.http.close()
        self.host.close()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    made = Started(tmp_path_factory.mktemp("host"))
    yield made
    made.close()


def test_the_client_of_the_sdk_starts_asks_tells_and_ends(started: Started) -> None:
    given = {"orchestration_function_name": "count", "client_input": {"seconds": 0}}
    assert started.client("start_new", instance_id="r-1", **given) == "r-1"
    # One that runs is not replaced.
    assert "exists" in started.client("start_new", instance_id="r-1", **given)
    assert started.client("raise_event", instance_id="r-1", event_name="go", event_data={"n": 1}) is None
    found = started.until("r-1", "Completed")
    assert (found["name"], found["output"]["so_far"]) == ("count", 7)
    assert "gone" in started.client("raise_event", instance_id="r-1", event_name="go", event_data=1)
    # One that has ended is.
    assert started.client("start_new", instance_id="r-1", **given) == "r-1"
    assert started.status("r-1")["runtimeStatus"] in ("Pending", "Running")
    assert started.client("terminate", instance_id="r-1", reason="enough now") is None
    assert started.until("r-1", "Terminated")["output"] == "enough now"
    assert started.client("purge_instance_history", instance_id="r-1") == 1
    assert started.client("purge_instance_history", instance_id="r-1") == 0
    assert started.status("r-1") is None
    assert "No instance" in started.client("raise_event", instance_id="r-1", event_name="go", event_data=1)
    assert "No instance" in started.client("terminate", instance_id="r-1", reason="enough")


def test_what_there_is_not_is_not_started(started: Started) -> None:
    told = started.client("start_new", orchestration_function_name="nothing")
    assert "'nothing' doesn't exist" in told
    given = {"orchestration_function_name": "count", "client_input": "x" * 1_100_000}
    assert "bytes" in started.client("start_new", **given)


def test_a_failure_is_told_as_the_extension_tells_it(started: Started) -> None:
    started.client("start_new", orchestration_function_name="fail", instance_id="f-1")
    found = started.until("f-1", "Failed")
    assert found["output"].startswith("Orchestrator function 'fail' failed: wrong on purpose")


def test_lists_have_filters_and_pages(started: Started) -> None:
    for number in range(5):
        started.client("start_new", orchestration_function_name="count", instance_id=f"l-{number}", client_input={})
    started.client("terminate", instance_id="l-3", reason="x")
    found = started.client("get_status_by", instance_id_prefix="l-")
    assert [one["instanceId"] for one in found] == [f"l-{number}" for number in range(5)]
    key = {"x-functions-key": str(KEYS["systemkeys"]["durabletask_extension"])}  # type: ignore[index]
    address = "/runtime/webhooks/durabletask/instances"
    query = {"instanceIdPrefix": "l-", "runtimeStatus": "Running,Pending", "top": "3"}
    first = started.http.get(address, params=query, headers=key)
    token = first.headers["x-ms-continuation-token"]
    rest = started.http.get(address, params=query, headers={**key, "x-ms-continuation-token": token})
    assert [one["instanceId"] for one in first.json() + rest.json()] == ["l-0", "l-1", "l-2", "l-4"]
    assert rest.headers["x-ms-continuation-token"] == ""
    late = {"createdTimeFrom": "2099-01-01T00:00:00.000000Z"}
    assert started.http.get(address, params=late, headers=key).json() == []
    assert started.http.delete(address, params=late, headers=key).status_code == 404
    assert started.http.delete(address, headers=key).status_code == 400
    assert [started.http.get(address, params={"code": code}).status_code for code in ("", "guess")] == [401, 401]


def test_history_is_told_as_the_extension_tells_it(started: Started) -> None:
    started.client("start_new", orchestration_function_name="count", instance_id="h-1", client_input={"seconds": 0})
    started.client("raise_event", instance_id="h-1", event_name="go", event_data="x")
    started.until("h-1", "Completed")
    address = "/runtime/webhooks/durabletask/instances/h-1"
    query = {"showHistory": "true", "showHistoryOutput": "true", "code": "key-of-durable"}
    told = started.http.get(address, params=query)
    events = told.json()["historyEvents"]
    assert [one["EventType"] for one in events if one["EventType"] != "EventRaised"] == [
        "ExecutionStarted",
        "TaskCompleted",
        "ExecutionCompleted",
    ]
    [task] = [one for one in events if one["EventType"] == "TaskCompleted"]
    assert (task["FunctionName"], task["Result"]) == ("slowly", 7) and task["ScheduledTime"] < task["Timestamp"]
    assert not any({"EventId", "IsPlayed", "Input", "TaskScheduledId"} & one.keys() for one in events)
    plain = started.http.get(address, params={"showHistory": "true", "code": "key-of-durable"}).json()["historyEvents"]
    assert not any("Result" in one for one in plain)
    assert started.http.get(address, params={"code": "key-of-durable"}).json()["historyEvents"] is None


def test_routes_have_keys_methods_and_no_case(started: Started) -> None:
    default = str(KEYS["functions"]["default"])  # type: ignore[index]
    assert started.http.get("/plain/a%20b").status_code == 401
    assert started.http.get("/plain/a%20b", params={"code": default, "q": "1"}).text == "plain a b 1"
    assert started.http.get("/PLAIN/x", headers={"x-functions-key": str(KEYS["master"])}).text == "plain x None"
    assert started.http.post("/plain/x", params={"code": default}).status_code == 404
    assert started.http.get("/admin/functions", params={"code": default}).status_code == 401
    names = started.http.get("/admin/functions", params={"code": str(KEYS["master"])}).json()
    assert sorted(one["name"] for one in names) == sorted(started.host.functions)


def test_timers_fire_each_in_its_second_and_queues_hand_over(started: Started) -> None:
    time.sleep(2.2)
    assert started.notes.read_text().count("tick") >= 2
    assert started.http.post("/tests/timers/tick", params={"late": "true"}).status_code == 200
    assert "late" in started.notes.read_text()
    about = {"x-message": '{"id": "m-1", "count": 1, "properties": {}}'}
    bodies = (b"good", b"bad")
    codes = [started.http.post("/tests/queues/work", content=body, headers=about).status_code for body in bodies]
    assert codes == [200, 500]
    assert started.http.post("/tests/queues/other", content=b"", headers=about).status_code == 404


def test_orchestrations_outlive_the_host(started: Started) -> None:
    given = {"orchestration_function_name": "count", "client_input": {"seconds": 2}}
    before, until = started.notes.read_text().count("slowly"), time.monotonic() + 10
    started.client("start_new", instance_id="s-1", **given)
    while started.notes.read_text().count("slowly") == before and time.monotonic() < until:
        time.sleep(0.05)
    started.close()
    begun = started.notes.read_text().count("slowly")
    started.begin()
    # What was under way is done again: an activity runs at least once.
    started.client("raise_event", instance_id="s-1", event_name="go", event_data="x")
    assert started.until("s-1", "Completed")["output"]["so_far"] == 7
    assert started.notes.read_text().count("slowly") == begun + 1
    assert started.status("f-1")["runtimeStatus"] == "Failed"


def test_an_app_that_cannot_be_loaded_does_not_start(tmp_path: Path) -> None:
    missing = folder_of(tmp_path / "missing", "import nothing_of_that_name\n")
    with pytest.raises(AppProblem, match="nothing_of_that_name"):
        AppHost(missing, {}, tmp_path)
    wrong = APP.replace("def plain(req:", "def plain(request:")
    with pytest.raises(AppProblem, match="plain"):
        AppHost(folder_of(tmp_path / "wrong", wrong), {}, tmp_path)
