"""Runs that wait on Google Cloud: events that come early, late, twice and wrongly; decisions at the last moment."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from engines.gcp_account.account import GoogleProject

from skyloom.adapters.google_apis import Apis
from skyloom.deployers.base import CloudRun
from skyloom.deployers.gcp.compiling import compile_app
from skyloom.deployers.gcp.deployer import GcpDeployer
from skyloom.deployers.gcp.functions import FunctionSettings
from skyloom.deployers.gcp.services.callbacks import Callbacks
from skyloom.deployers.gcp.services.objects import Objects
from skyloom.deployers.gcp.services.waits import opened
from skyloom.deployers.gcp.services.workflows import Workflows
from skyloom.deployers.services.closing import close
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.objects import Changed
from skyloom.deployers.services.opening import Opening
from skyloom.deployers.services.records import Records
from skyloom.deployers.services.starting import Conflict, Starting
from skyloom.deployers.services.starting_once import StartsOnce
from skyloom.deployers.services.waiting import APPROVALS, NotOpen, Wait
from skyloom.errors import UserError
from skyloom.flows.app import Environment
from skyloom.flows.frontend import load_file

APP = load_file(Path(__file__).with_name("waiting_app.py"))
HERE = FunctionSettings(python=f"3.{sys.version_info.minor}", pinned=False)


class Waiting:
    """The deployed app, and the services' own parts talking to the same project."""

    def __init__(self, project: GoogleProject, deployer: GcpDeployer) -> None:
        self.project, self.deployer = project, deployer
        self.apis = Apis(lambda: project.token("tests@example.com"), lambda service: project.address)
        self.bucket = dict(deployer.status().outputs)["bucket"]
        self.objects = Objects(self.apis, self.bucket)
        self.records = Records(self.objects)

    def ended(self, run: CloudRun) -> CloudRun:
        until(lambda: self.deployer.run(run.id).status != "running")
        return self.deployer.run(run.id)

    def active(self, flow: str) -> list[str]:
        """The executions of a flow's workflow that have not ended, branches of races too."""
        [path] = [one.id for one in self.deployer.status().flows if one.flow == flow]
        rows = self.project.http.get(f"/v1/{path}/executions", params={"filter": 'state="ACTIVE"'}).json()["executions"]
        return [row["name"] for row in rows]

    def open_waits(self, subject: str) -> list[Wait]:
        return [wait for wait in self.records.unsettled(subject) if wait.state == "open"]


def until(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waiting]:
    with pytest.MonkeyPatch.context() as patch:
        project = GoogleProject(tmp_path_factory.mktemp("waiting"))
        for name, value in project.variables.items():
            patch.setenv(name, value)
        deployer = GcpDeployer(APP.app.name, "dev", Environment())
        for _ in deployer.apply(deployer.plan(compile_app(APP.app, "dev", HERE).bundle)):
            pass
        yield Waiting(project, GcpDeployer(APP.app.name, "dev", Environment()))
        project.close()


# --- events ---------------------------------------------------------------------------------------------------------


def test_an_event_goes_to_the_run_that_waits_for_its_key(waiting: Waiting) -> None:
    one, two = (waiting.deployer.start("order", {"number": id_}) for id_ in ("a-1", "a-2"))
    until(lambda: len(waiting.open_waits('event/["payment","a-1"]')) == 1)
    assert waiting.deployer.send("payment", {"amount": 3}, key="a-1", run=None).startswith("topic waiting-dev-")
    run = waiting.ended(one)
    assert (run.status, run.result) == ("done", "paid 3"), run.error
    assert waiting.deployer.run(two.id).status == "running"
    waiting.deployer.send("payment", {"amount": 4}, key="a-2", run=two.id)
    assert waiting.ended(two).result == "paid 4"


def test_an_event_that_comes_before_its_run_is_kept(waiting: Waiting) -> None:
    waiting.deployer.send("payment", {"amount": 5}, key="early", run=None)
    time.sleep(0.3)
    run = waiting.deployer.start("order", {"number": "early"})
    assert waiting.ended(run).result == "paid 5"


def test_an_event_of_another_type_fails_the_step(waiting: Waiting) -> None:
    run = waiting.deployer.start("order", {"number": "wrong"})
    waiting.deployer.send("payment", {"amount": "much"}, key="wrong", run=None)
    found = waiting.ended(run)
    assert found.status == "failed" and found.error is not None
    assert (found.error.type, found.error.message) == (
        "TaskFailed", "event payment brought a payload that is not of its type",
    )  # fmt: skip


