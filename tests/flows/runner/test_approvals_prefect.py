"""Approvals on a real Prefect server: answered on Prefect's pages, at the command line, in time or not, and by whom."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.runner.answering import answer_approval
from skyloom.flows.runner.store import Run, RunStore, Wait

FLOWS = """
    from typing import Literal
    from pydantic import BaseModel, field_validator
    from skyloom.errors import ApprovalTimedOut
    from skyloom.flows import approval, each, flow, race, sleep, task


    class Refund(BaseModel):
        amount: float
        speed: Literal["slow", "fast"] = "slow"

        @field_validator("amount")
        @classmethod
        def must_be_positive(cls, amount: float) -> float:
            if amount <= 0:
                raise ValueError("must be positive")
            return amount


    @task
    async def pay(amount: float, speed: str) -> str:
        return f"paid {amount} {speed}"


    @flow
    def ask(timeout: float | None, default: bool | None) -> str:
        try:
            decision = approval(
                "Send it?", show={"to": "Ada", "orders": 3}, to="support", timeout=timeout, default=default
            )
        except ApprovalTimedOut as late:
            return f"{type(late).__name__}: {late}"
        return f"{decision.approved} {decision.by} {decision.comment}"


    @flow
    def refund(customer: str) -> str:
        decision = approval(f"Refund {customer}?", form=Refund)
        if not decision.approved or decision.answer is None:
            return f"no: {decision.comment}"
        return pay(decision.answer.amount, decision.answer.speed) + " by " + decision.by


    @task
    async def reach(number: int) -> int:
        return number


    @flow
    def one_of_many(count: int) -> int:
        return sum([checked(number) for number in range(count)])


    @flow
    def checked(number: int) -> int:
        if number == 3:
            decision = approval(f"Count {number}?")
            if not decision.approved:
                return 0
        return reach(number)


    @task
    async def at_once() -> str:
        return "at once"


    @flow
    def raced() -> str:
        return race(asked(), at_once())


    @flow
    def asked() -> str:
        return approval("Never mind?").by
"""

CHILD = """
import json, sys
from pathlib import Path
from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.runner.store import RunStore
store = RunStore(Path(sys.argv[2]))
flow = getattr(load_file(Path(sys.argv[1])), sys.argv[3])
launch.start(launch.prepare(flow, json.loads(sys.argv[4])), store=store)
"""


class Asking:
    """A file of flows, a store, and processes that run the flows."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.file = file
        self.store = RunStore(folder / "runs.db")
        self._children: list[subprocess.Popen[str]] = []
        self._threads = ThreadPoolExecutor(2)
        self._module = load_file(self.file)

    def start(self, flow: str, **arguments: Any) -> Future[Any]:
        """The result that the flow will have."""
        prepared = launch.prepare(getattr(self._module, flow), arguments)
        return self._threads.submit(lambda: launch.start(prepared, store=RunStore(self.store.path)).result)

    def resume(self) -> Future[Any]:
        """The result that the flow will have when it goes on."""
        return self._threads.submit(lambda: launch.resume(self.run.id, store=RunStore(self.store.path)).result)

    def child(self, *arguments: str) -> subprocess.Popen[str]:
        """A process that runs `flow arguments-as-json`: one that can be killed."""
        started = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(self.file), str(self.store.path), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._children.append(started)
        return started

    def stop(self) -> None:
        for started in self._children:
            started.kill()
            started.communicate()
        for run in self.store.runs():
            if run.status == "running":
                self.store.request_cancel(run.id)
        self._threads.shutdown()

    @property
    def run(self) -> Run:
        [run] = self.store.runs()
        return run

    @property
    def wait(self) -> Wait:
        [wait] = self.store.waits("approval", run_id=self.run.id, open_only=False)
        return wait


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("asking") / "asking_flows.py"
    made.write_text(textwrap.dedent(FLOWS))
    return made


@pytest.fixture
def asking(recorded: Any, file: Path, tmp_path: Path) -> Iterator[Asking]:
    made = Asking(file, tmp_path)
    yield made
    made.stop()


def paused(recorded: Any, asking: Asking) -> dict[str, Any]:
    recorded.until(lambda: bool(asking.store.runs()))
    found: dict[str, Any] = recorded.paused(asking.run.id)
    return found


