"""A function app in a process of its own, with nothing of Skyloom in reach but what it carries: its functions are
called as the Python worker calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_CALLS = Path(__file__).with_name("function_app_calls.py")


class FunctionRaised(Exception):
    """The function raised: the class and the message."""


class FunctionApp:
    """Use it as a context manager. `log` is what the last call logged: level, line, invocation."""

    def __init__(self, folder: Path, variables: Mapping[str, str] | None = None) -> None:
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.log: list[tuple[str, str, str | None]] = []
        self._process = subprocess.Popen(
            # An editable install of Skyloom is found by a finder in `sys.meta_path`, behind the folders of `sys.path`.
            [sys.executable, "-P", str(_CALLS), str(folder)],
            cwd=folder,
            env={**inherited, **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, function: str, **given: str) -> Any:
        """What a function returns; of a response, its text. Raises FunctionRaised."""
        return self.answer(function, **given)["result"]

    def answer(self, function: str, **given: str) -> dict[str, Any]:
        """What a function returns, with the status where it is a response. Raises FunctionRaised."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"function": function, "given": given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the app has ended"
        answer: dict[str, Any] = json.loads(line)
        self.log = [(level, text, invocation) for level, text, invocation in answer["log"]]
        if "raised" in answer:
            raise FunctionRaised(answer["raised"])
        return answer

    def task(self, name: str, arguments: dict[str, Any], **more: Any) -> Any:
        """The outcome of a task."""
        return self.invoke(name, {"task": name, "arguments": arguments, **more})

    def invoke(self, function: str, event: dict[str, Any]) -> Any:
        """The outcome of whatever the event asks for."""
        context = {"run": "run-1", "flow": "main", "step": "step", "attempt": 1}
        return json.loads(self.call(function, call=json.dumps({"context": context, **event})))

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that Skyloom's host left in the last call."""
        return [json.loads(text) for _, text, _ in self.log if text.startswith("{")]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