def test_what_the_app_itself_emits_answers_none_of_its_waits(waiting: Waiting) -> None:
    run = waiting.deployer.start("order", {"number": "own"})
    [topic] = [name for name in waiting.project.inventory()["topics"] if name.endswith("-events")]
    message = {"data": "eyJwYXlsb2FkIjogeyJhbW91bnQiOiA5fSwgImtleSI6ICJvd24ifQ=="}
    message |= {"attributes": {"event": "payment", "app": "waiting"}}  # type: ignore[dict-item]
    waiting.project.http.post(f"/v1/{topic}:publish", json={"messages": [message]}).raise_for_status()
    time.sleep(0.5)
    assert waiting.deployer.run(run.id).status == "running"
    waiting.deployer.cancel(run)
    assert waiting.ended(run).status == "cancelled"


def test_a_wait_that_is_over_is_closed(waiting: Waiting) -> None:
    run = waiting.ended(waiting.deployer.start("hasty", {"number": "late"}))
    assert run.status == "done" and str(run.result).startswith("late: "), run
    assert until(lambda: waiting.open_waits('event/["payment","late"]') == [])


def test_an_approval_that_nobody_decides_is_closed(waiting: Waiting) -> None:
    started = waiting.deployer.start("unasked", {"question": "Go?"})
    [asked] = until(lambda: list(waiting.deployer.approvals()))
    run = waiting.ended(started)
    assert str(run.result).startswith("late: "), run
    assert waiting.deployer.approvals() == []
    with pytest.raises(UserError, match=r"abandoned|not wait"):
        waiting.deployer.decide(asked.id, approved=True, comment="", by="maria", form=None)


def test_the_first_of_two_events_wins_and_the_other_wait_is_over(waiting: Waiting) -> None:
    run = waiting.deployer.start("either", {"number": "r-1"})
    until(lambda: waiting.open_waits('event/["payment","r-1"]') and waiting.open_waits('event/["refund","r-1"]'))
    # The branches are executions of their own, and no runs.
    assert [one.id for one in waiting.deployer.runs(100) if one.flow == "either"] == [run.id]
    waiting.deployer.send("refund", {"amount": 7}, key="r-1", run=None)
    found = waiting.ended(run)
    assert (found.status, found.result) == ("done", 7), found.error
    until(lambda: not waiting.active("either"))


def test_cancelling_a_run_ends_its_branches(waiting: Waiting) -> None:
    run = waiting.deployer.start("either", {"number": "r-2"})
    until(lambda: waiting.open_waits('event/["payment","r-2"]') and waiting.open_waits('event/["refund","r-2"]'))
    assert len(waiting.active("either")) == 3
    waiting.deployer.cancel(waiting.deployer.run(run.id))
    assert waiting.ended(run).status == "cancelled"
    until(lambda: not waiting.active("either"))


# --- records --------------------------------------------------------------------------------------------------------


def asking(waiting: Waiting, run: str, callback: str = "") -> Wait:
    """An approval that is asked for."""
    place = f"{waiting.project.address}/v1/projects/p/locations/l/workflows/w/executions/{run}/callbacks/1"
    request = {"kind": "approval", "callback": callback or place, "run": run, "flow": "f", "step": "f/approval"}
    records = waiting.records
    wait = Opening(records, Nobody()).open(opened({**request, "message": "Go?"}))  # type: ignore[arg-type]
    found = records.get(APPROVALS, wait["id"])
    assert found is not None
    return found


class Nobody:
    """Tells nobody."""

    def tell(self, wait: Wait) -> None:
        return


