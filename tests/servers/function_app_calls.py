"""Runs functions of a function app's folder, as the Python worker would: `python -P function_app_calls.py FOLDER`.

Reads lines of JSON: {"function": name, "given": {parameter: value}}, and answers each with a line: what the function
returned or raised, and what it logged. A parameter `context` is given as the worker has it; one that is called
`request` is a request with that body.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from types import SimpleNamespace
from typing import Any

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Records(logging.Handler):
    """Keeps what is logged, with the invocation that the thread belongs to."""

    def __init__(self, local: threading.local) -> None:
        super().__init__()
        self.local = local
        self.lines: list[list[Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append([record.levelname, record.getMessage(), getattr(self.local, "invocation_id", None)])


def main(folder: str) -> None:
    """Answers until there are no more lines."""
    sys.path.insert(0, folder)
    from function_app import app  # type: ignore[import-not-found]

    functions = {one.get_function_name(): one for one in app.get_functions()}
    local = threading.local()
    records = Records(local)
    logging.getLogger().addHandler(records)
    logging.getLogger().setLevel(logging.INFO)
    for number, line in enumerate(sys.stdin):
        asked = json.loads(line)
        records.lines.clear()
        local.invocation_id = f"i{number}"
        given = {"context": _context(f"i{number}", local), **asked["given"]}
        if "request" in given:
            given["request"] = SimpleNamespace(get_body=given["request"].encode)
        try:
            result = functions[asked["function"]].get_user_function()(**given)
        except Exception as error:
            _say({"raised": f"{type(error).__name__}: {error}", "log": records.lines})
            continue
        status = getattr(result, "status_code", None)
        text = result if status is None else result.get_body().decode()
        _say({"result": text, "status": status, "log": records.lines})


def _say(answer: dict[str, Any]) -> None:
    assert sys.__stdout__ is not None
    sys.__stdout__.write(json.dumps(answer) + "\n")
    sys.__stdout__.flush()


def _context(invocation: str, local: threading.local) -> Any:
    trace = SimpleNamespace(trace_parent=TRACE, trace_state="")
    return SimpleNamespace(invocation_id=invocation, thread_local_storage=local, trace_context=trace)


if __name__ == "__main__":
    main(sys.argv[1])
