"""A functions host as a process: `python -m engines.azure_app FOLDER --keys FILE [--port N] [--state FILE]`.

It loads the app of a folder, with the settings of its environment, and prints its address as the first line:
`{"address", "functions"}`; an app that cannot be indexed ends it with `{"problem"}`.

Besides the app's own routes, `/tests/queues/<queue>` takes messages, and `/tests/timers/<name>` fires a timer. Timers
also fire when it is time.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from engines.azure.functions import loaded
from engines.azure.indexing import AppRefused, check
from engines.azure_app.hosting import FunctionsHost, Keys
from engines.azure_app.running import RunningHub
from engines.azure_app.timers import Ncrontab
from engines.azure_app.web import Request, Response, Server


def main() -> None:
    """Runs the host until the process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="keeps orchestrations between hosts that run one after the other")
    asked = parser.parse_args()
    # What the app logs, the platform keeps.
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        indexed = check(asked.folder)
    except AppRefused as problem:
        print(json.dumps({"problem": str(problem)}), flush=True)
        sys.exit(1)
    keys = Keys(**json.loads(asked.keys.read_text()))
    hosts: list[FunctionsHost] = []
    stopped = threading.Event()
    outside = Server(lambda request: _outside(hosts[0], request) if hosts else Response(503), asked.port)
    worker = Server(lambda request: hosts[0].respond_worker(request) if hosts else Response(503))
    os.environ.setdefault("WEBSITE_HOSTNAME", outside.address.removeprefix("http://"))
    with loaded(asked.folder) as functions:
        running = RunningHub(functions, _version(asked.folder), asked.state)
        host = FunctionsHost(functions, keys, running, outside.address, f"{worker.address}/")
        hosts.append(host)
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        threading.Thread(target=_clock, args=(host,), daemon=True).start()
        print(json.dumps({"address": outside.address, "functions": [one.name for one in indexed]}), flush=True)
        stopped.wait()
        running.close()
        # Threads of the app may still be at work; the platform ends its workers as well.
        os._exit(0)


def _version(folder: Path) -> str:
    """The version that new runs get."""
    document = json.loads((folder / "host.json").read_text(encoding="utf-8"))
    return str(document.get("extensions", {}).get("durableTask", {}).get("defaultVersion", ""))


def _outside(host: FunctionsHost, request: Request) -> Response:
    kind, _, name = request.path.removeprefix("/tests/").partition("/")
    if not request.path.startswith("/tests/"):
        return host.respond(request)
    if kind == "queues":
        return host.take(request, name)
    return host.fire(name, request.query.get("late") == "true") if name else Response.of_json(host.timers())


def _clock(host: FunctionsHost) -> None:
    """Fires the timers, each in its second."""
    timers = [(name, Ncrontab.parse(text)) for name, text in host.timers()]
    last = int(time.time())
    while True:
        now = int(time.time())
        for second in range(last + 1, now + 1):
            for name, timer in timers:
                if timer.fires(datetime.fromtimestamp(second, UTC)):
                    threading.Thread(target=host.fire, args=(name, False), daemon=True).start()
        last = now
        time.sleep(0.1)


main()
