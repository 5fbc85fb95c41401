"""Workflows and their executions: deployed from source, started, listed and cancelled over REST; callbacks.

The workflows run in the engine of the tests. Not here: quotas, backlogs, call logs, pages of step entries.
https://cloud.google.com/workflows/docs/reference/executions/rest/v1/projects.locations.workflows.executions
"""

from __future__ import annotations

import json
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from engines.gcp_account.front import Answer, ApiError, Front, Json, Request, route
from engines.gcp_account.permissions import Permissions

LONGEST_ARGUMENT = 32 * 1024
"""Bytes. https://cloud.google.com/workflows/docs/reference/executions/rest/v1/projects.locations.workflows.executions"""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow as it is deployed."""

    name: str
    source: str
    environment: Mapping[str, str]
    account: str


class Running(Protocol):
    """A run of a workflow in an engine. `state` is that of the API; `error` its payload; times since 1970."""

    @property
    def state(self) -> str: ...
    @property
    def result(self) -> Json: ...
    @property
    def error(self) -> str: ...
    @property
    def entries(self) -> Sequence[Mapping[str, Json]]: ...

    def cancel(self) -> None: ...
    def called(self, callback: str, method: str, headers: Mapping[str, str], body: bytes, query: str) -> int:
        """A request arrived at a callback endpoint: the HTTP code of the answer."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run needs of the cloud: its id, its variables, where its callbacks are, tokens for what it calls."""

    id: str
    name: str
    environment: Mapping[str, str]
    callback: Callable[[str], str]
    account: str


class Engine(Protocol):
    """What runs workflows."""

    def check(self, source: str) -> None:
        """Raises ValueError where Workflows would refuse the source."""

    def start(self, source: str, argument: Json, surroundings: Surroundings) -> Running: ...


@dataclass
class Execution:
    name: str
    workflow: str
    revision: str
    argument: str
    labels: Mapping[str, str]
    running: Running | None = None
    started: float = field(default_factory=lambda: datetime.now(UTC).timestamp())
    ended: float | None = None

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]