def test_of_two_decisions_one_is_first(waiting: Waiting) -> None:
    wait = asking(waiting, "run-1")
    taken, refused = [], []

    def decide(name: str) -> None:
        try:
            taken.append(waiting.records.answer(wait, {"value": name}, time.time()).answer)
        except NotOpen:
            refused.append(name)

    threads = [threading.Thread(target=decide, args=(f"person {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1 and len(refused) == 7
    found = waiting.records.get(APPROVALS, wait.id)
    assert found is not None and found.answer == taken[0]


def test_asking_again_keeps_the_record_and_takes_the_new_callback(waiting: Waiting) -> None:
    first = asking(waiting, "run-2")
    again = asking(waiting, "run-2", first.token.replace("/callbacks/1", "/callbacks/2"))
    assert (again.id, again.opened, again.told) == (first.id, first.opened, True)
    assert again.token.endswith("/callbacks/2")
    assert again.execution == "projects/p/locations/l/workflows/w/executions/run-2"


def test_a_decision_at_the_last_moment_is_what_closing_answers(waiting: Waiting) -> None:
    wait = asking(waiting, "run-3")
    waiting.records.answer(wait, {"value": {"approved": True}}, time.time())
    asked = {"kind": "close", "run": "run-3", "step": "f/approval", "token": wait.token}
    assert close(waiting.records, asked) == {"answer": {"value": {"approved": True}}}
    found = waiting.records.get(APPROVALS, wait.id)
    assert found is not None and found.delivered
    assert wait.id not in [one.id for one in waiting.records.unsettled(APPROVALS)]
    nothing = asking(waiting, "run-4")
    assert close(waiting.records, asked | {"run": "run-4", "token": nothing.token}) == {"answer": None}
    with pytest.raises(NotOpen):
        waiting.records.answer(nothing, {"value": {}}, time.time())


def test_an_answer_goes_to_workflows_only(waiting: Waiting) -> None:
    wait = asking(waiting, "run-5", "http://127.0.0.1:9/callbacks/1")
    with pytest.raises(ValueError, match="not one of Workflows"):
        Delivery(waiting.records, Callbacks(waiting.apis)).answer(wait, {"value": {}})


def test_an_object_that_somebody_else_changed_is_not_overwritten(waiting: Waiting) -> None:
    first = waiting.objects.write("waits/x.json", {"number": 1})
    with pytest.raises(Changed):
        waiting.objects.write("waits/x.json", {"number": 2})
    second = waiting.objects.write("waits/x.json", {"number": 2, "word": "ä"}, before=first)
    with pytest.raises(Changed):
        waiting.objects.write("waits/x.json", {"number": 3}, before=first)
    found = waiting.objects.read("waits/x.json")
    assert found is not None and (found.document, found.generation) == ({"number": 2, "word": "ä"}, second)


# --- starts ---------------------------------------------------------------------------------------------------------


def starts(waiting: Waiting) -> Workflows:
    place = "projects/tests-project/locations/europe-west3"
    flows = {flow.flow: flow.id.rpartition("/")[2] for flow in waiting.deployer.status().flows}
    return Workflows(waiting.apis, waiting.objects, place, flows)


def test_a_start_that_was_cut_off_is_found_or_made_good(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = starts(waiting)
    count = len(waiting.deployer.runs(100))
    with monkeypatch.context() as patch:
        # It ends behind the execution's start, before that is written down.
        patch.setattr(
            StartsOnce, "_write", lambda self, flow, name, claim, before: _cut(self, flow, name, claim, before)
        )
        with pytest.raises(KeyboardInterrupt):
            runs.start("order", {"number": "cut"}, "m-1")
    with pytest.raises(Starting):
        runs.start("order", {"number": "cut"}, "m-1")
    monkeypatch.setattr("skyloom.deployers.services.starting_once._CUT_OFF_SECONDS", 0.0)
    runs.start("order", {"number": "cut"}, "m-1")
    runs.start("order", {"number": "cut"}, "m-1")
    assert len(waiting.deployer.runs(100)) == count + 1
    with pytest.raises(Conflict):
        runs.start("order", {"number": "other"}, "m-1")
    state = runs.state("order", "m-1")
    assert state is not None and state.status == "running"
    assert runs.state("order", "m-2") is None


_WRITE = StartsOnce._write


def _cut(self: StartsOnce, flow: str, name: str, claim: Any, before: str) -> str:
    if claim["execution"]:
        raise KeyboardInterrupt
    return _WRITE(self, flow, name, claim, before)


def test_strangers_reach_neither_the_bucket_nor_the_runs(waiting: Waiting) -> None:
    eve = {"Authorization": f"Bearer {waiting.project.token('eve@example.com')}"}
    address = waiting.project.address
    assert httpx.get(f"{address}/storage/v1/b/{waiting.bucket}/o", headers=eve).status_code == 403
    flow = waiting.deployer.status().flows[0].id
    assert httpx.post(f"{address}/v1/{flow}/executions", json={}, headers=eve).status_code == 403
