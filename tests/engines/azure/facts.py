"""Facts about Durable Functions: an orchestrator, how it ends, and the page that says so.

Orchestrators are in facts_calls.py, facts_waiting.py, facts_values.py and facts_refused.py; `facts_app()` is the app
with all of them and the activities that they call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from engines.azure.host import Event

DOCS = "https://learn.microsoft.com/azure/azure-functions/durable/"
EXTENSION = "https://github.com/Azure/azure-functions-durable-extension/blob/dev/src/WebJobs.Extensions.DurableTask/"
CORE = "https://github.com/Azure/durabletask/blob/main/src/DurableTask.Core/"
SDK = "https://github.com/Azure/azure-functions-durable-python/blob/dev/azure/durable_functions/"
ISSUES = "https://github.com/Azure/"
ROOTS = {"docs": DOCS, "extension": EXTENSION, "core": CORE, "sdk": SDK, "issues": ISSUES}

Context = Any
Orchestrator = Callable[[Context], Any]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What an orchestrator does.

    Attributes:
        name: Its name.
        orchestrator: Its code; its docstring says the fact.
        page: Where it is said, `root:path`.
        gives: What it returns.
        fails: The text of its failure, where it fails.
        refused: What the host says of it, where these tests do not let it run.
        status: Its custom status at the end.
        seconds: How long it takes on the host's clock.
        input: What it is started with.
        events: What is sent to it.
        fact: Whether it is one, or only called by one.
    """

    name: str
    orchestrator: Orchestrator
    page: str
    gives: Any = None
    fails: str | None = None
    refused: type[BaseException] | None = None
    status: Any = None
    seconds: float | None = None
    input: Any = None
    events: Sequence[Event] = ()
    fact: bool = True

    @property
    def address(self) -> str:
        """The page's address."""
        root, _, path = self.page.partition(":")
        return ROOTS[root] + path


FACTS: dict[str, Fact] = {}


def fact(page: str, **outcome: Any) -> Callable[[Orchestrator], Orchestrator]:
    """Notes an orchestrator as a fact."""

    def noted(orchestrator: Orchestrator) -> Orchestrator:
        name = orchestrator.__name__
        if name in FACTS:
            raise ValueError(f"two facts are called {name}")
        FACTS[name] = Fact(name=name, orchestrator=orchestrator, page=page, **outcome)
        return orchestrator

    return noted


def called(orchestrator: Orchestrator) -> Orchestrator:
    """Notes an orchestrator that others call."""
    return fact("docs:durable-functions-sub-orchestrations", fact=False)(orchestrator)


def facts_app() -> df.DFApp:
    """The app of all facts."""
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    for one in FACTS.values():
        app.orchestration_trigger(context_name="context")(one.orchestrator)
    for activity in (echo, double, slow, failing, silent, text):
        app.activity_trigger(input_name="value")(activity)
    return app


def echo(value: Any) -> Any:
    """What it gets."""
    return value


def double(value: Any) -> Any:
    """Twice what it gets."""
    return value * 2


def slow(value: Any) -> Any:
    """Sleeps that many seconds."""
    time.sleep(value)
    return value


def failing(value: Any) -> Any:
    """Fails with a text."""
    raise ValueError(value)


def silent(value: Any) -> None:
    """Says nothing."""


def text(value: Any) -> Any:
    """What it got, as Python writes it."""
    return repr(value)


Steps = Generator[Any, Any, Any]
