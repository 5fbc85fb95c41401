"""The entry point of every service function: which service it is stands in `SKYLOOM_SERVICE`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

from skyloom.deployers.gcp.services.requests import Answer

SERVICES = ("api", "decide", "events", "start", "waits", "webhook")
"""Each is a module beside this one with a function `handler`."""


def _service(name: str) -> Callable[[Any], Answer]:
    if name not in SERVICES:
        raise LookupError(f"{name} is no service")
    handler: Callable[[Any], Answer] = importlib.import_module(f"skyloom.deployers.gcp.services.{name}").handler
    return handler


# It is loaded as the function starts and not with its first request.
_handler = _service(os.environ["SKYLOOM_SERVICE"])


def handler(request: Any) -> Answer:
    """Answers a request."""
    return _handler(request)
