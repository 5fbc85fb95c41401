"""A strict interpreter of Google Cloud Workflows, for tests; decision 0022.

    engine = Engine()                                    # time_scale=0.01: its seconds last a hundredth
    engine.deploy("order", yaml_text, {"SKYLOOM_X": "..."})    # WorkflowRefused, Undocumented
    execution = engine.start("order", {"id": 1})         # JSON data; `start_json` takes the text
    execution.wait(10)                                   # Undocumented when it depends on what no page says
    execution.state, execution.result, execution.error   # "SUCCEEDED", value, None | "FAILED", None, JSON text
    execution.cancel(); execution.history.entries; execution.history.billed(); execution.logs
    execution.callbacks.known                            # endpoints; execution.deliver(id, "POST", headers, body)
    engine.route("https://x.run.app", "http://127.0.0.1:8123")   # or a handler: Request -> Answer
    engine.close()                                       # Undocumented when any execution did

Requests are real HTTP, to 127.0.0.1 or through a route, and their time limits are in real seconds; all other times are
on the engine's clock. Connectors run in the engine (`engine.published`, `engine.secrets`) unless there is a route for
their address. Callback addresses are served by the engine itself unless `callback_url` says otherwise. Branches start
in an order drawn from `seed`, since Google promises none.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from engines.gcp.checking import check_environment, checked
from engines.gcp.errors import Undocumented, Value, WorkflowError
from engines.gcp.execution import Clock, Execution
from engines.gcp.limits import ARGUMENT_BYTES
from engines.gcp.model import Source
from engines.gcp.requests import Handler, Network

PROJECT, LOCATION = "skyloom-tests", "europe-west1"


@dataclass(frozen=True)
class Deployed:
    """A deployed workflow: what it runs, its own environment variables, its revision."""

    source: Source
    environment: Mapping[str, str]
    revision: str


def fake_token(kind: str, audience: str) -> str:
    """A token that says what it is for."""
    return f"{kind}:{audience}"


class Engine:
    """The service Workflows, in a process."""

    def __init__(
        self,
        *,
        time_scale: float = 1.0,
        seed: int | None = 0,
        project: str = PROJECT,
        location: str = LOCATION,
        callback_url: Callable[[str, str], str] | None = None,
        token: Callable[[str, str], str] = fake_token,
    ) -> None:
        self.clock = Clock(time_scale)
        self.seed = seed
        self.project, self.location = project, location
        self.network = Network(token)
        self.secrets: dict[str, str] = {}
        self.published: list[dict[str, Value]] = []
        self.workflows: dict[str, Deployed] = {}
        self.executions: dict[str, Execution] = {}
        self.callback_url = callback_url or self.own_callback_url
        self.server: ThreadingHTTPServer | None = None
        self.lock = threading.Lock()

    def deploy(self, name: str, source: str, environment: Mapping[str, str] | None = None) -> None:
        """Deploys a workflow, or a new revision of it.

        Raises:
            WorkflowRefused: Google would refuse it.
            Undocumented: It depends on what no page says.
        """
        check_environment(environment or {})
        self.workflows[name] = Deployed(checked(source), dict(environment or {}), f"{uuid.uuid4().hex[:6]}-001")

    def start(self, name: str, argument: Value = None) -> Execution:
        """Starts an execution with JSON data as its argument."""
        return self.begin(name, json.dumps(argument))

    def start_json(self, workflow: str, argument: str) -> Value:
        """Starts an execution, for a connector; its resource."""
        return self.resource(workflow, self.begin(workflow, argument).id)

    def begin(self, name: str, argument: str, number: str | None = None) -> Execution:
        """Starts an execution with a JSON text as its argument; `number` is its id, by default a new one.

        Raises:
            WorkflowError: There is no such workflow, or the argument is too long.
        """
        if name not in self.workflows:
            raise WorkflowError({"tags": ["HttpError"], "message": f"no workflow {name}", "code": 404})
        if len(argument.encode()) > ARGUMENT_BYTES:
            message = f"an argument of {len(argument.encode())} bytes, {ARGUMENT_BYTES} are allowed"
            raise WorkflowError({"tags": ["HttpError"], "message": message, "code": 400})
        deployed = self.workflows[name]
        number = number or str(uuid.uuid4())
        built_in = {
            "GOOGLE_CLOUD_PROJECT_ID": self.project,
            "GOOGLE_CLOUD_PROJECT_NUMBER": "123456789012",
            "GOOGLE_CLOUD_LOCATION": self.location,
            "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": f"{name}@{self.project}.iam.gserviceaccount.com",
            "GOOGLE_CLOUD_WORKFLOW_ID": name,
            "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": deployed.revision,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": number,
        }
        environment = {**deployed.environment, **built_in}
        execution = Execution(
            number, name, deployed.source, argument, environment, self, self.clock, self.callback_url, self.seed
        )
        self.executions[number] = execution
        execution.thread.start()
        return execution

    def cancel(self, workflow: str, execution: str) -> Value:
        """Cancels an execution, for a connector."""
        self.find(execution).cancel()
        return self.resource(workflow, execution)

    def find(self, execution: str) -> Execution:
        """An execution by its id.

        Raises:
            WorkflowError: There is none.
        """
        if execution not in self.executions:
            raise WorkflowError({"tags": ["HttpError"], "message": f"no execution {execution}", "code": 404})
        return self.executions[execution]

    def resource(self, workflow: str, execution: str) -> Value:
        """The resource of an execution, as the Executions API gives it."""
        found = self.find(execution)
        place = f"projects/{self.project}/locations/{self.location}/workflows/{workflow}"
        resource: Value = {"name": f"{place}/executions/{execution}", "state": found.state, "argument": found.argument}
        if found.state == "SUCCEEDED":
            resource["result"] = json.dumps(found.result)
        if found.error is not None:
            resource["error"] = {"payload": found.error}
        return resource

    def route(self, start: str, to: str | Handler) -> None:
        """Sends requests whose address begins so to a local address, or to a function."""
        self.network.routes[start] = to

    def own_callback_url(self, execution: str, number: str) -> str:
        """The address of a callback on the engine's own server."""
        with self.lock:
            if self.server is None:
                self.server = ThreadingHTTPServer(("127.0.0.1", 0), callback_handler(self))
                threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1/executions/{execution}/callbacks/{number}"

    def close(self) -> None:
        """Cancels what runs.

        Raises:
            Undocumented: Some execution depended on what is not documented.
        """
        for execution in list(self.executions.values()):
            execution.cancel()
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
        for execution in self.executions.values():
            if execution.problem is not None:
                raise Undocumented(f"{execution.workflow}: {execution.problem}") from execution.problem


def callback_handler(engine: Engine) -> type[BaseHTTPRequestHandler]:
    """The server of callbacks."""

    class Receiver(BaseHTTPRequestHandler):
        def receive(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            *_, execution, _, number = parts.path.split("/")
            found = engine.executions.get(execution)
            authorized = self.headers.get("Authorization", "").startswith("Bearer ")
            status = 401 if not authorized else 404
            if authorized and found is not None:
                status = found.deliver(number, self.command, dict(self.headers), body, parts.query)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = receive

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing."""

    return Receiver
