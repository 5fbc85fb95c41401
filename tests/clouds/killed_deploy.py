"""Deploys or destroys the small app, and is killed at a scripted moment: `python -m clouds.killed_deploy SCRIPT`.

The script is JSON: `{"do": "deploy" | "destroy", "price": "2", "service": "s3", "operation": "PutObject",
"when": "before" | "after", "count": 1}`: SIGKILL before or after that call is made for the count-th time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import boto3
from clouds.aws_deploys import deploy, destroy
from clouds.small_app import small_bundle


def main() -> None:
    """Runs until it is killed; says so where it was not."""
    script = json.loads(sys.argv[1])
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
        deploy(small_bundle(price=script.get("price", "1")))
    else:
        destroy(delete_data=True)
    print("was not killed")


if __name__ == "__main__":
    main()
