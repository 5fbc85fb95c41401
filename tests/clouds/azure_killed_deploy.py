"""Deploys or destroys the small app, and is killed at a scripted moment: `python -m clouds.azure_killed_deploy SCRIPT`.

The script is JSON: `{"do": "deploy" | "destroy", "price": "2", "memory": 4096, "method": "PUT", "path": "/operations",
"when": "before" | "after", "count": 1}`: SIGKILL before or after the count-th request of that method whose address
contains the path.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import requests
from clouds.azure_deploys import deploy, destroy
from clouds.azure_small_app import small_bundle


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
    if script["do"] == "deploy":
        deploy(
            small_bundle(price=script.get("price", "1"), memory=script.get("memory"), keep=script.get("keep", False))
        )
    else:
        destroy(delete_data=False)
    print("was not killed")


if __name__ == "__main__":
    main()
