"""Deploys or destroys the small app in a process of its own that is killed at a scripted moment.

The script: `{"do": "deploy" | "destroy", "bundle": {"price": "2"}, "service": "s3", "operation": "PutObject",
"when": "before" | "after", "count": 1}`: SIGKILL before or after that call is made for the count-th time.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import boto3
from clouds.aws_deploys import deploy, destroy
from clouds.aws_small_app import small_bundle

_PATH = tuple(sys.path)
"""Where modules are looked for before any test has loaded a user's project, or the package of a function."""


Moment = tuple[str, str, str, int]
"""Service and operation, before or after the call, and which of them."""


def killed(do: str, moment: Moment, **bundle: Any) -> None:
    """Runs the command in a process of its own that is killed at the moment."""
    service, operation, when, count = moment
    told = {"do": do, "bundle": bundle, "service": service, "operation": operation, "when": when, "count": count}
    assert _exit_code(told) == -signal.SIGKILL


def _exit_code(script: Mapping[str, Any]) -> int | None:
    """Runs the script in a process of its own, and says how that ended: `-signal.SIGKILL` where it was killed."""
    # Forked from one that has imported everything: half of the time of a deploy otherwise.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_run, args=(dict(script), dict(os.environ)))
    with patch.object(sys, "path", list(_PATH)):
        process.start()
    process.join()
    return process.exitcode


def _run(script: dict[str, Any], environment: dict[str, str]) -> None:
    """Runs until it is killed."""
    os.environ.clear()
    os.environ.update(environment)
    left = script["count"]
    made = boto3.Session.client

    def kill(**event: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def client(session: Any, service: str, *arguments: Any, **options: Any) -> Any:
        found = made(session, service, *arguments, **options)  # type: ignore[call-overload]
        if service == script["service"]:
            found.meta.events.register(f"{script['when']}-call.*.{script['operation']}", kill)
        return found

    boto3.Session.client = client  # type: ignore[method-assign, assignment]
    if script["do"] == "deploy":
        deploy(small_bundle(**script["bundle"]))
    else:
        destroy(delete_data=True)