def test_an_answer_on_prefects_pages_goes_on_with_the_run(recorded: Any, asking: Asking) -> None:
    started = asking.start("ask", timeout=600.0, default=None)
    shown = paused(recorded, asking)
    assert shown["name"] == "approval: Send it?"
    assert shown["parameters"] == {"message": "Send it?", "show": {"to": "Ada", "orders": 3}, "to": "support"}
    assert shown["id"] == asking.wait.engine_run
    answer = {"approved": "yes", "by": "Grace", "comment": "fine"}
    assert recorded.resume(shown["id"], answer)["status"] == "ACCEPT"
    assert started.result(60) == "True Grace fine"
    assert asking.wait.answer == {"approved": True, "by": "Grace", "comment": "fine", "answer": None}
    ended = recorded.flow_run(shown["id"])
    assert (ended["state_type"], ended["state_name"]) == ("COMPLETED", "Approved")
    assert ended["state"]["message"] == "approved by Grace: fine"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({}, "'approved' is a required property"),
        ({"approved": "yes"}, "'by' is a required property"),
        ({"approved": "yes", "by": ""}, "'by'"),
        ({"approved": "maybe", "by": "Grace"}, "'approved'"),
        ({"approved": "yes", "by": "Grace", "answer": {"amount": 1}}, "'answer'"),
    ],
)
def test_an_incomplete_answer_is_refused(recorded: Any, asking: Asking, answer: dict[str, Any], problem: str) -> None:
    asking.start("ask", timeout=600.0, default=None)
    shown = paused(recorded, asking)
    refused = recorded.resume(shown["id"], answer)
    assert refused["status"] == "REJECT"
    assert problem in refused["details"]["reason"]
    assert recorded.flow_run(shown["id"])["state_name"] == "Paused"
    assert asking.wait.closed is None


def test_an_answer_at_the_command_line_ends_the_question_in_prefect(recorded: Any, asking: Asking) -> None:
    started = asking.start("ask", timeout=600.0, default=None)
    shown = paused(recorded, asking)
    answer_approval(asking.store, asking.wait.id, approved=False, comment="too dear", by="Ada")
    assert started.result(60) == "False Ada too dear"
    ended = recorded.flow_run(shown["id"])
    assert (ended["state_type"], ended["state_name"]) == ("COMPLETED", "Refused")
    assert ended["state"]["message"] == "refused by Ada: too dear"


@pytest.mark.parametrize(
    ("default", "result", "state"),
    [
        (True, "True  timed out", "COMPLETED"),
        (None, "ApprovalTimedOut: nobody decided within 2 s: Send it?", "FAILED"),
    ],
)
def test_a_question_times_out(recorded: Any, asking: Asking, default: bool | None, result: str, state: str) -> None:
    started = asking.start("ask", timeout=2.0, default=default)
    assert started.result(60) == result
    ended = recorded.flow_run(asking.wait.engine_run)
    assert (ended["state_type"], ended["state_name"]) == (state, "TimedOut")
    assert asking.wait.closed == "timed out"


def test_an_answer_in_prefect_while_the_process_is_dead_is_found(recorded: Any, asking: Asking) -> None:
    child = asking.child("ask", '{"timeout": 600, "default": null}')
    shown = paused(recorded, asking)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    recorded.resume(shown["id"], {"approved": "yes", "by": "Grace"})
    assert asking.resume().result(60) == "True Grace "
    assert asking.wait.engine_run == shown["id"]
    states = [found["state_name"] for found in recorded.flow_runs(asking.run.id)]
    assert states == ["Crashed", "Approved", "Completed"]


def test_an_answer_in_prefect_in_time_counts_when_the_run_is_resumed_too_late(recorded: Any, asking: Asking) -> None:
    child = asking.child("ask", '{"timeout": 20, "default": false}')
    shown = paused(recorded, asking)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    recorded.resume(shown["id"], {"approved": "yes", "by": "Grace"})
    deadline = asking.wait.deadline
    assert deadline is not None
    time.sleep(max(0.0, deadline - time.time()) + 0.5)
    assert asking.resume().result(60) == "True Grace "


def test_a_question_that_nobody_answered_is_asked_on_after_a_crash(recorded: Any, asking: Asking) -> None:
    child = asking.child("ask", '{"timeout": 600, "default": null}')
    shown = paused(recorded, asking)
    opened = asking.wait
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    again = asking.resume()
    recorded.until(lambda: len(recorded.flow_runs(asking.run.id)) == 3)
    recorded.until(lambda: asking.run.engine_run == recorded.flow_runs(asking.run.id)[-1]["id"])
    assert paused(recorded, asking)["id"] == shown["id"]
    assert asking.wait == opened
    recorded.resume(shown["id"], {"approved": "no", "by": "Grace", "comment": "late"})
    assert again.result(60) == "False Grace late"


