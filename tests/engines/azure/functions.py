"""The functions of an app as a Functions host knows them: triggers and bindings by name."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import secrets
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.durable_functions.decorators.metadata import ActivityTrigger, OrchestrationTrigger
from azure.functions import durable_functions as converters
from azure.functions.decorators.core import Trigger
from azure.functions.meta import Datum


@dataclass(frozen=True)
class Function:
    """A function with what starts it."""

    name: str
    trigger: Trigger
    code: Callable[..., Any]

    @property
    def parameter(self) -> str:
        """The parameter that gets what the trigger brings."""
        return str(self.trigger.name)


@dataclass(frozen=True)
class Functions:
    """All functions of an app. Names differ by more than their case, as the host wants it.

    Attributes:
        orchestrators: Functions started by orchestration triggers, by name in small letters.
        activities: Functions started by activity triggers.
        others: All others: HTTP, timers, events, queues.
    """

    orchestrators: Mapping[str, Function]
    activities: Mapping[str, Function]
    others: Mapping[str, Function]


class AppRefused(Exception):
    """The host does not load the app."""


def functions_of(app: Any) -> Functions:
    """Reads an app once, as the worker does: its `get_functions` must not be called twice."""
    found: dict[str, dict[str, Function]] = {"orchestrators": {}, "activities": {}, "others": {}}
    names: set[str] = set()
    for built in app.get_functions():
        trigger, name = built.get_trigger(), built.get_function_name()
        if name.lower() in names:
            raise AppRefused(f"two functions have the name {name}")
        names.add(name.lower())
        match trigger:
            case OrchestrationTrigger():
                kind, called = "orchestrators", trigger.orchestration or name
            case ActivityTrigger():
                kind, called = "activities", trigger.activity or name
            case _:
                kind, called = "others", name
        found[kind][called.lower()] = Function(called, trigger, built.get_user_function())
    return Functions(**found)


@contextmanager
def loaded(folder: Path) -> Iterator[Functions]:
    """The functions of an app's folder, with its own modules while the block lasts."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        spec = importlib.util.spec_from_file_location("function_app", folder / "function_app.py")
        if spec is None or spec.loader is None:
            raise AppRefused(f"no function_app.py in {folder}")
        module = importlib.util.module_from_spec(spec)
        sys.modules["function_app"] = module
        spec.loader.exec_module(module)
        yield functions_of(module.app)
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]


def context_for(function: Function) -> dict[str, Any]:
    """What the worker adds for a function that has a parameter `context` besides its bindings'.

    https://learn.microsoft.com/azure/azure-functions/functions-reference-python
    """
    if function.parameter == "context" or "context" not in inspect.signature(function.code).parameters:
        return {}
    return {"context": InvocationContext(function.name)}


class _Traced:
    def __init__(self) -> None:
        self.trace_parent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
        self.trace_state = ""
        self.attributes: dict[str, str] = {}


class _Retried:
    retry_count, max_retry_count, exception = 0, 0, None


class InvocationContext:
    """What `azure.functions.Context` says of an invocation."""

    def __init__(self, name: str) -> None:
        self.invocation_id, self.function_name, self.function_directory = str(uuid.uuid4()), name, ""
        self.trace_context, self.retry_context = _Traced(), _Retried()
        self.thread_local_storage = threading.local()


def run_activity(function: Function, payload: str) -> str:
    """Calls an activity as the worker does: JSON text in, JSON text out.

    https://github.com/Azure/azure-functions-python-library/blob/dev/azure/functions/durable_functions.py
    """
    converter = converters.ActivityTriggerConverter
    value = converter.decode(Datum(type="string", value=payload), trigger_metadata=None)
    result = function.code(**{function.parameter: value}, **context_for(function))
    if inspect.iscoroutine(result):
        result = asyncio.run(result)
    return str(converter.encode(result, expected_type=None).value)
