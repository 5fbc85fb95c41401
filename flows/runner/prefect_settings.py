"""Loads Prefect and gives it the settings of a Skyloom run, whatever the user's own Prefect profile says."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from skyloom.flows.runner.server_process import folder

if TYPE_CHECKING:
    from prefect.settings import Settings

_QUIET = ("prefect", "prefect._internal", "EventsWorker", "APILogWorker")
"""Loggers that write to the console. What matters of a run is told by Skyloom and on Prefect's pages; the rest is that
events did not reach the server, and the run itself needs none of them."""


@contextmanager
def run_settings(api_url: str) -> Iterator[None]:
    """Prefect's settings for one run, in this asyncio task (or thread) and those it starts."""
    load_prefect()
    from prefect.context import SettingsContext
    from prefect.settings import Profile

    settings = _settings(api_url, external="PREFECT_API_URL" in os.environ)
    with SettingsContext(profile=Profile(name="skyloom", settings={}), settings=settings):
        yield


@cache
def _settings(api_url: str, *, external: bool) -> Settings:
    from prefect.settings import Settings

    with _without_profile():
        base = Settings()
    return base.copy_with_update(updates=_updates(api_url, external=external))


def load_prefect() -> ModuleType:
    """Imports Prefect (two to four seconds) without a word on the console.

    Prefect's import puts a handler on Python's root logger, which is the user's; it is taken away again. With
    `SKYLOOM_DEBUG` set, Prefect may speak.
    """
    os.environ.setdefault("DO_NOT_TRACK", "1")
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with _without_profile(), _without_collections():
        import prefect
        import prefect.main
    logging.getLogger("prefect.task_runs").addFilter(_tells_something)
    if "SKYLOOM_DEBUG" in os.environ:
        return prefect
    for handler in list(root.handlers):
        if handler not in handlers and _is_prefects(handler):
            root.removeHandler(handler)
            root.setLevel(level)
    for name in _QUIET:
        logger = logging.getLogger(name)
        logger.propagate = False
        # Without any handler Python itself writes warnings to the console.
        kept = [handler for handler in logger.handlers if not _is_prefects(handler)]
        logger.handlers[:] = kept or [logging.NullHandler()]
    return prefect


def _is_prefects(handler: logging.Handler) -> bool:
    return type(handler).__module__.startswith("prefect.")


def _tells_something(record: logging.LogRecord) -> bool:
    """Keeps a line a task run out of the log that only repeats its state, and of the server's work."""
    return record.levelno > logging.INFO or not str(record.msg).startswith(("Finished in state", "Task run failed"))


def _updates(api_url: str, *, external: bool) -> dict[Any, Any]:
    import prefect.settings as names

    updates: dict[Any, Any] = {
        names.PREFECT_API_URL: api_url,
        # A heartbeat a flow run costs a thread and most of a second; a dead run is found by its lock file.
        names.PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
        # The run's own journal is what it resumes from: docs/decisions tells why.
        names.PREFECT_RESULTS_PERSIST_BY_DEFAULT: False,
        names.PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW: "ignore",
        names.PREFECT_LOGGING_LOG_PRINTS: False,
    }
    if not external:
        updates |= {names.PREFECT_API_KEY: None, names.PREFECT_API_AUTH_STRING: None}
    return updates


@contextmanager
def _without_collections() -> Iterator[None]:
    """Looks for no garbage among what an import makes, which all stays: that takes a third of the import's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _without_profile() -> Iterator[None]:
    """Hides the user's profiles; variables of the environment still count."""
    ours = {"PREFECT_HOME": str(folder()), "PREFECT_PROFILES_PATH": str(folder() / "profiles.toml")}
    before = {name: os.environ.get(name) for name in (*ours, "PREFECT_PROFILE")}
    os.environ.update(ours)
    os.environ.pop("PREFECT_PROFILE", None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
