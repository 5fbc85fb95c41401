"""The app that the tests of commands deploy to a cloud, and what they look for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

APP = """
from pydantic import BaseModel
from skyloom.flows import App, Environment, approval, flow, hours, task

class NoPrice(Exception):
    pass

class Change(BaseModel):
    amount: int

@task
def price(item: str) -> int:
    if item == "moon":
        raise NoPrice("none for the moon")
    return {price}

@flow
def quote(item: str, count: int = 1) -> str:
    each = price(item)
    return f"{{count}} x {{item}}: {{each * count}}"

@flow
def pay(customer: str) -> str:
    decision = approval(f"Pay {{customer}}?", show={{"customer": customer}}, to="leads", timeout=hours(1), form=Change)
    if not decision.approved:
        return f"no: {{decision.comment}}"
    return f"yes, by {{decision.by}}"

app = App("shop", flows=[quote, pay], environments={{"dev": Environment(architecture="x86_64")}})
"""


def write(path: Path, price: int) -> None:
    """Writes the app, with its price."""
    path.write_text(APP.format(price=price))


def mistake(invoke: Callable[..., Any], *arguments: str, code: str) -> str:
    """What a command says of the user's mistake."""
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert code in result.stderr, result.output
    assert "hint: " in result.stderr
    assert "Traceback" not in result.output
    return str(result.stderr)


def waited_for(look: Callable[[], list[Any]], count: int) -> list[Any]:
    """What there is, as soon as there is that much of it."""
    end = time.monotonic() + 60
    while len(found := look()) < count:
        assert time.monotonic() < end, found
        time.sleep(0.2)
    return found


def result_of(document: Callable[..., Any], run: str, cloud: tuple[str, ...]) -> Any:
    """The result of a run, as soon as it has ended."""

    def ended() -> list[Any]:
        found = document("runs", "show", run, *cloud, "--json")
        return [found] if found["ended"] else []

    return waited_for(ended, 1)[0]["result"]
