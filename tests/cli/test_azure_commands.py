"""What commands do on Azure alone: runs that go on while their flow changes, and names that are taken once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.cloud_app import mistake, result_of, waited_for
from clouds.azure_small_app import small_bundle
from engines.azure_account.account import AzureSubscription

Invoke = Callable[..., Any]

APP = """
from pydantic import BaseModel
from skyloom.flows import App, flow, hours, task, wait_for

class Change(BaseModel):
    amount: int

@task
def price(item: str) -> int:
    return 3

@flow
def ship(order: str) -> str:
    paid = wait_for("paid", key=order, payload=Change, timeout=hours(1))
    return f"{order} for {paid.amount}, at {price(order)}"

app = App("shop", flows=[ship])
"""
CLOUD = ("--target", "azure", "--app", "shop")


def test_events_and_runs_that_are_under_way_while_their_flow_changes(
    azure: AzureSubscription, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    file.write_text(APP)
    assert invoke("deploy", "azure", "shop_app.py", "-y", "-q").exit_code == 0
    run = invoke("invoke", "azure", "shop:ship", "-i", '{"order": "o1"}', "--no-wait", "-q").stdout.strip()
    waited_for(lambda: [row for row in document("runs", "list", *CLOUD, "--json") if row["status"] == "running"], 1)
    changed = file.read_text().replace('return f"{order} for', 'price("again")\n    return f"now {order} for')
    file.write_text(changed)
    assert invoke("deploy", "azure", "shop_app.py", "-y", "-q").exit_code == 0
    sent = invoke("events", "send", "paid", '{"amount": 3}', "--key", "o1", *CLOUD)
    assert sent.exit_code == 0, sent.output
    # It began with the flow as it was, and ends with it.
    assert result_of(document, run, CLOUD) == "o1 for 3, at 3"
    mistake(invoke, "events", "send", "paid", "{", *CLOUD, code="SKY620")


def test_a_name_for_a_run_is_taken_once(azure: AzureSubscription, tmp_path: Path, invoke: Invoke) -> None:
    small_bundle().write(tmp_path / "azure")
    assert invoke("deploy", "azure", str(tmp_path / "azure"), "-y", "-q").exit_code == 0
    named = ("invoke", "azure", "shop:quote", "--run", "mine", "-i", '{"item": "lamp"}')
    assert json.loads(invoke(*named, "-q").stdout) == "1 of 5"
    mistake(invoke, *named, code="SKY646")
    mistake(invoke, "invoke", "azure", "shop:refund", code="SKY651")
