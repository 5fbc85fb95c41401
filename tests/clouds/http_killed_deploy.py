"""Deploys or destroys the small app, and is killed at a request: where a cloud's SDK sends them with `requests`.

`python -m clouds.http_killed_deploy SCRIPT`; the script is JSON: `{"cloud": "azure" | "gcp", "do": "deploy" |
"destroy", "bundle": {"price": "2"}, "method": "POST", "path": "/deployments", "when": "before" | "after", "count": 1}`:
SIGKILL before or after the count-th request of that method whose address contains the path.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

TESTS = Path(__file__).parents[1]

Moment = tuple[str, str, str, int]
"""Method and part of the address of a request, before or after it, and which of them."""


def killed(cloud: str, do: str, moment: Moment, **bundle: Any) -> None:
    """Runs the command in a process of its own that is killed at the moment."""
    method, path, when, count = moment
    told = {"cloud": cloud, "do": do, "bundle": bundle, "method": method, "path": path, "when": when, "count": count}
    done = subprocess.run(
        [sys.executable, "-m", "clouds.http_killed_deploy", json.dumps(told)],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def main() -> None:
    """Runs until it is killed; says so where it was not."""
    script = json.loads(sys.argv[1])
    left = script["count"]
    send = requests.Session.send

    def sent(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        nonlocal left
        meant = request.method == script["method"] and script["path"] in str(request.url)
        left -= meant
        if meant and left == 0 and script["when"] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = send(session, request, **options)
        if meant and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    requests.Session.send = sent  # type: ignore[method-assign, assignment]
    _run(script["cloud"], script["do"], script["bundle"])
    print("was not killed")


def _run(cloud: str, do: str, bundle: dict[str, Any]) -> None:
    # What a process does not need takes it seconds to load.
    deploys = importlib.import_module(f"clouds.{cloud}_deploys")
    if do == "deploy":
        deploys.deploy(importlib.import_module(f"clouds.{cloud}_small_app").small_bundle(**bundle))
    else:
        deploys.destroy(delete_data=False)


if __name__ == "__main__":
    main()