class Executions:
    """The workflows of the project by name, and everything that ran."""

    def __init__(self, front: Front, permissions: Permissions, engine: Engine, project: str, region: str) -> None:
        self._front, self._permissions, self._engine = front, permissions, engine
        self._place = f"projects/{project}/locations/{region}"
        self.workflows: dict[str, Workflow] = {}
        self._revisions: dict[str, str] = {}
        self.executions: dict[str, Execution] = {}
        self.ended: Callable[[Execution], None] = lambda execution: None
        self._lock = threading.RLock()
        one = "/v1/projects/{project}/locations/{location}/workflows/{workflow}"
        run = one + "/executions/{execution}"
        front.add(
            route("GET", one, self._workflow),
            route("POST", one + "/executions", self._create),
            route("GET", one + "/executions", self._list),
            route("GET", run, lambda request: self._json(self._of(request, "get"), full=True)),
            route("POST", run + ":cancel", self._cancel),
            route("GET", run + "/stepEntries", self._entries),
            route("POST", run + "/callbacks/{callback}", self._called),
            route("GET", run + "/callbacks/{callback}", self._called),
        )

    # --- workflows ---

    def deploy(self, workflow: Workflow) -> str:
        """Puts a workflow in place: its new revision. Raises ApiError (400) where its source is refused."""
        try:
            self._engine.check(workflow.source)
        except ValueError as problem:
            raise ApiError(400, f"main.yaml: {problem}") from None
        with self._lock:
            self.workflows[workflow.name] = workflow
            number = int(self._revisions.get(workflow.name, "000000").partition("-")[0]) + 1
            self._revisions[workflow.name] = f"{number:06}-{secrets.token_hex(2)[:3]}"
            return self._revisions[workflow.name]

    def remove(self, name: str) -> None:
        """Deletes a workflow with its executions."""
        with self._lock:
            self.workflows.pop(name, None)
            for execution in [one for one in self.executions.values() if one.workflow == name]:
                if execution.running is not None and execution.running.state == "ACTIVE":
                    execution.running.cancel()
                del self.executions[execution.name]

    def _workflow(self, request: Request) -> Json:
        found = self._deployed(request)
        name = f"{self._place}/workflows/{found.name}"
        return {
            "name": name,
            "state": "ACTIVE",
            "revisionId": self._revisions[found.name],
            "sourceContents": found.source,
        }

    def _deployed(self, request: Request) -> Workflow:
        found = self.workflows.get(request.names["workflow"])
        if found is None:
            raise ApiError(404, f"Workflow {self._place}/workflows/{request.names['workflow']} was not found")
        return found

    # --- executions ---

    def _create(self, request: Request) -> Json:
        workflow = self._deployed(request)
        self._may(request, "executions.create", workflow.name)
        asked = request.json()
        argument = asked.get("argument", "null")
        if len(argument.encode()) > LONGEST_ARGUMENT:
            raise ApiError(400, f"argument is longer than {LONGEST_ARGUMENT} bytes")
        for key, value in asked.get("labels", {}).items():
            if re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) is None or re.fullmatch(r"[a-z0-9_-]{0,63}", value) is None:
                raise ApiError(400, f"invalid label {key}={value}")
        return self._json(self.start(workflow, json.loads(argument), argument, asked.get("labels", {})), full=False)

    def start(self, workflow: Workflow, value: Json, argument: str, labels: Mapping[str, str]) -> Execution:
        name = f"{self._place}/workflows/{workflow.name}/executions/{uuid.uuid4()}"
        execution = Execution(name, workflow.name, self._revisions[workflow.name], argument, labels)
        apis = self._front.address("apis")
        surroundings = Surroundings(
            id=execution.id,
            name=name,
            environment=workflow.environment,
            callback=lambda id_: f"{apis}/v1/{name}/callbacks/{id_}",
            account=workflow.account.rpartition("/")[2],
        )
        with self._lock:
            self.executions[name] = execution
            execution.running = self._engine.start(workflow.source, value, surroundings)
        return execution

    def _of(self, request: Request, verb: str) -> Execution:
        workflow = self._deployed(request)
        self._may(request, f"executions.{verb}", workflow.name)
        name = f"{self._place}/workflows/{workflow.name}/executions/{request.names['execution']}"
        found = self.executions.get(name)
        if found is None:
            raise ApiError(404, f"Execution {name} was not found")
        return found

    def _may(self, request: Request, permission: str, workflow: str) -> None:
        self._permissions.require(
            request.caller.email, f"workflows.{permission}", f"{self._place}/workflows/{workflow}"
        )

    def _json(self, execution: Execution, *, full: bool) -> dict[str, Json]:
        running = execution.running
        assert running is not None
        state = running.state
        told: dict[str, Json] = {
            "name": execution.name, "state": state, "startTime": moment(execution.started),
            "workflowRevisionId": execution.revision, "labels": dict(execution.labels),
        }  # fmt: skip
        if state != "ACTIVE":
            with self._lock:
                execution.ended = execution.ended or getattr(running, "ended", None) or datetime.now(UTC).timestamp()
            told["endTime"] = moment(execution.ended)
        if full:
            told["argument"] = execution.argument
            if state == "SUCCEEDED":
                told["result"] = json.dumps(running.result, ensure_ascii=False)
            elif state in ("FAILED", "CANCELLED"):
                told["error"] = {"payload": running.error, "context": ""}
        return told

    def _list(self, request: Request) -> Json:
        workflow = self._deployed(request)
        self._may(request, "executions.list", workflow.name)
        with self._lock:
            found = [one for one in self.executions.values() if one.workflow == workflow.name][::-1]
        full = request.query.get("view") == "FULL"
        rows = [self._json(one, full=full) for one in found if _fits(request.query.get("filter", ""), one)]
        start = int(request.query.get("pageToken") or 0)
        end = start + int(request.query.get("pageSize") or 1000)
        return {"executions": rows[start:end], **({"nextPageToken": str(end)} if len(rows) > end else {})}

    def _cancel(self, request: Request) -> Json:
        found = self._of(request, "cancel")
        assert found.running is not None
        if found.running.state != "ACTIVE":
            raise ApiError(400, f"the execution is {found.running.state}", "FAILED_PRECONDITION")
        found.running.cancel()
        return self._json(found, full=True)

    def _entries(self, request: Request) -> Json:
        found = self._of(request, "get")
        assert found.running is not None
        return {"stepEntries": [*found.running.entries], "totalSize": len(found.running.entries)}

    def _called(self, request: Request) -> Answer:
        name = f"{self._place}/workflows/{request.names['workflow']}/executions/{request.names['execution']}"
        self._may(request, "callbacks.send", request.names["workflow"])
        found = self.executions.get(name)
        if found is None or found.running is None:
            raise ApiError(404, "the callback endpoint was not found")
        query = request.target.partition("?")[2]
        callback = request.names["callback"]
        code = found.running.called(callback, request.method, request.headers, request.body, query)
        if code != 200:
            raise ApiError(code, f"the callback endpoint answers {code}")
        return Answer.of_json({})


def _fits(text: str, execution: Execution) -> bool:
    """Whether an execution is one that the filter means: `state="ACTIVE"` or `labels.key="value"`, joined with AND."""
    for part in filter(None, re.split(r"\s+AND\s+", text)):
        found = re.fullmatch(r'(state|labels\.([\w-]+))\s*=\s*"?([^"]*)"?', part.strip())
        if found is None:
            raise ApiError(400, f"the tests do not know the filter {part}")
        assert execution.running is not None
        value = execution.running.state if found[1] == "state" else execution.labels.get(found[2])
        if value != found[3]:
            return False
    return True


def moment(seconds: float | None) -> str:
    """A time in seconds since 1970, as Google's APIs write it."""
    return datetime.fromtimestamp(seconds or 0, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
