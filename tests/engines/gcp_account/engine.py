"""Runs the workflows of the local Google Cloud in the tests' interpreter of Workflows (`engines.gcp`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from engines.gcp.checking import checked
from engines.gcp.engine import Engine as Interpreter
from engines.gcp.errors import Undocumented, WorkflowRefused
from engines.gcp.execution import Execution
from engines.gcp_account.executions import Surroundings, moment
from engines.gcp_account.front import Caller, Json
from engines.gcp_account.names import PROJECT, REGION

_CONNECTED = ("workflowexecutions", "pubsub", "secretmanager", "storage", "cloudkms")


class LocalEngine:
    """The interpreter behind the local cloud: every execution has one of its own, for it has an account of its own.

    `apis` is the address that stands for Google's APIs.

    Args:
        time_scale: how long a second of `sys.sleep` and of timeouts lasts.
    """

    def __init__(self, time_scale: float = 1.0) -> None:
        self.apis = ""
        self.models = ""
        """The address that stands for Vertex AI."""
        self._time_scale = time_scale

    def check(self, source: str) -> None:
        """Raises ValueError where Workflows would refuse the source."""
        try:
            checked(source)
        except (WorkflowRefused, Undocumented) as problem:
            raise ValueError(str(problem)) from None

    def start(self, source: str, argument: Json, surroundings: Surroundings) -> Run:
        """Starts a run, under the id that it is given."""
        interpreter = Interpreter(
            time_scale=self._time_scale,
            project=PROJECT,
            location=REGION,
            callback_url=lambda execution, number: surroundings.callback(number),
            token=lambda kind, audience: Caller(surroundings.account, audience if kind == "OIDC" else "").token,
        )
        for service in _CONNECTED:
            interpreter.route(f"https://{service}.googleapis.com", self.apis)
        if self.models:
            interpreter.route("https://aiplatform.googleapis.com", self.models)
            interpreter.route(f"https://{REGION}-aiplatform.googleapis.com", self.models)
        name = surroundings.name.split("/")[-3]
        interpreter.deploy(name, source, surroundings.environment)
        return Run(interpreter.begin(name, json.dumps(argument), surroundings.id))


class Run:
    """An execution of the interpreter, as the Executions API tells of it."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution

    @property
    def state(self) -> str:
        return self._execution.state

    @property
    def result(self) -> Json:
        return self._execution.result

    @property
    def error(self) -> str:
        return self._execution.error or ""

    @property
    def ended(self) -> float | None:
        return self._execution.ended

    @property
    def entries(self) -> Sequence[Mapping[str, Json]]:
        return [
            {
                "name": f"stepEntries/{entry.number}",
                "entryId": str(entry.number),
                "routine": entry.routine,
                "step": entry.step,
                "stepType": entry.type,
                "state": entry.state,
                "createTime": moment(entry.started),
                "updateTime": moment(entry.ended or entry.started),
                **({"exception": {"payload": entry.exception}} if entry.exception else {}),
                "stepEntryMetadata": {"threadId": "0"},
                **({"navigationInfo": {"parent": str(entry.parent)}} if entry.parent else {}),
            }
            for entry in [*self._execution.history.entries]
        ]

    def cancel(self) -> None:
        self._execution.cancel()

    def called(self, callback: str, method: str, headers: Mapping[str, str], body: bytes, query: str) -> int:
        """A request arrived at a callback endpoint: the HTTP code of the answer."""
        return self._execution.deliver(callback, method, headers, body, query)