def test_a_form_is_asked_of_those_who_approve_and_checked_by_its_class(recorded: Any, asking: Asking) -> None:
    started = asking.start("refund", customer="Ada")
    shown = paused(recorded, asking)
    missing = recorded.resume(shown["id"], {"approved": "yes", "by": "Grace", "answer": {"speed": "fast"}})
    assert missing["status"] == "REJECT"
    assert "'amount' is a required property" in missing["details"]["reason"]
    recorded.resume(shown["id"], {"approved": "yes", "by": "Grace", "answer": {"amount": -1}})
    recorded.until(lambda: recorded.flow_run(shown["id"])["state"]["state_details"]["pause_key"] == "question-2")
    assert asking.wait.closed is None
    recorded.resume(shown["id"], {"approved": "yes", "by": "Grace", "answer": {"amount": 12, "speed": "fast"}})
    assert started.result(60) == "paid 12.0 fast by Grace"


def test_who_refuses_need_not_fill_in_the_form(recorded: Any, asking: Asking) -> None:
    started = asking.start("refund", customer="Ada")
    shown = paused(recorded, asking)
    # The pages send what the form's defaults put there.
    recorded.resume(shown["id"], {"approved": "no", "by": "Grace", "comment": "why?", "answer": {"speed": "slow"}})
    assert started.result(60) == "no: why?"
    assert asking.wait.answer["answer"] is None


def test_an_item_of_a_batch_asks_in_prefect_too(recorded: Any, asking: Asking) -> None:
    started = asking.start("one_of_many", count=60)
    shown = paused(recorded, asking)
    assert shown["name"] == "checked_map[3]/checked/approval: Count 3?"
    recorded.resume(shown["id"], {"approved": "no", "by": "Grace"})
    assert started.result(60) == sum(range(60)) - 3


def test_the_question_of_a_races_loser_is_cancelled(recorded: Any, asking: Asking) -> None:
    assert asking.start("raced").result(60) == "at once"
    for found in recorded.flow_runs(asking.run.id):
        assert found["state_name"] in ("Cancelled", "Completed")


# --- the pages themselves -------------------------------------------------------------------------------------------


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    assert chromium and driver, "this test answers on Prefect's pages: install chromium and chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1400,1400"):
        options.add_argument(argument)
    made = webdriver.Chrome(options=options, service=Service(driver))
    yield made
    made.quit()


class Page:
    """The page of a paused flow run."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        browser.get(url)

    def found(self, look: Callable[[], WebElement | None]) -> WebElement:
        ignored = [WebDriverException]
        element = WebDriverWait(self.browser, 40, ignored_exceptions=ignored).until(lambda _: look())
        assert element is not None
        return element

    def press(self, text: str) -> None:
        self.found(
            lambda: next((b for b in self._all("button") if b.text.strip() == text and b.is_enabled()), None)
        ).click()

    def field(self, label: str, kind: str) -> WebElement:
        """The input below a label of the form."""
        path = f".//span[normalize-space(.)='{label}']/ancestor::div[contains(@class, 'p-label ')][1]//{kind}"
        return self.found(lambda: self.dialog.find_element(By.XPATH, path))

    @property
    def dialog(self) -> WebElement:
        return self.browser.find_element(By.CSS_SELECTOR, "[role=dialog]")

    def says(self, text: str) -> None:
        self.found(lambda: next((b for b in self._all("body") if text in b.text), None))

    def _all(self, tag: str) -> list[WebElement]:
        return self.browser.find_elements(By.TAG_NAME, tag)


def test_somebody_answers_in_a_browser(recorded: Any, asking: Asking, browser: webdriver.Chrome) -> None:
    started = asking.start("ask", timeout=600.0, default=None)
    shown = paused(recorded, asking)
    page = Page(browser, f"{recorded.address.ui_url}/runs/flow-run/{shown['id']}")
    page.press("Resume")
    page.says("Send it?")
    page.says("orders")
    page.press("Submit")
    page.says("'approved' is a required property")
    assert asking.wait.closed is None
    Select(page.field("Send it?", "select")).select_by_value("yes")
    page.field("Comment (Optional)", "textarea").send_keys("looks fine")
    page.field("Your name", "textarea").send_keys("Grace")
    page.press("Submit")
    assert started.result(60) == "True Grace looks fine"


def test_somebody_fills_in_a_form_in_a_browser(recorded: Any, asking: Asking, browser: webdriver.Chrome) -> None:
    started = asking.start("refund", customer="Ada")
    shown = paused(recorded, asking)
    page = Page(browser, f"{recorded.address.ui_url}/runs/flow-run/{shown['id']}")
    page.press("Resume")
    Select(page.field("Refund Ada?", "select")).select_by_value("yes")
    page.field("Your name", "textarea").send_keys("Grace")
    page.press("Submit")
    page.says("'amount' is a required property")
    page.field("Amount (Optional)", "input").send_keys("12.5")
    page.press("Submit")
    assert started.result(60) == "paid 12.5 slow by Grace"
